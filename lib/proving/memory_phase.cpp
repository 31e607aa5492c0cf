#include "proving/memory_phase.h"

#include "error/error.h"
#include "safeguards/spare_memory.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

/// Filled to learn the pace, fresh memory included: a tenth of a second or two.
constexpr std::uint64_t sample_bytes = 48u << 20;
/// Share of the time until beacon B that filling is planned for; the rest is for a busy moment.
constexpr double planned_share = 0.5;

/// What the worker's limit leaves beside the memory that computing has, and the machine can spare now.
std::uint64_t holdable_bytes(const ProvingWorker& worker, const ComputePhase& compute) {
    const auto computing = popw::ComputeProver::memory_bytes(worker.primitives, compute.run.profile, worker.threads,
                                                             static_cast<std::uint32_t>(compute.run.roots.size()));
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

/// Bytes of fresh memory that all threads together make pages of in a second.
double measure_fill_rate(const ProvingWorker& worker, std::uint64_t holdable) {
    popw::MemoryProver sample(worker.primitives, worker.params, std::min(sample_bytes, holdable), worker.threads);
    const auto began = std::chrono::steady_clock::now();
    sample.fill(worker.node_id, worker.stop);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return static_cast<double>(sample.held_bytes()) / took.count();
}

std::uint64_t plan_bytes(const ProvingWorker& worker, const ComputePhase& compute, popw::SteadyTime fill_deadline) {
    const auto holdable = holdable_bytes(worker, compute);
    const auto rate = measure_fill_rate(worker, holdable);
    const std::chrono::duration<double> left = fill_deadline - std::chrono::steady_clock::now();
    const auto fillable = static_cast<std::uint64_t>(std::max(0.0, planned_share * left.count() * rate));
    return std::min(fillable, holdable);
}

} // namespace

MemoryPhase::MemoryPhase(const ProvingWorker& worker, const ComputeDevice& device, const SlotStart& start,
                         const ComputePhase& compute, popw::SteadyTime fill_deadline)
    : worker_(worker), device_(device), start_(start), compute_mark_(compute.mark),
      prover_(std::make_unique<popw::MemoryProver>(worker.primitives, worker.params,
                                                   plan_bytes(worker, compute, fill_deadline), worker.threads)) {
    const auto seed = popw::memory_seed(compute.run.device_seed, popw::mark_hash(compute.mark),
                                        popw::DeviceKind::host_memory, prover_->pages());
    prover_->fill(seed, worker.stop);
    if (!prover_->is_filled())
        throw Error(ErrorKind::interrupted, "interrupted", "this slot is lost; the next one is not");
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
    prover_->begin_walk(walk_value_);
    auto mark = make_next_mark(popw::MarkPhase::hold, compute_mark_);
    mark.devices.push_back(popw::make_hold_entry(prover_->run(), ComputeDevice::index, device_.uid()));
    hold_mark_ = popw::encode_mark(mark, worker_.key);
    return hold_mark_;
}

Bytes MemoryPhase::finish(popw::SteadyTime deadline) {
    prover_->continue_walk(deadline, worker_.stop);
    if (worker_.stop.stop_requested())
        throw Error(ErrorKind::interrupted, "interrupted", "this slot is lost; the next one is not");
    auto mark = make_next_mark(popw::MarkPhase::walk, hold_mark_);
    mark.devices.push_back(popw::make_walk_entry(prover_->run(), ComputeDevice::index, device_.uid()));
    walk_mark_ = popw::encode_mark(mark, worker_.key);
    return walk_mark_;
}

popw::MemoryPart MemoryPhase::open(const Bytes32& query_seed) {
    const auto& run = prover_->run();
    const auto queries = popw::draw_walk_queries(worker_.primitives, query_seed, worker_.params, run.walkers_log2,
                                                 run.hold_batches, static_cast<std::uint32_t>(run.roots.size()));
    return prover_->open(queries);
}

} // namespace kaisar
