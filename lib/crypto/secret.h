/// Secrets in guarded memory: locked against swap, fenced by unreadable pages, zeroed when dropped, left out of core
/// dumps.
#pragma once

#include "bytes/bytes.h"

namespace kaisar {

/// A byte string that lives in guarded memory (libsodium's sodium_malloc). Moved, never copied by accident.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::size_t size_bytes);
    /// Copies `bytes`; the caller still has to wipe its own copy.
    static Secret copy_of(ByteView bytes);

    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    ~Secret();

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    ByteView view() const { return {data_, size_}; }
    MutableByteView mutable_view() { return {data_, size_}; }
    Secret clone() const { return copy_of(view()); }

private:
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Overwrites memory in a way that the compiler keeps.
void wipe(MutableByteView bytes);

/// Compares in time that depends on the length only.
bool is_equal_in_constant_time(ByteView a, ByteView b);

/// No core dump, no ptrace by other processes of the same user: called once, in main.
void forbid_core_dumps();

} // namespace kaisar
