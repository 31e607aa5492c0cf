/// Memory that ends, or begins, at a page that nobody may touch: a kernel that reads or writes one byte too far dies
/// there.
#pragma once

#include "error/error.h"

#include <cstddef>
#include <cstdint>
#include <sys/mman.h>

namespace kaisar::tests {

enum class Guard { after, before };

class GuardedMemory {
public:
    explicit GuardedMemory(std::size_t capacity_bytes) : capacity_((capacity_bytes + page - 1) / page * page) {
        void* const all = ::mmap(nullptr, capacity_ + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        check(all != MAP_FAILED, "there is memory for the test");
        start_ = static_cast<std::uint8_t*>(all) + page;
        check(::mprotect(start_, capacity_, PROT_READ | PROT_WRITE) == 0, "mprotect works");
    }
    GuardedMemory(const GuardedMemory&) = delete;
    GuardedMemory& operator=(const GuardedMemory&) = delete;
    ~GuardedMemory() { ::munmap(start_ - page, capacity_ + 2 * page); }

    /// `count` elements, the last of them next to the page after, or the first next to the page before.
    template <class Element>
    Element* place(std::size_t count, Guard guard) const {
        const std::size_t size_bytes = count * sizeof(Element);
        check(size_bytes <= capacity_, "the test asked for enough memory");
        return reinterpret_cast<Element*>(guard == Guard::before ? start_ : start_ + capacity_ - size_bytes);
    }

private:
    static constexpr std::size_t page = 4096;
    std::size_t capacity_;
    std::uint8_t* start_;
};

} // namespace kaisar::tests
