#include "doubles/host_device.h"
#include "popw_devices/gpu_memory.h"
#include "unit/popw/staged_proof.h"

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;
using namespace std::chrono_literals;
using kaisar::tests::HostDevice;

namespace {

const Bytes32 seed{7};
const Bytes32 walk_value{8};

Params small_params() {
    auto params = *find_params("test");
    params.batch_limit = 6;
    params.walkers_log2_max = 12;
    return params;
}

/// The pages in the double's memory are those that the processor makes, and its walk is the processor's.
void require_walk_of_host(const MemoryRun& run, const Params& params) {
    const auto& shape = params.device_pages;
    Bytes memory(run.pages * page_bytes(shape) + 64);
    auto* const aligned = memory.data() + (64 - reinterpret_cast<std::uintptr_t>(memory.data()) % 64);
    popw::fill_pages(primitives(), seed, shape, 0, run.pages, aligned);
    std::vector<std::uint64_t> ends(std::size_t{1} << run.walkers_log2);
    std::vector<Bytes32> leaves(ends.size() / walkers_per_leaf);
    const auto key = walk_seed(seed, walk_value);
    Bytes32 previous{};
    for (std::uint32_t batch = 0; batch < run.roots.size(); ++batch) {
        popw::walk(primitives(), batch_key(key, batch, previous), aligned, run.pages * shape.blocks, 0, ends.size(),
                   ends.data());
        hash_walk(primitives(), ends, leaves.data());
        previous = TreeHasher(primitives()).fold(leaves);
        INFO("batch " << batch);
        REQUIRE(run.roots[batch] == previous);
    }
}

} // namespace

TEST_CASE("a GPU's pages and walk are the processor's") {
    const auto params = small_params();
    HostDevice device;
    GpuMemory memory(device, primitives(), params, 300 * page_bytes(params.device_pages) + 5);
    CHECK(memory.pages() == 300);
    memory.use_at_most(123 * page_bytes(params.device_pages));
    CHECK(memory.pages() == 123);
    memory.fill(seed, {});
    REQUIRE(memory.is_filled());
    memory.begin_walk(walk_value);
    const auto held = memory.run().roots.size();
    CHECK(held == memory.run().hold_batches);
    CHECK((held * steps_per_walker << memory.run().walkers_log2) >= 1u << params.device_pages.hold_accesses_log2);
    memory.continue_walk(SteadyTime::max(), {});
    CHECK(memory.run().roots.size() == params.batch_limit);
    CHECK(memory.run().kind == DeviceKind::device_memory);
    require_walk_of_host(memory.run(), params);
}

TEST_CASE("a walker that the query asks a GPU for leads to its batch's root") {
    const auto params = small_params();
    HostDevice device;
    GpuMemory memory(device, primitives(), params, 64 * page_bytes(params.device_pages));
    memory.fill(seed, {});
    memory.begin_walk(walk_value);
    memory.continue_walk(SteadyTime::max(), {});
    const auto& run = memory.run();
    const auto queries = draw_walk_queries(primitives(), seed, params, run.walkers_log2, run.hold_batches,
                                           static_cast<std::uint32_t>(run.roots.size()));
    const auto part = memory.open(queries);
    REQUIRE(part.openings.size() == queries.size());
    const TreeHasher hasher(primitives());
    for (std::size_t i = 0; i < queries.size(); ++i) {
        Bytes32 leaf;
        std::array<std::uint64_t, walkers_per_leaf> ends;
        std::memcpy(ends.data(), part.openings[i].ends.data(), sizeof ends);
        hash_walk(primitives(), ends, &leaf);
        CHECK(hasher.fold_path(leaf, queries[i].walker / walkers_per_leaf, part.openings[i].siblings) ==
              run.roots[queries[i].batch]);
    }
}

TEST_CASE("a GPU that walks otherwise when it is asked again is found out, and a stopped fill leaves no walk") {
    const auto params = small_params();
    HostDevice device;
    GpuMemory memory(device, primitives(), params, 64 * page_bytes(params.device_pages));
    memory.fill(seed, {});
    memory.begin_walk(walk_value);
    device.faulty_kernel = "walk";
    CHECK_THROWS_WITH(memory.open(std::vector<WalkQuery>{{0, 1}}), Catch::Matchers::Contains("differently"));
    std::stop_source stop;
    stop.request_stop();
    memory.fill(seed, stop.get_token());
    CHECK_FALSE(memory.is_filled());
}

TEST_CASE("batches have so many walkers that the allowed number of them lasts for the whole walk") {
    auto params = small_params();
    params.batch_limit = 4;
    params.walk_window = 10s; // a batch would have to take five seconds
    HostDevice device;
    GpuMemory memory(device, primitives(), params, 16 * page_bytes(params.device_pages));
    memory.fill(seed, {});
    CHECK(memory.run().walkers_log2 == params.walkers_log2_max);
}
