#include "owner_limits.h"

#include "network.h"

#include <algorithm>

namespace kaisar {

OwnerLimits load_owner_limits(const Context& context) {
    return context.places.config ? load_configuration(*context.places.config).limits : OwnerLimits{};
}

unsigned allowed_threads(const OwnerLimits& limits) {
    const auto usable = usable_threads();
    return std::min(usable, limits.max_threads.value_or(usable));
}

} // namespace kaisar
