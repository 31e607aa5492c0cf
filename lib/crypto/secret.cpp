#include "crypto/secret.h"

#include "error/error.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <utility>

namespace kaisar {

Secret::Secret(std::size_t size_bytes) : size_(size_bytes) {
    check(sodium_init() >= 0, "libsodium initialises");
    if (size_ == 0) return;
    data_ = static_cast<std::uint8_t*>(sodium_malloc(size_));
    if (data_ == nullptr)
        throw Error(ErrorKind::environment, "cannot lock memory for a secret",
                    "raise the limit on locked memory (ulimit -l)");
    sodium_memzero(data_, size_);
}

Secret Secret::copy_of(ByteView bytes) {
    Secret secret(bytes.size());
    if (!bytes.empty()) std::memcpy(secret.data_, bytes.data(), bytes.size());
    return secret;
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

Secret::~Secret() {
    if (data_ != nullptr) sodium_free(data_);
}

void wipe(MutableByteView bytes) { sodium_memzero(bytes.data(), bytes.size()); }

bool is_equal_in_constant_time(ByteView a, ByteView b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void forbid_core_dumps() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

} // namespace kaisar
