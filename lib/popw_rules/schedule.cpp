#include "popw_rules/schedule.h"

#include "bytes/little_endian.h"
#include "error/error.h"

namespace kaisar::popw {
namespace {

constexpr std::uint64_t always = ~std::uint64_t{0};

bool is_below(std::uint64_t word, std::uint64_t threshold) { return threshold == always || word < threshold; }

} // namespace

std::uint32_t slots_per_epoch(const Params& params) { return static_cast<std::uint32_t>(params.epoch / params.slot); }

SlotId slot_at(const Params& params, Instant instant) {
    const auto since_1970 = instant.time_since_epoch();
    check(since_1970 >= Microseconds(0), "the schedule begins in 1970");
    return {static_cast<std::uint64_t>(since_1970 / params.epoch),
            static_cast<std::uint32_t>(since_1970 % params.epoch / params.slot)};
}

Instant boundary_of(const Params& params, SlotId id) {
    return Instant(params.epoch * static_cast<std::int64_t>(id.epoch) +
                   params.slot * static_cast<std::int64_t>(id.slot));
}

Instant t0_of(const Params& params, SlotId id) { return boundary_of(params, id) + params.t0_offset; }

SlotId next_slot(const Params& params, SlotId id) {
    if (id.slot + 1 < slots_per_epoch(params)) return {id.epoch, id.slot + 1};
    return {id.epoch + 1, 0};
}

SlotId upcoming_slot(const Params& params, Instant instant) {
    const auto id = slot_at(params, instant);
    return t0_of(params, id) >= instant ? id : next_slot(params, id);
}

bool is_scheduled(const Params& params, SlotId id) {
    const auto last_epoch = static_cast<std::uint64_t>(Instant::max().time_since_epoch() / params.epoch) - 1;
    return id.slot < slots_per_epoch(params) && id.epoch <= last_epoch;
}

bool is_active(const Params& params, const Bytes32& schedule_word) {
    return is_below(load_le<std::uint64_t>(schedule_word.data()), params.active_threshold);
}

bool has_memory_phase(const Params& params, const Bytes32& schedule_word) {
    return is_active(params, schedule_word) &&
           is_below(load_le<std::uint64_t>(schedule_word.data() + 8), params.memory_threshold);
}

} // namespace kaisar::popw
