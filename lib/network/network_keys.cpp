#include "network/network_keys.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"

#include <array>
#include <fmt/format.h>

namespace kaisar::network {
namespace {

constexpr std::string_view heading = "kaisar-network keys 1\n";
constexpr std::array<std::string_view, 4> names{"portal", "checker", "beacons", "schedule"};
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t file_limit_bytes = 1024;

using Secrets = std::array<Secret, names.size()>;

Secrets load_secrets(const Path& path, std::string_view text) {
    const auto torn = [&](std::string_view what) {
        return Error(ErrorKind::environment, fmt::format("{}: {}", path.string(), what),
                     "restore the file from a backup: workers have pinned these keys, new ones mean a new network");
    };
    if (!text.starts_with(heading)) throw torn("this is no key file of a version that is known here");
    text.remove_prefix(heading.size());
    Secrets secrets;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto line = text.substr(0, text.find('\n'));
        auto bytes = line.starts_with(names[i]) && line.size() > names[i].size()
                         ? decode_hex_array<secret_bytes>(line.substr(names[i].size() + 1))
                         : std::nullopt;
        if (!bytes) throw torn(fmt::format("the line \"{}\" with 32 bytes in hexadecimal is missing", names[i]));
        secrets[i] = Secret::copy_of(*bytes);
        wipe(*bytes);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return secrets;
}

Secrets make_secrets(const Path& path) {
    Secrets secrets;
    std::string text(heading);
    for (std::size_t i = 0; i < names.size(); ++i) {
        secrets[i] = Secret(secret_bytes);
        fill_random(secrets[i].mutable_view());
        text += fmt::format("{} {}\n", names[i], encode_hex(secrets[i].view()));
    }
    save_file(path, text);
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return secrets;
}

NetworkKeys keys_of(Secrets secrets) {
    return {.portal = Ed25519Key::from_seed(secrets[0].view()),
            .checker = Ed25519Key::from_seed(secrets[1].view()),
            .beacons = std::move(secrets[2]),
            .schedule = std::move(secrets[3])};
}

} // namespace

NetworkKeys load_or_make_network_keys(const Path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored) ? load_network_keys(path) : keys_of(make_secrets(path));
}

NetworkKeys load_network_keys(const Path& path) {
    require_private(path);
    auto content = load_file(path, file_limit_bytes);
    auto secrets = load_secrets(path, text_of(content));
    wipe(content);
    return keys_of(std::move(secrets));
}

} // namespace kaisar::network
