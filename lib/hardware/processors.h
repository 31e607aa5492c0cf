/// Which processors this process may use, in the order in which threads are best given to them.
#pragma once

#include <vector>

namespace kaisar {

struct Processors {
    /// Operating system numbers: one hardware thread of every core first, then the cores' other hardware threads.
    std::vector<unsigned> order;
    /// How many cores those are, and no more than the control group's quota pays for; at least one.
    unsigned cores = 1;
};

Processors detect_processors();

/// Binds the calling thread; false where the system refuses.
bool pin_this_thread(unsigned processor);

} // namespace kaisar
