// Proofs of a GPU, computed by a test double of one, against the plain recomputation and the golden vectors.
#include "doubles/host_device.h"
#include "golden/golden_vectors.h"
#include "popw_devices/gpu_compute.h"
#include "popw_devices/gpu_device.h"
#include "unit/popw/staged_proof.h"

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;
using namespace std::chrono_literals;
using kaisar::tests::HostDevice;

namespace {

const Bytes32 seed = golden::ascending<32>(0);

RunLimits rounds(std::uint32_t count) {
    return {.deadline = std::chrono::steady_clock::now() + 60s, .round_limit = count};
}

} // namespace

TEST_CASE("a GPU's rounds have the golden roots, in whatever order its lanes run") {
    for (unsigned order = 0; order < 8; ++order) {
        INFO("order " << order);
        HostDevice device;
        device.seed_order(order);
        const auto run = GpuCompute(device, primitives(), *find_profile("T0")).run(seed, rounds(2));
        REQUIRE(run.roots.size() == 2);
        CHECK(encode_hex(run.roots[0]) == golden::text("t0 root 0"));
        CHECK(encode_hex(run.roots[1]) == golden::text("t0 root 1"));
        CHECK(encode_hex(run.commit()) == golden::text("t0 compute-commit"));
    }
}

TEST_CASE("rounds of several panels are the processor's, in whatever order the GPU's lanes run") {
    const auto& profile = *find_profile("C1");
    const auto expected = ComputeProver(primitives(), profile, 1).run(seed, rounds(2));
    for (unsigned order = 0; order < 3; ++order) {
        INFO("order " << order);
        HostDevice device;
        device.seed_order(order);
        const auto run = GpuCompute(device, primitives(), profile).run(seed, rounds(2));
        CHECK(run.roots == expected.roots);
        CHECK(run.superblock_roots == expected.superblock_roots);
        CHECK_NOTHROW(require_consistent(primitives(), run));
    }
}

TEST_CASE("a GPU takes the memory that was foretold, and gives it back") {
    for (const char* name : {"T0", "C1"}) {
        HostDevice device;
        const auto& profile = *find_profile(name);
        {
            const GpuCompute compute(device, primitives(), profile);
            CHECK(device.memory_bytes - device.free_bytes() <= GpuCompute::memory_bytes(profile));
        }
        CHECK(device.free_bytes() == device.memory_bytes);
    }
}

TEST_CASE("a GPU's run ends when it is asked to, at the limit of rounds and before the deadline") {
    HostDevice device;
    GpuCompute compute(device, primitives(), *find_profile("T0"));
    CHECK(compute.run(seed, rounds(3)).roots.size() == 3);
    CHECK(compute.run(seed, {.deadline = std::chrono::steady_clock::now() - 1s}).roots.size() == 1);
    std::stop_source stop;
    stop.request_stop();
    CHECK(compute.run(seed, {.deadline = SteadyTime::max(), .stop = stop.get_token()}).roots.empty());
}

TEST_CASE("a product that a GPU gets wrong is found by the plain kernels") {
    HostDevice device;
    device.faulty_kernel = "gemm_s8";
    device.faulty_from = 1;
    const auto run = GpuCompute(device, primitives(), *find_profile("T0")).run(seed, rounds(40));
    CHECK_THROWS_WITH(require_consistent(primitives(), run), Catch::Matchers::Contains("computed again"));
}

TEST_CASE("a GPU's choice of profile depends on its memory, and one without any for the smallest is refused") {
    const auto params = *find_params("devnet");
    const DeviceSetup setup{.primitives = primitives(), .params = params};
    HostDevice device(4);
    device.memory_bytes = GpuCompute::memory_bytes(*find_profile("T0")) * 2;
    const GpuDevice small(setup, device);
    CHECK(small.profile().name == "T0");
    CHECK(small.identity().index == 5);
    CHECK(small.identity().name == "cuda:4");
    CHECK(small.identity().kind == DeviceKind::cuda);
    HostDevice tiny;
    tiny.memory_bytes = 1000;
    CHECK_THROWS_WITH(GpuDevice(setup, tiny), Catch::Matchers::Contains("T0") && Catch::Matchers::Contains("900"));
}
