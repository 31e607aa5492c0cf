/// What a worker would earn in one epoch if every slot went like the one that it has just played.
#pragma once

#include "points/epoch_points.h"

namespace kaisar::points {

struct PredictedEpoch {
    std::vector<PointsLine> lines;
    std::uint64_t micro_points = 0;
};

/// One epoch in which the worker is heard in every slot and proves every active one, without a strike.
struct PredictedPoints {
    std::chrono::seconds epoch{0};
    /// As many as are to be expected: which slots are active is drawn.
    std::uint64_t active_slots = 0;
    PredictedEpoch published;
    PredictedEpoch linear;
};

/// `rates` are those of one processor and its memory in an active slot with a memory phase, or without memory. Memory
/// counts from the epoch's first memory phase on, so the slots that are to be expected before it score without.
PredictedPoints predict_points(const popw::AttestedRates& rates, std::uint64_t claimed_cores,
                               const popw::Params& params);

} // namespace kaisar::points
