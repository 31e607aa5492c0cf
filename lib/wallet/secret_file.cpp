#include "wallet/secret_file.h"

#include "error/error.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace kaisar {
namespace {

enum class Extent { first_line, everything };

/// Byte by byte, so that nothing after the line is taken from a pipe that others read on.
Secret read_secret(int descriptor, const std::string& name, Extent extent) {
    Secret content(secret_limit_bytes + 1);
    std::size_t size = 0;
    while (size <= secret_limit_bytes) {
        auto* to = content.mutable_view().data() + size;
        const auto count = ::read(descriptor, to, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0)
            throw Error(ErrorKind::environment, fmt::format("cannot read {}: {}", name, std::strerror(errno)),
                        "name a file that this user may read, or a descriptor that is open for reading");
        if (count == 0 || (*to == '\n' && extent == Extent::first_line)) break;
        ++size;
    }
    if (size > secret_limit_bytes)
        throw Error(ErrorKind::environment, fmt::format("{} is longer than {} bytes", name, secret_limit_bytes),
                    "a secret is one line or a few; name another file");
    if (extent == Extent::first_line && size > 0 && content.view()[size - 1] == '\r') --size;
    if (size == 0) throw Error(ErrorKind::environment, fmt::format("{} is empty", name), "write the secret into it");
    return Secret::copy_of(content.view().first(size));
}

Secret open_and_read(const Path& path, Extent extent) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0)
        throw Error(ErrorKind::environment, fmt::format("cannot open {}: {}", path.string(), std::strerror(errno)),
                    "check the name, the owner and the mode of the file");
    try {
        auto secret = read_secret(descriptor, path.string(), extent);
        ::close(descriptor);
        return secret;
    } catch (const Error&) {
        ::close(descriptor);
        throw;
    }
}

} // namespace

Secret load_secret_line(const Path& path) { return open_and_read(path, Extent::first_line); }

Secret load_secret_line(int descriptor) {
    return read_secret(descriptor, fmt::format("file descriptor {}", descriptor), Extent::first_line);
}

Secret load_secret_file(const Path& path) { return open_and_read(path, Extent::everything); }

} // namespace kaisar
