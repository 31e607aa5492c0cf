/// When things happen: epochs, slots, T0, and what a slot's schedule word decides.
#pragma once

#include "clock/clock.h"
#include "popw_rules/params.h"

#include <compare>

namespace kaisar::popw {

struct SlotId {
    std::uint64_t epoch = 0;
    std::uint32_t slot = 0;
    auto operator<=>(const SlotId&) const = default;
};

/// On-demand challenges (mode 3) take their slot numbers from here on, so that they never meet a scheduled slot.
inline constexpr std::uint32_t first_on_demand_slot = 0x80000000u;

std::uint32_t slots_per_epoch(const Params& params);

/// The slot whose boundaries enclose `instant`, which must not lie before 1970.
SlotId slot_at(const Params& params, Instant instant);

/// The slot's boundary; its T0 is t0_offset later.
Instant boundary_of(const Params& params, SlotId id);
Instant t0_of(const Params& params, SlotId id);
SlotId next_slot(const Params& params, SlotId id);

/// The first slot whose T0 is not before `instant`: the one to wait for.
SlotId upcoming_slot(const Params& params, Instant instant);

/// Whether a scheduled slot of that number exists.
bool is_scheduled(const Params& params, SlotId id);

/// What the network-wide schedule word published at T0 decides.
bool is_active(const Params& params, const Bytes32& schedule_word);
/// Whether an active slot has a memory phase after its compute phase.
bool has_memory_phase(const Params& params, const Bytes32& schedule_word);

} // namespace kaisar::popw
