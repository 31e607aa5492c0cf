/// A vector on huge pages where the system has them: walks at random through it miss the page tables less.
#pragma once

#include <cstddef>
#include <new>
#include <sys/mman.h>
#include <vector>

namespace kaisar::render {

template <class Element>
struct HugePageAllocator {
    using value_type = Element;

    HugePageAllocator() = default;
    template <class Other>
    HugePageAllocator(const HugePageAllocator<Other>&) {}

    Element* allocate(std::size_t count) {
        void* const memory = ::operator new(count * sizeof(Element), alignment);
        ::madvise(memory, count * sizeof(Element), MADV_HUGEPAGE); // refused in some containers: slower, still right
        return static_cast<Element*>(memory);
    }
    void deallocate(Element* memory, std::size_t) { ::operator delete(memory, alignment); }
    bool operator==(const HugePageAllocator&) const = default;

private:
    static constexpr std::align_val_t alignment{2u << 20};
};

template <class Element>
using HugePages = std::vector<Element, HugePageAllocator<Element>>;

} // namespace kaisar::render
