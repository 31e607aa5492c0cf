#include "files/files.h"

#include "error/error.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace kaisar {
namespace {

constexpr std::string_view temporary_suffix = ".kaisar-new";

/// A file descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    int get() const { return value_; }

private:
    int value_;
};

[[noreturn]] void fail(const Path& path, std::string_view what, int code) {
    std::string hint;
    if (code == EACCES || code == EPERM)
        hint = "check the owner and the mode of the file and of the directories above it";
    else if (code == ENOSPC || code == EDQUOT)
        hint = "free some space on that file system and run the same command again";
    else if (code == EROFS)
        hint = "choose another place with --data-dir";
    throw Error(ErrorKind::environment, fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(code)),
                hint);
}

void write_all(int descriptor, ByteView content, const Path& path) {
    while (!content.empty()) {
        const auto written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail(path, "write", written == 0 ? ENOSPC : errno);
        content = content.subspan(static_cast<std::size_t>(written));
    }
}

void sync_directory(const Path& directory) {
    const Descriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor.get() < 0 || ::fsync(descriptor.get()) != 0) fail(directory, "sync", errno);
}

Bytes read_descriptor(int descriptor, const Path& path, std::size_t limit_bytes) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) fail(path, "read", errno);
    if (S_ISDIR(status.st_mode)) fail(path, "read", EISDIR);
    // Read in place, without a buffer between: whoever wipes the content has wiped all that there was of it.
    const auto expected = std::max<std::size_t>(static_cast<std::size_t>(status.st_size), 4095);
    Bytes content(std::min(expected, limit_bytes) + 1);
    std::size_t filled = 0;
    for (;;) {
        if (filled == content.size()) content.resize(2 * content.size()); // a pipe, or a file that grows
        const auto count = ::read(descriptor, content.data() + filled, content.size() - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(path, "read", errno);
        filled += static_cast<std::size_t>(count);
        if (filled > limit_bytes)
            throw Error(ErrorKind::environment, fmt::format("{} is larger than {} bytes", path.string(), limit_bytes),
                        "this is not a file that kaisar wrote; name another one");
        if (count == 0) break;
    }
    content.resize(filled);
    return content;
}

/// Another name for each write, so that two that save the same file at once do not mix their contents.
Path make_temporary_name(const Path& path) {
    static std::atomic<unsigned> serial{0};
    return fmt::format("{}.{}.{}{}", path.string(), ::getpid(), serial++, temporary_suffix);
}

/// Writes and syncs a temporary file beside `path`, lets `publish` give it that name, and syncs the directory.
template <typename Publish>
void write_beside(const Path& path, ByteView content, Access access, Publish publish) {
    const auto directory = path.has_parent_path() ? path.parent_path() : Path(".");
    const auto temporary = make_temporary_name(path);
    const mode_t mode = access == Access::owner_only ? 0600 : 0644;
    try {
        ::unlink(temporary.c_str());
        const Descriptor descriptor(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
        if (descriptor.get() < 0) fail(path, "create", errno);
        if (::fchmod(descriptor.get(), mode) != 0) fail(path, "set the mode of", errno);
        write_all(descriptor.get(), content, path);
        if (::fsync(descriptor.get()) != 0) fail(path, "sync", errno);
        publish(temporary);
    } catch (const Error&) {
        ::unlink(temporary.c_str());
        throw;
    }
    sync_directory(directory);
}

} // namespace

std::optional<Bytes> find_file(const Path& path, std::size_t limit_bytes) {
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (descriptor.get() < 0) {
        if (errno == ENOENT) return std::nullopt;
        fail(path, "open", errno);
    }
    return read_descriptor(descriptor.get(), path, limit_bytes);
}

Bytes load_file(const Path& path, std::size_t limit_bytes) {
    auto content = find_file(path, limit_bytes);
    if (!content) fail(path, "open", ENOENT);
    return std::move(*content);
}

void save_file(const Path& path, ByteView content, Access access) {
    write_beside(path, content, access, [&](const Path& temporary) {
        if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "replace", errno);
    });
}

void save_new_file(const Path& path, ByteView content, Access access) {
    bool is_published = false;
    try {
        write_beside(path, content, access, [&](const Path& temporary) {
            // Unlike a rename, a link to a name that exists fails.
            if (::link(temporary.c_str(), path.c_str()) != 0) {
                if (errno == EEXIST)
                    throw Error(ErrorKind::environment, fmt::format("{} exists already", path.string()),
                                "name another file, or move that one away");
                fail(path, "create", errno);
            }
            is_published = true;
            ::unlink(temporary.c_str());
        });
    } catch (const Error&) {
        if (is_published) ::unlink(path.c_str());
        throw;
    }
}

void save_new_file(const Path& path, std::string_view content, Access access) {
    save_new_file(path, bytes_of(content), access);
}

void save_file(const Path& path, std::string_view content, Access access) {
    save_file(path, bytes_of(content), access);
}

void make_private_directory(const Path& path) {
    std::error_code code;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), code);
    if (code) fail(path, "make directory", code.value());
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail(path, "make directory", errno);
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) fail(path, "look at", errno);
    if (!S_ISDIR(status.st_mode)) fail(path, "use as a directory", ENOTDIR);
    if ((status.st_mode & 077) != 0)
        throw Error(ErrorKind::environment,
                    fmt::format("{} may be read by others (mode {:o})", path.string(), status.st_mode & 0777),
                    fmt::format("chmod 700 {}", path.string()));
}

void sweep_temporaries(const Path& directory) {
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(directory, code))
        if (entry.path().string().ends_with(temporary_suffix)) std::filesystem::remove(entry.path(), code);
}

void require_private(const Path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) fail(path, "look at", errno);
    if ((status.st_mode & 077) != 0)
        throw Error(ErrorKind::environment,
                    fmt::format("{} holds a secret but may be read by others (mode {:o})", path.string(),
                                status.st_mode & 0777),
                    fmt::format("chmod 600 {}", path.string()));
}

std::optional<FileLock> FileLock::try_acquire(const Path& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) fail(path, "open", errno);
    FileLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno == EWOULDBLOCK) return std::nullopt;
    fail(path, "lock", errno);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

} // namespace kaisar
