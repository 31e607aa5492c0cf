/// A file that is measured and leaves nothing behind, however the program ends: it never has a name, or loses it at
/// once.
#pragma once

#include "bytes/bytes.h"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace kaisar {

class ScratchFile {
public:
    /// Of `size_bytes`, in a folder that exists. Error(environment) where it cannot be written, where less than twice
    /// the size is free, and where the folder lies in memory: there is no disk to measure then.
    ScratchFile(const std::filesystem::path& folder, std::uint64_t size_bytes);
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;
    ~ScratchFile();

    /// direct: past the system's cache. buffered: the file system does not offer that, and what is read may come from
    /// memory although the cache is told to forget it.
    std::string_view access() const { return is_direct_ ? "direct" : "buffered"; }

    /// Whole blocks of 4 KiB at such places, from memory aligned alike. Error(environment) with the system's reason.
    void write(std::uint64_t offset, ByteView bytes) const;
    void read(std::uint64_t offset, MutableByteView bytes) const;
    /// Everything written is on the device.
    void sync() const;
    /// Asks the system to forget what it keeps of the file; without effect on direct access.
    void forget_cache() const;

private:
    int descriptor_;
    bool is_direct_ = false;
};

} // namespace kaisar
