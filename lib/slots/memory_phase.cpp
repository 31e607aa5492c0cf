#include "slots/memory_phase.h"

#include "error/error.h"
#include "safeguards/spare_memory.h"
#include "slots/device_threads.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

/// What the worker's limit leaves beside the memory that computing has, and the machine can spare now.
std::uint64_t holdable_bytes(const ProvingWorker& worker, const popw::ComputeRun& run) {
    const auto computing = popw::ComputeProver::memory_bytes(worker.primitives, run.profile, worker.threads,
                                                             static_cast<std::uint32_t>(run.roots.size()));
    const auto limit = worker.held_memory_limit_bytes;
    const auto holdable = allowed_memory_bytes(limit > computing ? limit - computing : 0);
    if (holdable < popw::page_bytes(worker.params.host_pages))
        throw Error(
            ErrorKind::environment,
            fmt::format("of the {} bytes that are allowed, computing takes {}, and the machine can spare {} now", limit,
                        computing, allowed_memory_bytes(limit)),
            "free memory, or allow more with --max-memory");
    return holdable;
}

bool is_host(const popw::ProvingDevice& device) { return device.identity().kind == popw::DeviceKind::cpu; }

} // namespace

MemoryPhase::MemoryPhase(const ProvingWorker& worker, const SlotStart& start, const ComputePhase& compute,
                         popw::SteadyTime fill_deadline, std::vector<LeftOut>& left_out)
    : worker_(worker), start_(start), compute_mark_(compute.mark), left_out_(left_out) {
    std::vector<const ComputedDevice*> computed;
    for (const auto& each : compute.devices) {
        if (is_host(*each.device) && worker.held_memory_limit_bytes == 0) continue; // not claimed
        computed.push_back(&each);
        devices_.push_back(each.device);
    }
    each_does([&](popw::ProvingDevice& device) {
        fill(**std::ranges::find(computed, &device, &ComputedDevice::device), fill_deadline);
    });
}

MemoryPhase::~MemoryPhase() {
    for (auto* device : devices_) device->release_memory();
}

void MemoryPhase::fill(const ComputedDevice& computed, popw::SteadyTime fill_deadline) const {
    auto& device = *computed.device;
    const auto limit = is_host(device) ? holdable_bytes(worker_, computed.run) : 0;
    const auto pages =
        device.take_memory({.host_limit_bytes = limit, .fill_deadline = fill_deadline, .stop = worker_.stop});
    device.fill(popw::memory_seed(computed.run.device_seed, popw::mark_hash(compute_mark_),
                                  popw::memory_of(device.identity().kind), pages),
                worker_.stop);
    if (std::chrono::steady_clock::now() <= fill_deadline + worker_.params.hold_window) return;
    throw Error(ErrorKind::environment,
                fmt::format("{} bytes were not filled in time",
                            pages * popw::page_bytes(popw::page_shape(worker_.params, device.walked().kind))));
}

void MemoryPhase::each_does(const std::function<void(popw::ProvingDevice&)>& part) {
    const auto failures = run_each(devices_.size(), [&](std::size_t i) { part(*devices_[i]); });
    for (auto i = failures.size(); i-- > 0;)
        if (failures[i]) leave_out(*devices_[i], failures[i]->message());
}

void MemoryPhase::leave_out(const popw::ProvingDevice& device, std::string reason) {
    const auto position = std::ranges::find(devices_, &device);
    left_out_.push_back({device.identity().name, device.identity().uuid, std::move(reason)});
    (*position)->release_memory();
    devices_.erase(position);
}

bool MemoryPhase::has(const popw::ProvingDevice& device) const {
    return std::ranges::find(devices_, &device) != devices_.end();
}

std::uint64_t MemoryPhase::held_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto* device : devices_) {
        const auto& walked = device->walked();
        bytes += walked.pages * popw::page_bytes(popw::page_shape(worker_.params, walked.kind));
    }
    return bytes;
}

popw::Mark MemoryPhase::make_next_mark(popw::MarkPhase phase, const Bytes& previous) const {
    auto mark = make_mark(worker_, start_, phase);
    mark.previous_mark = popw::mark_hash(previous);
    mark.beacon_value = walk_value_;
    mark.committee_bitmap = committee_bitmap_;
    return mark;
}

Bytes MemoryPhase::begin(const MemberAnswers& walk_beacons) {
    beacons_ = in_committee_order(walk_beacons);
    committee_bitmap_ = bitmap_of(walk_beacons);
    walk_value_ = combine_beacons(worker_, start_, popw::BeaconPhase::walk, beacons_);
    each_does([&](popw::ProvingDevice& device) { device.begin_walk(walk_value_); });
    auto mark = make_next_mark(popw::MarkPhase::hold, compute_mark_);
    for (const auto* device : devices_)
        mark.devices.push_back(
            popw::make_hold_entry(device->walked(), device->identity().index, device->identity().uid));
    hold_mark_ = popw::encode_mark(mark, worker_.key);
    return hold_mark_;
}

Bytes MemoryPhase::finish(popw::SteadyTime deadline) {
    each_does([&](popw::ProvingDevice& device) { device.continue_walk(deadline, worker_.stop); });
    if (worker_.stop.stop_requested())
        throw Error(ErrorKind::interrupted, "interrupted", "this slot is lost; the next one is not");
    auto mark = make_next_mark(popw::MarkPhase::walk, hold_mark_);
    for (const auto* device : devices_)
        mark.devices.push_back(
            popw::make_walk_entry(device->walked(), device->identity().index, device->identity().uid));
    walk_mark_ = popw::encode_mark(mark, worker_.key);
    return walk_mark_;
}

popw::MemoryPart MemoryPhase::open(popw::ProvingDevice& device, const Bytes32& query_seed) {
    const auto& run = device.walked();
    const auto queries = popw::draw_walk_queries(worker_.primitives, query_seed, worker_.params, run.walkers_log2,
                                                 run.hold_batches, static_cast<std::uint32_t>(run.roots.size()));
    return device.open_walk(queries);
}

} // namespace kaisar
