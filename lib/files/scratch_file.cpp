#include "files/scratch_file.h"

#include "error/error.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/vfs.h>
#include <unistd.h>

namespace kaisar {
namespace {

constexpr std::size_t block_bytes = 4096;
constexpr mode_t owner_only = 0600;

[[noreturn]] void fail(std::string_view what) {
    throw Error(ErrorKind::environment,
                fmt::format("the file for measuring the disk: {}: {}", what, std::strerror(errno)),
                "--scratch names a folder on another disk");
}

void require_disk(const std::filesystem::path& folder) {
    constexpr std::array in_memory = {0x01021994L /* tmpfs */, static_cast<long>(0x858458f6) /* ramfs */};
    struct statfs found {};
    if (::statfs(folder.c_str(), &found) != 0) fail(folder.string());
    for (const long type : in_memory)
        if (static_cast<long>(found.f_type) == type)
            throw Error(ErrorKind::environment, fmt::format("{} lies in memory, not on a disk", folder.string()),
                        "--scratch names a folder on a disk");
}

void require_space(const std::filesystem::path& folder, std::uint64_t size_bytes) {
    std::error_code code;
    const auto space = std::filesystem::space(folder, code);
    if (!code && space.available / 2 >= size_bytes) return;
    throw Error(ErrorKind::environment,
                fmt::format("{} has {} bytes left; a file of {} needs twice as much", folder.string(),
                            code ? 0 : space.available, size_bytes),
                "--size makes the file smaller, --scratch names another place");
}

/// Without a name where the file system can do that; otherwise the name is gone before anything is written.
int open_nameless(const std::filesystem::path& folder) {
    const int nameless = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, owner_only);
    if (nameless >= 0) return nameless;
    auto name = (folder / ".kaisar-bench-XXXXXX").string();
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named < 0) fail(folder.string());
    ::unlink(name.c_str());
    return named;
}

/// Some file systems take the flag and refuse the first access.
bool try_direct(int descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_DIRECT) != 0) return false;
    const std::unique_ptr<void, void (*)(void*)> block(std::aligned_alloc(block_bytes, block_bytes), std::free);
    std::memset(block.get(), 0, block_bytes);
    if (::pwrite(descriptor, block.get(), block_bytes, 0) == static_cast<ssize_t>(block_bytes)) return true;
    ::fcntl(descriptor, F_SETFL, flags);
    return false;
}

} // namespace

ScratchFile::ScratchFile(const std::filesystem::path& folder, std::uint64_t size_bytes) : descriptor_(-1) {
    require_disk(folder);
    require_space(folder, size_bytes);
    descriptor_ = open_nameless(folder);
    is_direct_ = try_direct(descriptor_);
    // Space that is not there shows now and not in the midst; file systems without it write the file anyhow.
    if (const int problem = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(size_bytes)); problem == ENOSPC) {
        ::close(descriptor_);
        errno = problem;
        fail(folder.string());
    }
}

ScratchFile::~ScratchFile() { ::close(descriptor_); }

void ScratchFile::write(std::uint64_t offset, ByteView bytes) const {
    while (!bytes.empty()) {
        const auto done = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) fail("writing");
        offset += static_cast<std::uint64_t>(done);
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
}

void ScratchFile::read(std::uint64_t offset, MutableByteView bytes) const {
    while (!bytes.empty()) {
        const auto done = ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) fail("reading");
        offset += static_cast<std::uint64_t>(done);
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
}

void ScratchFile::sync() const {
    if (::fdatasync(descriptor_) != 0) fail("making it permanent");
}

void ScratchFile::forget_cache() const { ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED); }

} // namespace kaisar
