#include "popw_devices/gpu_memory.h"

#include "error/error.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

using kernels::Lane;

constexpr std::uint64_t start_nonce = 4;
constexpr std::uint64_t page_nonce = 5;
constexpr std::size_t words_per_block = 8;
/// Pages made by one kernel: 512 MiB, some ten times what any device makes at once, and less than half a second's work
/// of the slowest.
constexpr std::uint64_t pages_at_once = std::uint64_t{1} << 18;
/// Pages that are made to learn the pace.
constexpr std::uint64_t pages_of_a_sample = std::uint64_t{1} << 16;
/// So much longer than the walk the allowed number of batches would last: the pace is measured on one batch only.
constexpr double spare_batches = 2;

std::uint64_t pages_in(const Params& params, std::uint64_t bytes) {
    return std::max<std::uint64_t>(bytes / page_bytes(params.device_pages), 1);
}

std::uint32_t hold_batches(const Params& params, std::uint8_t walkers_log2) {
    const auto accesses = std::uint64_t{1} << params.device_pages.hold_accesses_log2;
    const auto batch = steps_per_walker << walkers_log2;
    return static_cast<std::uint32_t>((accesses + batch - 1) / batch);
}

} // namespace

GpuMemory::Walkers::Walkers(kernels::DeviceStream& device, const Primitives& primitives, std::uint8_t walkers_log2)
    : count(std::size_t{1} << walkers_log2), ends(device, count * sizeof(std::uint64_t)),
      leaves(device, count / walkers_per_leaf * sizeof(Bytes32)), root(device, sizeof(Bytes32)),
      tree(device, primitives, count / walkers_per_leaf) {}

std::uint64_t GpuMemory::Walkers::memory_bytes(std::uint8_t walkers_log2) {
    const auto count = std::uint64_t{1} << walkers_log2;
    return count * sizeof(std::uint64_t) + (count / walkers_per_leaf + 1) * sizeof(Bytes32) +
           GpuTree::memory_bytes(count / walkers_per_leaf);
}

GpuMemory::GpuMemory(kernels::DeviceStream& device, const Primitives& primitives, const Params& params,
                     std::uint64_t limit_bytes)
    : device_(device), primitives_(primitives), params_(params), capacity_(pages_in(params, limit_bytes)),
      memory_(device, capacity_ * page_bytes(params.device_pages)),
      starts_(device, std::min(capacity_, pages_at_once) * block_bytes),
      leaf_hash_(make_device_hash(primitives, "walk-leaf", walkers_per_leaf * sizeof(std::uint64_t))) {
    run_.kind = DeviceKind::device_memory;
    run_.pages = capacity_;
}

void GpuMemory::fill_pages(const Bytes32& memory_seed, std::uint64_t first, std::size_t count) {
    const auto& shape = params_.device_pages;
    device_.chacha8(Lane::product, memory_seed.data(), page_nonce, first, starts_, count);
    device_.page_fill(Lane::product, starts_, shape.blocks, shape.passes, memory_ + first * page_bytes(shape), count);
    device_.synchronize();
}

double GpuMemory::measure_fill_rate() {
    const auto count = std::min(capacity_, pages_of_a_sample);
    fill_pages(Bytes32{}, 0, 1); // the first launch of a kernel takes longer
    const auto began = std::chrono::steady_clock::now();
    fill_pages(Bytes32{}, 0, count);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return static_cast<double>(count * page_bytes(params_.device_pages)) / took.count();
}

void GpuMemory::use_at_most(std::uint64_t bytes) { run_.pages = std::min(capacity_, pages_in(params_, bytes)); }

void GpuMemory::fill(const Bytes32& memory_seed, const std::stop_token& stop) {
    walkers_.reset();
    run_.memory_seed = memory_seed;
    run_.roots.clear();
    for (std::uint64_t first = 0; first < run_.pages; first += pages_at_once) {
        if (stop.stop_requested()) return;
        fill_pages(memory_seed, first, std::min(pages_at_once, run_.pages - first));
    }
    run_.walkers_log2 = choose_walkers_log2();
    run_.hold_batches = hold_batches(params_, run_.walkers_log2);
    walkers_.emplace(device_, primitives_, run_.walkers_log2);
}

/// As few as may be, but so many that the allowed number of batches lasts for the whole walk.
std::uint8_t GpuMemory::choose_walkers_log2() {
    const auto free_bytes = device_.free_bytes();
    const auto most = [&] {
        auto log2 = params_.walkers_log2_max;
        while (log2 > params_.walkers_log2_min &&
               Walkers::memory_bytes(static_cast<std::uint8_t>(log2)) > free_bytes / 2)
            --log2;
        return log2;
    }();
    const auto wanted = std::max(params_.device_pages.hold_accesses_log2, 3u) - 3; // a walker reads 2^3 blocks
    auto log2 = std::clamp(wanted, params_.walkers_log2_min, most);
    const Walkers sample(device_, primitives_, static_cast<std::uint8_t>(log2));
    walk_batch(sample, Bytes32{}); // warm
    const auto began = std::chrono::steady_clock::now();
    walk_batch(sample, Bytes32{});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const auto wanted_s = spare_batches * std::chrono::duration<double>(params_.walk_window).count();
    for (auto lasting_s = params_.batch_limit * took.count(); lasting_s < wanted_s && log2 < most; lasting_s *= 2)
        ++log2;
    return static_cast<std::uint8_t>(log2);
}

Bytes32 GpuMemory::walk_batch(const Walkers& w, const Bytes32& key) const {
    constexpr std::size_t blocks_of_a_leaf = walkers_per_leaf * sizeof(std::uint64_t) / block_bytes;
    const auto leaves = w.count / walkers_per_leaf;
    device_.chacha8(Lane::product, key.data(), start_nonce, 0, w.ends, w.count / words_per_block);
    device_.walk(Lane::product, memory_, run_.pages * params_.device_pages.blocks, w.ends, w.count, steps_per_walker);
    device_.hash_messages(Lane::product, leaf_hash_, w.ends, blocks_of_a_leaf, leaves, w.leaves);
    if (leaves > 1) w.tree.raise(Lane::product, w.leaves, leaves, 1, w.root);
    const kernels::DeviceAddress root = leaves > 1 ? w.root : w.leaves;
    Bytes32 found;
    device_.download(found.data(), root, sizeof found);
    return found;
}

Bytes32 GpuMemory::key_of(std::size_t batch) const {
    return batch_key(run_.walk_seed, static_cast<std::uint32_t>(batch), batch == 0 ? Bytes32{} : run_.roots[batch - 1]);
}

void GpuMemory::append_batch() { run_.roots.push_back(walk_batch(*walkers_, key_of(run_.roots.size()))); }

void GpuMemory::begin_walk(const Bytes32& walk_value) {
    check(is_filled(), "memory is filled before it is walked");
    run_.walk_seed = walk_seed(run_.memory_seed, walk_value);
    run_.roots.clear();
    while (run_.roots.size() < run_.hold_batches) append_batch();
}

void GpuMemory::continue_walk(SteadyTime deadline, const std::stop_token& stop) {
    const std::size_t most = std::max<std::size_t>(params_.batch_limit, run_.roots.size()) - run_.roots.size();
    repeat_until(deadline, stop, most, [&] { append_batch(); });
}

MemoryPart GpuMemory::open(std::span<const WalkQuery> queries) {
    const TreeHasher hasher(primitives_);
    MemoryPart part{.kind = run_.kind,
                    .walkers_log2 = run_.walkers_log2,
                    .hold_batches = run_.hold_batches,
                    .pages = run_.pages,
                    .roots = run_.roots};
    std::vector<Bytes32> leaves(walkers_->count / walkers_per_leaf);
    for (const auto& [batch, walker] : queries) {
        check(batch < run_.roots.size() && walker < walkers_->count, "a query asks for a walker of the run");
        if (walk_batch(*walkers_, key_of(batch)) != run_.roots[batch])
            throw Error(ErrorKind::mismatch,
                        "batch " + std::to_string(batch) + " of the walk came out differently when it was walked again",
                        "the GPU's memory may be faulty");
        const std::size_t leaf = walker / walkers_per_leaf;
        WalkOpening opening;
        device_.download(opening.ends.data(), walkers_->ends + leaf * opening.ends.size(), opening.ends.size());
        device_.download(leaves.data(), walkers_->leaves, leaves.size() * sizeof(Bytes32));
        hasher.append_path(leaves, leaf, opening.siblings);
        part.openings.push_back(std::move(opening));
    }
    return part;
}

} // namespace kaisar::popw
