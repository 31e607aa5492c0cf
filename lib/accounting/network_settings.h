/// What the operator decided about a network.
#pragma once

#include "network/network_keys.h"
#include "popw_rules/params.h"
#include "settings/network_profile.h"

namespace kaisar::accounting {

/// How points are computed: Kaisar's published tiers, or in proportion to what was proved.
enum class PointsPolicy { published, linear };

struct NetworkSettings {
    NetworkProfile profile; ///< as workers get it
    popw::Params params;
    PointsPolicy points = PointsPolicy::published;
};

} // namespace kaisar::accounting
