#include "popw/compute_prover.h"

#include "crypto/hash.h"
#include "error/error.h"
#include "popw_work/huge_array.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <exception>
#include <system_error>
#include <thread>

namespace kaisar::popw {
namespace {

// A row distance that is no multiple of 1 KiB keeps rows out of each other's cache sets; kernels copy rows otherwise.
constexpr std::size_t operand_padding = 192;
constexpr std::size_t result_padding = 16;
constexpr std::size_t tasks_per_thread = 4; // so that no thread waits long for the last
constexpr std::size_t rows_per_task = 64;   // of an operand, when it is generated
constexpr std::uint32_t fewest_rounds = 8;  // below that, the unfinished last round costs more than a tenth

// A block of C is computed and hashed by one thread. The more rows, the rarer B is packed: 4096 instead of 1024 gain
// 1.4 % with VNNI. With long rows, reading the operands anew for each narrow block costs more than that gains (measured
// with AMX).
struct BlockShape {
    std::size_t rows;
    std::size_t columns;
};
constexpr BlockShape short_row_block{4096, 512};
constexpr BlockShape long_row_block{1024, 1024};
constexpr std::uint32_t long_row = 16384;

// Halves blocks until every thread gets several, never below a superblock.
BlockShape choose_block(const Profile& profile, unsigned threads) {
    auto block = profile.k < long_row ? short_row_block : long_row_block;
    block = {std::min<std::size_t>(block.rows, profile.m), std::min<std::size_t>(block.columns, profile.m)};
    const auto tasks = [&] { return (profile.m / block.rows) * (profile.m / block.columns); };
    while (tasks() < tasks_per_thread * threads && block.rows > superblock_side) block.rows /= 2;
    while (tasks() < tasks_per_thread * threads && block.columns > superblock_side) block.columns /= 2;
    return block;
}

struct ThreadMemory {
    ThreadMemory(const Primitives& primitives, const Profile& profile, BlockShape block)
        : result(block.rows * (block.columns + result_padding)),
          workspace(primitives.gemm.workspace_bytes(block.rows, block.columns, profile.k)) {}
    HugeArray<std::int32_t> result;
    HugeArray<std::uint8_t> workspace;
};

} // namespace

struct ComputeProver::State {
    State(const Primitives& chosen, const Profile& shape, unsigned thread_count)
        : primitives(chosen), profile(shape), block(choose_block(shape, thread_count)),
          stride(shape.k + operand_padding), a(shape.m * stride), b(shape.m * stride), hasher(chosen) {
        for (unsigned i = 0; i < thread_count; ++i) per_thread.emplace_back(chosen, shape, block);
    }

    void generate(Operand operand, std::size_t first_row) const;
    void compute_block(const ThreadMemory& memory, std::size_t task);
    void work(std::size_t thread, std::barrier<>& barrier);
    void finish_round();
    void begin_round();
    bool is_time_up() const;

    const Primitives primitives;
    const Profile profile;
    const BlockShape block;
    const std::size_t stride;
    const HugeArray<std::int8_t> a;
    const HugeArray<std::int8_t> b;
    const TreeHasher hasher;
    std::vector<ThreadMemory> per_thread;

    // One run. The first thread writes these between barriers, the others only read.
    ComputeRun result;
    const RunLimits* limits = nullptr;
    SteadyTime started;
    Bytes32 seed{};
    std::vector<Bytes32> superblock_roots;
    std::atomic<std::size_t> next_rows{0};
    std::atomic<std::size_t> next_block{0};
    bool is_done = false;
    std::exception_ptr failure;
};

void ComputeProver::State::generate(Operand operand, std::size_t first_row) const {
    auto* out = (operand == Operand::a ? a : b).data();
    for (std::size_t row = first_row; row < first_row + rows_per_task; ++row)
        generate_rows(primitives, seed, operand, profile, row, 1, out + row * stride);
}

void ComputeProver::State::compute_block(const ThreadMemory& memory, std::size_t task) {
    const std::size_t blocks_per_row = profile.m / block.columns;
    const std::size_t top = task / blocks_per_row * block.rows;
    const std::size_t left = task % blocks_per_row * block.columns;
    const std::size_t ldc = block.columns + result_padding;
    primitives.gemm.multiply({block.rows, block.columns, profile.k, a.data() + top * stride, stride,
                              b.data() + left * stride, stride, memory.result.data(), ldc, memory.workspace.data()});
    std::array<Bytes32, superblock_tiles> leaves;
    for (std::size_t row = 0; row < block.rows; row += superblock_side) {
        for (std::size_t column = 0; column < block.columns; column += superblock_side) {
            hash_superblock(hasher, memory.result.data() + row * ldc + column, ldc, leaves.data());
            const std::size_t superblock =
                (top + row) / superblock_side * (profile.m / superblock_side) + (left + column) / superblock_side;
            superblock_roots[superblock] = hasher.fold(leaves);
        }
    }
}

bool ComputeProver::State::is_time_up() const {
    const auto rounds = result.roots.size();
    if (limits->stop.stop_requested() || rounds >= limits->round_limit) return true;
    if (rounds == 0) return false;
    const auto now = std::chrono::steady_clock::now();
    return now + (now - started) / rounds > limits->deadline;
}

void ComputeProver::State::begin_round() {
    seed = round_seed(result.device_seed, static_cast<std::uint32_t>(result.roots.size()),
                      result.roots.empty() ? Bytes32{} : result.roots.back());
    next_rows = 0;
    next_block = 0;
}

void ComputeProver::State::finish_round() {
    try {
        result.superblock_roots.push_back(superblock_roots);
        result.roots.push_back(hasher.fold(superblock_roots)); // which every block of the next round writes anew
        if (limits->on_round) limits->on_round(static_cast<std::uint32_t>(result.roots.size()));
        is_done = is_time_up();
        if (!is_done) begin_round();
    } catch (...) {
        failure = std::current_exception();
        is_done = true;
    }
}

void ComputeProver::State::work(std::size_t thread, std::barrier<>& barrier) {
    const std::size_t row_tasks = profile.m / rows_per_task;
    const std::size_t block_tasks = (profile.m / block.rows) * (profile.m / block.columns);
    while (!is_done) {
        for (std::size_t task; (task = next_rows++) < 2 * row_tasks;)
            generate(task < row_tasks ? Operand::a : Operand::b_transposed, task % row_tasks * rows_per_task);
        barrier.arrive_and_wait();
        for (std::size_t task; (task = next_block++) < block_tasks;) compute_block(per_thread[thread], task);
        barrier.arrive_and_wait();
        if (thread == 0) finish_round();
        barrier.arrive_and_wait();
    }
}

ComputeProver::ComputeProver(const Primitives& primitives, const Profile& profile, unsigned threads)
    : state_(std::make_unique<State>(primitives, profile, std::max(threads, 1u))) {}

ComputeProver::~ComputeProver() = default;

const Profile& ComputeProver::profile() const { return state_->profile; }

ComputeRun ComputeProver::run(const Bytes32& device_seed, const RunLimits& limits) {
    auto& state = *state_;
    const auto threads = state.per_thread.size();
    state.result = {.profile = state.profile, .device_seed = device_seed};
    state.limits = &limits;
    state.superblock_roots.assign(state.profile.tiles() / superblock_tiles, {});
    state.started = std::chrono::steady_clock::now();
    state.is_done = state.is_time_up();
    state.failure = nullptr;
    state.begin_round();
    {
        std::barrier<> barrier(static_cast<std::ptrdiff_t>(threads));
        std::vector<std::jthread> others;
        try {
            while (others.size() + 1 < threads)
                others.emplace_back([&state, &barrier, i = others.size() + 1] { state.work(i, barrier); });
        } catch (const std::system_error&) { // the system allows no more threads: those that exist share the work
            for (auto missing = threads - 1 - others.size(); missing > 0; --missing) barrier.arrive_and_drop();
        }
        state.work(0, barrier);
    }
    if (state.failure) std::rethrow_exception(state.failure);
    state.result.elapsed = std::chrono::steady_clock::now() - state.started;
    return std::move(state.result);
}

std::uint64_t ComputeProver::memory_bytes(const Primitives& primitives, const Profile& profile, unsigned threads,
                                          std::uint32_t rounds) {
    const auto block = choose_block(profile, threads);
    const auto operands = 2 * in_huge_pages(std::uint64_t{profile.m} * (profile.k + operand_padding));
    const auto per_thread = in_huge_pages(block.rows * (block.columns + result_padding) * sizeof(std::int32_t)) +
                            in_huge_pages(primitives.gemm.workspace_bytes(block.rows, block.columns, profile.k));
    const auto per_round = (profile.tiles() / superblock_tiles + 1) * sizeof(Bytes32) + sizeof(std::vector<Bytes32>);
    return operands + threads * per_thread + rounds * per_round;
}

namespace {

constexpr std::string_view flaky_hint =
    "the processor or the memory may be faulty; overclocking and heat are the usual causes";

// The leaves of one superblock of a run, computed again and compared with what the run remembers of it.
std::vector<Bytes32> reopen_superblock(const Primitives& primitives, const TreeHasher& hasher, const ComputeRun& run,
                                       std::uint32_t round, std::size_t superblock) {
    std::vector<Bytes32> leaves(superblock_tiles);
    const auto seed = round_seed(run.device_seed, round, round == 0 ? Bytes32{} : run.roots[round - 1]);
    recompute_superblock(primitives, hasher, run.profile, seed, superblock, leaves.data());
    auto scratch = leaves;
    if (hasher.fold(scratch) != run.superblock_roots[round][superblock])
        throw Error(ErrorKind::mismatch,
                    "block " + std::to_string(superblock) + " of round " + std::to_string(round) +
                        " came out differently when it was computed again",
                    std::string(flaky_hint));
    return leaves;
}

} // namespace

DeviceEntry make_compute_entry(const ComputeRun& run, std::uint16_t index, DeviceKind kind, const Bytes32& uid) {
    return {.index = index,
            .kind = kind,
            .shape = static_cast<std::uint8_t>(run.profile.id),
            .count = static_cast<std::uint32_t>(run.roots.size()),
            .uid = uid,
            .commit = run.commit()};
}

void require_consistent(const Primitives& primitives, const ComputeRun& run, std::size_t tiles) {
    check(!run.roots.empty(), "a run has rounds before it is checked");
    const auto reference = choose_primitives({}, "reference");
    const TreeHasher hasher(primitives);
    const TreeHasher reference_hasher(reference);
    const auto rounds = static_cast<std::uint32_t>(run.roots.size());
    for (const auto& [round, leaf] :
         draw_tile_queries(reference, random_array<32>(), rounds, run.profile, static_cast<std::uint32_t>(tiles))) {
        const auto leaves = reopen_superblock(primitives, hasher, run, round, leaf / superblock_tiles);
        const auto seed = round_seed(run.device_seed, round, round == 0 ? Bytes32{} : run.roots[round - 1]);
        if (recompute_leaf(reference, reference_hasher, run.profile, seed, leaf) != leaves[leaf % superblock_tiles])
            throw Error(ErrorKind::mismatch,
                        "tile " + std::to_string(leaf) + " of round " + std::to_string(round) +
                            " differs from the plain kernels' answer",
                        std::string(flaky_hint));
    }
}

ComputePart open_tiles(const Primitives& primitives, const ComputeRun& run, std::span<const TileQuery> queries) {
    const TreeHasher hasher(primitives);
    ComputePart part{run.roots, {}};
    for (const auto& [round, leaf] : queries) {
        check(round < run.roots.size() && leaf < run.profile.tiles(), "a query asks for a tile of the run");
        const std::size_t superblock = leaf / superblock_tiles;
        const std::size_t inside = leaf % superblock_tiles;
        const auto leaves = reopen_superblock(primitives, hasher, run, round, superblock);
        TileOpening opening{leaves[inside], {}};
        hasher.append_path(leaves, inside, opening.siblings);
        hasher.append_path(run.superblock_roots[round], superblock, opening.siblings);
        part.openings.push_back(std::move(opening));
    }
    return part;
}

const Profile& choose_profile(const Params& params, double macs_per_s,
                              const std::function<std::uint64_t(const Profile& profile)>& memory_bytes,
                              std::uint64_t memory_limit_bytes) {
    const double window_s = std::chrono::duration<double>(params.compute_window).count();
    const auto* chosen = find_profile(params.profiles.front());
    for (auto id : params.profiles) {
        const auto& profile = *find_profile(id);
        const double rounds = window_s * macs_per_s / static_cast<double>(profile.macs_per_round());
        if (rounds >= fewest_rounds && memory_bytes(profile) <= memory_limit_bytes) chosen = &profile;
    }
    return *chosen;
}

const Profile& choose_profile(const Params& params, double macs_per_s, const Primitives& primitives, unsigned threads,
                              std::uint64_t memory_limit_bytes) {
    return choose_profile(
        params, macs_per_s,
        [&](const Profile& profile) {
            return ComputeProver::memory_bytes(primitives, profile, threads, params.round_limit);
        },
        memory_limit_bytes);
}

} // namespace kaisar::popw
