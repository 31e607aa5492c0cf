#include "devices/selection.h"

#include "error/error.h"

#include <algorithm>
#include <future>

namespace kaisar {
namespace {

std::string name_of(const kernels::DeviceFacts& facts) { return "cuda:" + std::to_string(facts.index); }

void require_known(const std::string& name, const GpuCandidates& candidates) {
    if (!is_device_name(name))
        throw Error(ErrorKind::usage, "--devices: " + name + " is no device",
                    "cpu, cuda:N, a GPU's UUID, or all; kaisar bench --device all shows what is there");
    if (name == "cpu" || name == "all") return;
    for (const auto& gpu : candidates.gpus)
        if (name == name_of(gpu.facts) || name == gpu.facts.uuid) return;
    const auto reason = candidates.gpus.empty()
                            ? candidates.reason
                            : "there are " + std::to_string(candidates.gpus.size()) + " GPUs, from cuda:0 on";
    throw Error(ErrorKind::environment, "--devices: " + name + " is not there: " + reason,
                "kaisar bench --device all shows what is there; CUDA_VISIBLE_DEVICES may hide a GPU");
}

} // namespace

bool is_device_name(const std::string& name) {
    const auto is_number = [](std::string_view text) {
        return !text.empty() && text.size() <= 3 &&
               std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    };
    return name == "cpu" || name == "all" || name.starts_with("GPU-") || name.starts_with("MIG-") ||
           (name.starts_with("cuda:") && is_number(std::string_view(name).substr(5)));
}

DeviceSelection select_devices(const std::vector<std::string>& names, const GpuCandidates& candidates) {
    for (const auto& name : names) require_known(name, candidates);
    const auto is_named = [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); };
    const bool is_all = names.empty() || is_named("all");
    DeviceSelection selection{.has_processor = is_all || is_named("cpu"), .gpus = {}, .left_alone = {}};
    for (const auto& [facts, objection] : candidates.gpus) {
        if (!is_all && !is_named(name_of(facts)) && !is_named(facts.uuid)) continue;
        if (objection.empty())
            selection.gpus.push_back(facts);
        else
            selection.left_alone.push_back({name_of(facts), facts.uuid, objection});
    }
    std::ranges::sort(selection.gpus, {}, &kernels::DeviceFacts::index);
    return selection;
}

DeviceSelection select_devices(const std::vector<std::string>& names) {
    const bool is_processor_alone =
        !names.empty() && std::ranges::all_of(names, [](const auto& name) { return name == "cpu"; });
    return select_devices(names, is_processor_alone ? GpuCandidates{} : find_gpus());
}

OpenedGpus open_selected(const DeviceSelection& selection) {
    std::vector<std::future<std::unique_ptr<kernels::DeviceStream>>> opening;
    for (const auto& facts : selection.gpus) opening.push_back(std::async(std::launch::async, open_working_gpu, facts));
    OpenedGpus opened{.streams = {}, .left_alone = selection.left_alone};
    for (std::size_t i = 0; i < opening.size(); ++i) try {
            opened.streams.push_back(opening[i].get());
        } catch (const Error& error) {
            opened.left_alone.push_back({name_of(selection.gpus[i]), selection.gpus[i].uuid, error.message()});
        }
    if (!selection.has_processor && opened.streams.empty())
        throw Error(ErrorKind::environment,
                    opened.left_alone.empty()
                        ? "no device is left to prove with"
                        : opened.left_alone.front().device + " cannot prove now: " + opened.left_alone.front().reason,
                    "wait until it is free, or choose others with --devices");
    return opened;
}

} // namespace kaisar
