/// Memory for the large arrays of a proof, aligned for huge pages.
#pragma once

#include "error/error.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <sys/mman.h>

namespace kaisar::popw {

inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

constexpr std::uint64_t in_huge_pages(std::uint64_t size_bytes) {
    return (size_bytes + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
}

/// When the system is made to give the memory: at once, so that its first use, when the clock runs, costs nothing; or
/// as it is written, which lets all the writing threads share the cost.
enum class Touch { at_once, as_written };

template <class Element>
class HugeArray {
public:
    /// Throws Error(environment) when the system has not that much.
    explicit HugeArray(std::size_t count, Touch touch = Touch::at_once)
        : memory_(allocate(in_huge_pages(count * sizeof(Element)), touch), std::free) {}
    Element* data() const { return static_cast<Element*>(memory_.get()); }

private:
    static void* allocate(std::size_t size_bytes, Touch touch) {
        void* memory = std::aligned_alloc(huge_page_bytes, size_bytes);
        if (memory == nullptr)
            throw Error(ErrorKind::environment,
                        "no memory for the proof: " + std::to_string(size_bytes >> 20) + " MiB were refused",
                        "free memory, or allow less with --max-memory");
        madvise(memory, size_bytes, MADV_HUGEPAGE); // only advice: whatever it answers, the memory works
        if (touch == Touch::at_once) std::memset(memory, 0, size_bytes);
        return memory;
    }
    std::unique_ptr<void, void (*)(void*)> memory_;
};

} // namespace kaisar::popw
