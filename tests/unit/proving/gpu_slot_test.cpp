// Slots of a worker with a processor and GPUs: test doubles of them, that fail in one way or another.
#include "doubles/host_device.h"
#include "unit/proving/played_network.h"

using namespace kaisar;
using kaisar::tests::HostDevice;
using popw::BeaconPhase;
using popw::MarkPhase;
using Indices = std::vector<std::uint16_t>;

namespace {

const popw::Primitives primitives = popw::choose_primitives(detect_cpu_features());

/// Two GPUs of a size that is filled in a tenth of a second or two.
struct TwoGpus {
    TwoGpus() {
        for (auto* gpu : {&first, &second}) gpu->memory_bytes = 1 << 20;
    }
    std::vector<kernels::DeviceStream*> streams() { return {&first, &second}; }
    HostDevice first{0}, second{1};
};

Indices reported(const ProveReport& report) {
    Indices indices;
    for (const auto& device : report.devices) indices.push_back(device.index);
    return indices;
}

Indices proved(const PlayedNetwork& network) {
    Indices indices;
    for (const auto& proof : network.proofs) indices.push_back(popw::find_proof_identity(proof)->device_index);
    return indices;
}

[[noreturn]] void fall_off_the_bus() { throw Error(ErrorKind::environment, "it fell off the bus"); }

} // namespace

TEST_CASE("A processor and two GPUs prove in one slot, each with its memory, by one mark a phase") {
    PlayedNetwork network(played_params(MemoryPhases::always));
    TwoGpus gpus;
    const PlayedWorker worker(network, primitives, gpus.streams());
    const auto report = worker.prove({.find_rate = [](std::string_view device) -> std::optional<double> {
        if (device == "cuda:1") return 1e9;
        return std::nullopt;
    }});
    CHECK(report.left_out == "");
    CHECK(report.devices_left_out.empty());
    REQUIRE(report.outcome == ProveOutcome::proved);
    CHECK(network.marks == std::vector{MarkPhase::heartbeat, MarkPhase::compute, MarkPhase::hold, MarkPhase::walk});
    for (const auto phase : {MarkPhase::compute, MarkPhase::hold, MarkPhase::walk})
        CHECK(network.devices[phase] == Indices{0, 1, 2});
    CHECK(proved(network) == Indices{0, 1, 2});
    CHECK(reported(report) == Indices{0, 1, 2});
    for (const auto& device : report.devices) {
        INFO(device.name);
        CHECK(device.macs_per_s > 0);
        CHECK(device.held_bytes > 0);
        CHECK(device.walk_bytes_per_s > 0);
        CHECK(device.verdict == popw::VerdictCode::ok);
    }
    CHECK(report.devices[1].name == "cuda:0");
    CHECK(report.devices[1].variant == "double");
    CHECK_FALSE(report.devices[1].efficiency);
    CHECK(report.devices[2].efficiency == Approx(2 * report.devices[2].macs_per_s / 1e9));
    CHECK(gpus.first.free_bytes() == gpus.first.memory_bytes);
    CHECK(worker.spooled() == 0);
}

TEST_CASE("A GPU whose products are wrong in a slot is named and left out, and the others go on") {
    PlayedNetwork network(played_params(MemoryPhases::always));
    TwoGpus gpus;
    network.on_beacon = [&](BeaconPhase phase) {
        if (phase == BeaconPhase::start) gpus.first.faulty_kernel = "gemm_s8";
    };
    const auto report = PlayedWorker(network, primitives, gpus.streams()).prove();
    CHECK(report.outcome == ProveOutcome::proved);
    REQUIRE(report.devices_left_out.size() == 1);
    CHECK(report.devices_left_out[0].device == "cuda:0");
    CHECK(report.devices_left_out[0].uuid == "GPU-0");
    CHECK(report.devices_left_out[0].reason.find("computed again") != std::string::npos);
    CHECK(network.devices[MarkPhase::compute] == Indices{0, 2});
    CHECK(proved(network) == Indices{0, 2});
    CHECK(reported(report) == Indices{0, 2});
}

TEST_CASE("A GPU that is lost while it computes is left out, however far it was") {
    PlayedNetwork network(played_params(MemoryPhases::never));
    TwoGpus gpus;
    std::atomic<bool> has_begun = false;
    network.on_beacon = [&](BeaconPhase phase) { has_begun = has_begun || phase == BeaconPhase::start; };
    gpus.second.on_kernel = [&, products = 0](const std::string& kernel, int) mutable {
        if (has_begun && kernel == "gemm_s8" && ++products == 3) fall_off_the_bus();
    };
    const auto report = PlayedWorker(network, primitives, gpus.streams()).prove();
    CHECK(report.outcome == ProveOutcome::proved);
    REQUIRE(report.devices_left_out.size() == 1);
    CHECK(report.devices_left_out[0].reason == "it fell off the bus");
    CHECK(proved(network) == Indices{0, 1});
}

TEST_CASE("A GPU that is lost when it is to hold or to walk keeps what it computed, and the others their memory") {
    const auto lost_at = GENERATE(MarkPhase::compute, MarkPhase::hold, MarkPhase::walk);
    PlayedNetwork network(played_params(MemoryPhases::always));
    TwoGpus gpus;
    std::atomic<bool> is_lost = false;
    network.on_beacon = [&](BeaconPhase phase) {
        if (phase == BeaconPhase::walk && lost_at == MarkPhase::compute) is_lost = true;
    };
    network.on_mark = [&](MarkPhase phase) {
        if (phase == lost_at && phase != MarkPhase::compute) is_lost = true;
    };
    gpus.first.on_kernel = [&](const std::string& kernel, int) {
        if (is_lost && kernel == "walk") fall_off_the_bus();
    };
    const auto report = PlayedWorker(network, primitives, gpus.streams()).prove();
    INFO("lost after mark " << static_cast<int>(lost_at));
    CHECK(report.outcome == ProveOutcome::proved);
    CHECK(report.left_out == "cuda:0: it fell off the bus");
    CHECK(report.devices_left_out.empty());
    CHECK(network.devices[MarkPhase::hold] == (lost_at == MarkPhase::compute ? Indices{0, 2} : Indices{0, 1, 2}));
    CHECK(network.devices[MarkPhase::walk] == (lost_at == MarkPhase::walk ? Indices{0, 1, 2} : Indices{0, 2}));
    CHECK(proved(network) == Indices{0, 1, 2});
    REQUIRE(report.devices.size() == 3);
    CHECK(report.devices[0].held_bytes > 0);
    CHECK(report.devices[1].held_bytes == 0);
    CHECK(report.devices[1].macs_per_s > 0);
    CHECK(report.devices[2].held_bytes > 0);
}

TEST_CASE("A GPU with too little memory is left out before the slot, and one without a processor proves alone") {
    PlayedNetwork network(played_params(MemoryPhases::never));
    TwoGpus gpus;
    gpus.first.memory_bytes = 100'000;
    const auto report = PlayedWorker(network, primitives, gpus.streams()).prove_without_processor();
    CHECK(report.outcome == ProveOutcome::proved);
    REQUIRE(report.devices_left_out.size() == 1);
    CHECK(report.devices_left_out[0].reason.find("not even profile T0 fits") != std::string::npos);
    CHECK(proved(network) == Indices{2});
    CHECK(network.devices[MarkPhase::compute] == Indices{2});
}

TEST_CASE("Where no device is left the first one's fault is the run's, and nothing is committed to") {
    PlayedNetwork network(played_params(MemoryPhases::never));
    TwoGpus gpus;
    network.on_beacon = [&](BeaconPhase phase) {
        if (phase == BeaconPhase::start) gpus.first.faulty_kernel = gpus.second.faulty_kernel = "sha256";
    };
    const PlayedWorker worker(network, primitives, gpus.streams());
    try {
        worker.prove_without_processor();
        FAIL("it went on");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::mismatch);
    }
    CHECK(network.marks == std::vector{MarkPhase::heartbeat});
    CHECK(worker.spooled() == 0);
}

TEST_CASE("A verdict against one device's proof is the run's, and the other devices keep theirs") {
    PlayedNetwork network(played_params(MemoryPhases::never));
    network.refused_device = 1;
    TwoGpus gpus;
    const auto report = PlayedWorker(network, primitives, gpus.streams()).prove();
    CHECK(report.outcome == ProveOutcome::refused);
    REQUIRE(report.devices.size() == 3);
    CHECK(report.devices[0].verdict == popw::VerdictCode::ok);
    CHECK(report.devices[1].verdict == popw::VerdictCode::tile_mismatch);
    CHECK(report.devices[2].verdict == popw::VerdictCode::ok);
    const auto json = prove_report_json(report);
    CHECK(json.find("\"tile-mismatch\"") != std::string::npos);
}
