#include "devices/selection.h"
#include "error/error.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

GpuCandidates three_gpus() {
    return {
        .gpus = {{.facts = {.index = 2, .name = "c", .uuid = "MIG-c"}, .objection = {}},
                 {.facts = {.index = 0, .name = "a", .uuid = "GPU-a"}, .objection = {}},
                 {.facts = {.index = 1, .name = "b", .uuid = "GPU-b"}, .objection = "another program computes on it"}},
        .reason = {}};
}

std::vector<std::string> uuids(const DeviceSelection& selection) {
    std::vector<std::string> found;
    for (const auto& facts : selection.gpus) found.push_back(facts.uuid);
    return found;
}

ErrorKind refusal(const std::string& name) {
    try {
        select_devices({name}, three_gpus());
    } catch (const Error& error) {
        CHECK(error.message().find(name) != std::string::npos);
        return error.kind();
    }
    return ErrorKind::internal;
}

} // namespace

TEST_CASE("Unless something else is asked for, the processor and every GPU that is free take part") {
    for (const auto& names : {std::vector<std::string>{}, {"all"}, {"cpu", "all"}}) {
        const auto selection = select_devices(names, three_gpus());
        CHECK(selection.has_processor);
        CHECK(uuids(selection) == std::vector<std::string>{"GPU-a", "MIG-c"});
        REQUIRE(selection.left_alone.size() == 1);
        CHECK(selection.left_alone[0].device == "cuda:1");
        CHECK(selection.left_alone[0].reason == "another program computes on it");
    }
}

TEST_CASE("Devices are chosen by their number or their UUID; a busy one is left alone also by name") {
    const auto selection = select_devices({"MIG-c", "cuda:1"}, three_gpus());
    CHECK_FALSE(selection.has_processor);
    CHECK(uuids(selection) == std::vector<std::string>{"MIG-c"});
    CHECK(selection.left_alone.size() == 1);
    CHECK(select_devices({"cpu"}, three_gpus()).left_alone.empty());
    CHECK(uuids(select_devices({"cuda:0", "GPU-a"}, three_gpus())) == std::vector<std::string>{"GPU-a"});
}

TEST_CASE("A device that is not there is told from a name that is none") {
    CHECK(refusal("cuda:3") == ErrorKind::environment);
    CHECK(refusal("GPU-x") == ErrorKind::environment);
    for (const char* name : {"gpu", "cuda", "cuda:", "cuda:x", "cuda:1234", "CPU"})
        CHECK(refusal(name) == ErrorKind::usage);
    CHECK_THROWS_WITH(select_devices({"cuda:0"}, GpuCandidates{.gpus = {}, .reason = "there is no NVIDIA driver"}),
                      Catch::Matchers::Contains("no NVIDIA driver"));
}

TEST_CASE("With nothing to prove with the reason is the first GPU's") {
    const auto opened = open_selected(select_devices({"cpu"}, three_gpus()));
    CHECK(opened.streams.empty());
    CHECK_THROWS_WITH(open_selected(select_devices({"cuda:1"}, three_gpus())),
                      Catch::Matchers::Contains("cuda:1") && Catch::Matchers::Contains("another program"));
}
