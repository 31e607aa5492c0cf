#include "popw/memory_prover.h"

#include "error/error.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <system_error>
#include <thread>

namespace kaisar::popw {
namespace {

constexpr std::size_t pages_per_task = 16;
constexpr std::size_t walkers_per_task = 16384;

// Calls work(first, count) for all parts of 0 … total-1 from several threads; as many as the system allows share the
// work.
template <class Work>
void share(unsigned threads, std::uint64_t total, std::uint64_t part, std::stop_token stop, const Work& work) {
    std::atomic<std::uint64_t> next{0};
    const auto take = [&] {
        for (std::uint64_t first; (first = next.fetch_add(part)) < total && !stop.stop_requested();)
            work(first, static_cast<std::size_t>(std::min(part, total - first)));
    };
    std::vector<std::jthread> others;
    try {
        for (unsigned i = 1; i < threads; ++i) others.emplace_back(take);
    } catch (const std::system_error&) {
        // The system allows no more threads: those that exist share the work.
    }
    take();
}

// As few walkers a batch as may be, so that several batches fit between the hold mark and the walk's end.
std::uint8_t choose_walkers_log2(const Params& params) {
    const auto wanted = std::max(params.host_pages.hold_accesses_log2, 3u) - 3; // a walker reads 2^3 blocks
    return static_cast<std::uint8_t>(std::clamp(wanted, params.walkers_log2_min, params.walkers_log2_max));
}

std::uint32_t hold_batches(const Params& params, std::uint8_t walkers_log2) {
    const auto accesses = std::uint64_t{1} << params.host_pages.hold_accesses_log2;
    const auto batch = steps_per_walker << walkers_log2;
    return static_cast<std::uint32_t>((accesses + batch - 1) / batch);
}

} // namespace

MemoryProver::MemoryProver(const Primitives& primitives, const Params& params, std::uint64_t memory_limit_bytes,
                           unsigned threads)
    : primitives_(primitives), params_(params), threads_(std::max(threads, 1u)),
      pages_(std::max<std::uint64_t>(memory_limit_bytes / page_bytes(params.host_pages), 1)),
      memory_(pages_ * page_bytes(params.host_pages), Touch::as_written) {
    run_.walkers_log2 = choose_walkers_log2(params);
    run_.hold_batches = hold_batches(params, run_.walkers_log2);
    run_.pages = pages_;
    ends_.resize(std::size_t{1} << run_.walkers_log2);
    leaves_.resize(ends_.size() / walkers_per_leaf);
}

void MemoryProver::fill(const Bytes32& memory_seed, std::stop_token stop) {
    run_.memory_seed = memory_seed;
    run_.roots.clear();
    share(threads_, pages_, pages_per_task, stop, [&](std::uint64_t first, std::size_t count) {
        fill_pages(primitives_, memory_seed, params_.host_pages, first, count,
                   memory_.data() + first * page_bytes(params_.host_pages));
    });
    is_filled_ = !stop.stop_requested();
}

// Leaves the batch's end values and leaves behind.
void MemoryProver::walk_batch(std::uint32_t batch) {
    const auto key = batch_key(run_.walk_seed, batch, batch == 0 ? Bytes32{} : run_.roots[batch - 1]);
    const auto blocks = pages_ * params_.host_pages.blocks;
    share(threads_, ends_.size(), walkers_per_task, {}, [&](std::uint64_t first, std::size_t count) {
        walk(primitives_, key, memory_.data(), blocks, first, count, ends_.data() + first);
        hash_walk(primitives_, std::span(ends_).subspan(first, count), leaves_.data() + first / walkers_per_leaf);
    });
}

void MemoryProver::append_batch() {
    walk_batch(static_cast<std::uint32_t>(run_.roots.size()));
    auto nodes = leaves_;
    run_.roots.push_back(TreeHasher(primitives_).fold(nodes));
}

void MemoryProver::begin_walk(const Bytes32& walk_value) {
    check(is_filled_, "memory is filled before it is walked");
    run_.walk_seed = walk_seed(run_.memory_seed, walk_value);
    run_.roots.clear();
    while (run_.roots.size() < run_.hold_batches) append_batch();
}

void repeat_until(SteadyTime deadline, const std::stop_token& stop, std::size_t most,
                  const std::function<void()>& append_batch) {
    const auto started = std::chrono::steady_clock::now();
    std::chrono::steady_clock::duration pace{};
    for (std::size_t walked = 0; walked < most && !stop.stop_requested(); ++walked) {
        const auto now = std::chrono::steady_clock::now();
        if (walked > 0) pace = (now - started) / walked;
        if (now + pace > deadline) return;
        append_batch();
    }
}

void MemoryProver::continue_walk(SteadyTime deadline, std::stop_token stop) {
    const std::size_t most = std::max<std::size_t>(params_.batch_limit, run_.roots.size()) - run_.roots.size();
    repeat_until(deadline, stop, most, [&] { append_batch(); });
}

MemoryPart MemoryProver::open(std::span<const WalkQuery> queries) {
    const TreeHasher hasher(primitives_);
    MemoryPart part{.kind = run_.kind,
                    .walkers_log2 = run_.walkers_log2,
                    .hold_batches = run_.hold_batches,
                    .pages = pages_,
                    .roots = run_.roots};
    for (const auto& [batch, walker] : queries) {
        check(batch < run_.roots.size() && walker < ends_.size(), "a query asks for a walker of the run");
        walk_batch(batch);
        const std::size_t leaf = walker / walkers_per_leaf;
        WalkOpening opening;
        std::memcpy(opening.ends.data(), ends_.data() + leaf * walkers_per_leaf, opening.ends.size());
        hasher.append_path(leaves_, leaf, opening.siblings);
        if (hasher.fold_path(leaves_[leaf], leaf, opening.siblings) != run_.roots[batch])
            throw Error(ErrorKind::mismatch,
                        "batch " + std::to_string(batch) + " of the walk came out differently when it was walked again",
                        "the memory may be faulty; a memory tester will tell");
        part.openings.push_back(std::move(opening));
    }
    return part;
}

DeviceEntry make_walk_entry(const MemoryRun& run, std::uint16_t index, const Bytes32& uid) {
    return {.index = index,
            .kind = run.kind,
            .shape = run.walkers_log2,
            .count = static_cast<std::uint32_t>(run.roots.size()),
            .pages = run.pages,
            .uid = uid,
            .commit = run.commit()};
}

DeviceEntry make_hold_entry(const MemoryRun& run, std::uint16_t index, const Bytes32& uid) {
    auto entry = make_walk_entry(run, index, uid);
    entry.count = run.hold_batches;
    entry.commit = run.hold_commit();
    return entry;
}

} // namespace kaisar::popw
