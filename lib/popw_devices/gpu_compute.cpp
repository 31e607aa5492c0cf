#include "popw_devices/gpu_compute.h"

#include "error/error.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

using kernels::DeviceAddress;
using kernels::Lane;

/// Few enough that a product fills the device several times over, many enough that little is left unhidden at either
/// end of a round: an eighth of the rows' making and of the hashing.
constexpr std::size_t panels_of_a_round = 8;

std::size_t rows_of_panel(const Profile& profile) {
    return std::max<std::size_t>(profile.m / panels_of_a_round, superblock_side);
}

std::size_t tiles_of_panel(const Profile& profile) {
    return rows_of_panel(profile) / tile_side * (profile.m / tile_side);
}

std::size_t superblocks_of(const Profile& profile) { return profile.tiles() / superblock_tiles; }

/// The tree is over a panel's leaves first, and then over the round's superblocks.
std::size_t largest_tree(const Profile& profile) { return std::max(tiles_of_panel(profile), superblocks_of(profile)); }

} // namespace

GpuCompute::GpuCompute(kernels::DeviceStream& device, const Primitives& primitives, const Profile& profile)
    : device_(device), profile_(profile), panel_rows_(rows_of_panel(profile)),
      leaf_hash_(make_device_hash(primitives, "leaf", tile_side * tile_side * sizeof(std::int32_t))),
      a_(device, 2 * panel_rows_ * profile.k), b_(device, std::uint64_t{profile.m} * profile.k),
      c_(device, 2 * panel_rows_ * profile.m * sizeof(std::int32_t)),
      leaves_(device, tiles_of_panel(profile) * sizeof(Bytes32)),
      superblocks_(device, superblocks_of(profile) * sizeof(Bytes32)), root_(device, sizeof(Bytes32)),
      tree_(device, primitives, largest_tree(profile)) {
    const auto count = superblocks_of(profile) + 1;
    arrived_ = static_cast<Bytes32*>(device.allocate_pinned(count * sizeof(Bytes32)));
    if (arrived_ != nullptr) return;
    pageable_.resize(count);
    arrived_ = pageable_.data();
}

std::uint64_t GpuCompute::memory_bytes(const Profile& profile) {
    const std::uint64_t panel = rows_of_panel(profile);
    return 2 * panel * profile.k + std::uint64_t{profile.m} * profile.k + 2 * panel * profile.m * sizeof(std::int32_t) +
           (tiles_of_panel(profile) + superblocks_of(profile) + 1) * sizeof(Bytes32) +
           GpuTree::memory_bytes(largest_tree(profile));
}

void GpuCompute::make_rows(std::size_t panel) {
    const std::uint64_t blocks = panel_rows_ * profile_.k / 64;
    device_.chacha8(Lane::hash, seed_.data(), static_cast<std::uint64_t>(Operand::a), panel * blocks,
                    a_ + panel % 2 * panel_rows_ * profile_.k, blocks);
}

void GpuCompute::hash_panel(std::size_t panel) {
    const auto superblocks = tiles_of_panel(profile_) / superblock_tiles;
    const auto c = c_ + panel % 2 * panel_rows_ * profile_.m * sizeof(std::int32_t);
    device_.hash_tiles(Lane::hash, leaf_hash_, {c, profile_.m, panel_rows_, profile_.m}, leaves_);
    tree_.raise(Lane::hash, leaves_, tiles_of_panel(profile_), superblocks,
                superblocks_ + panel * superblocks * sizeof(Bytes32));
}

void GpuCompute::compute_round(const Bytes32& seed) {
    seed_ = seed;
    const auto panels = profile_.m / panel_rows_;
    const auto ldc = profile_.m, k = profile_.k;
    make_rows(0);
    device_.chacha8(Lane::product, seed_.data(), static_cast<std::uint64_t>(Operand::b_transposed), 0, b_,
                    std::uint64_t{profile_.m} * k / 64);
    device_.follow(Lane::product, Lane::hash);
    if (panels > 1) make_rows(1);
    for (std::size_t panel = 0; panel < panels; ++panel) {
        device_.gemm_s8(Lane::product, {panel_rows_, profile_.m, k, a_ + panel % 2 * panel_rows_ * k, k, b_, k,
                                        c_ + panel % 2 * panel_rows_ * ldc * sizeof(std::int32_t), ldc});
        // The next product needs what the other lane has been given so far, and that lane now this product: its result,
        // and its rows of A to write over.
        device_.follow(Lane::product, Lane::hash);
        device_.follow(Lane::hash, Lane::product);
        hash_panel(panel);
        if (panel + 2 < panels) make_rows(panel + 2);
    }
    const auto superblocks = superblocks_of(profile_);
    const bool is_tree = superblocks > 1;
    if (is_tree) tree_.raise(Lane::hash, superblocks_, superblocks, 1, root_);
    device_.copy_out(Lane::hash, arrived_, superblocks_, superblocks * sizeof(Bytes32));
    const DeviceAddress root = is_tree ? root_ : superblocks_;
    device_.copy_out(Lane::hash, arrived_ + superblocks, root, sizeof(Bytes32));
    device_.synchronize();
}

ComputeRun GpuCompute::run(const Bytes32& device_seed, const RunLimits& limits) {
    const auto superblocks = superblocks_of(profile_);
    ComputeRun result{.profile = profile_, .device_seed = device_seed};
    const auto started = std::chrono::steady_clock::now();
    const auto is_time_up = [&] {
        const auto rounds = result.roots.size();
        if (limits.stop.stop_requested() || rounds >= limits.round_limit) return true;
        const auto now = std::chrono::steady_clock::now();
        return rounds > 0 && now + (now - started) / rounds > limits.deadline;
    };
    while (!is_time_up()) {
        compute_round(round_seed(device_seed, static_cast<std::uint32_t>(result.roots.size()),
                                 result.roots.empty() ? Bytes32{} : result.roots.back()));
        result.superblock_roots.emplace_back(arrived_, arrived_ + superblocks);
        result.roots.push_back(arrived_[superblocks]);
        if (limits.on_round) limits.on_round(static_cast<std::uint32_t>(result.roots.size()));
    }
    result.elapsed = std::chrono::steady_clock::now() - started;
    return result;
}

} // namespace kaisar::popw
