/// A store in a directory of its own that goes away with the test.
#pragma once

#include "network/store.h"

#include <stdlib.h>

namespace kaisar::network {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        char name[] = "/tmp/kaisar-network-test-XXXXXX";
        path_ = mkdtemp(name);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    Path operator/(const char* name) const { return path_ / name; }

private:
    Path path_;
};

struct TemporaryStore {
    TemporaryDirectory directory;
    std::unique_ptr<Store> store = open_sqlite_store(directory / "network.db", StoreUse::serve);
};

/// 32 equal bytes.
inline Bytes32 filled(std::uint8_t byte) {
    Bytes32 bytes;
    bytes.fill(byte);
    return bytes;
}

} // namespace kaisar::network
