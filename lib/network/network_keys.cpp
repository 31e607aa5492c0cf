#include "network/network_keys.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"

#include <array>
#include <fmt/format.h>

namespace kaisar::network {
namespace {

constexpr std::string_view heading = "kaisar-network keys 1\n";
/// The lines of a network with one checker; each further checker adds the second and the third once more.
constexpr std::array<std::string_view, 4> names{"portal", "checker", "beacons", "schedule"};
constexpr std::size_t names_per_checker = 2;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t file_limit_bytes = 16 * 1024;

using Secrets = std::vector<Secret>;

std::string_view name_of_line(std::size_t line) {
    return line < names.size() ? names[line] : names[1 + (line - names.size()) % names_per_checker];
}

Secrets load_secrets(const Path& path, std::string_view text) {
    const auto torn = [&](std::string_view what) {
        return Error(ErrorKind::environment, fmt::format("{}: {}", path.string(), what),
                     "restore the file from a backup: workers have pinned these keys, new ones mean a new network");
    };
    if (!text.starts_with(heading)) throw torn("this is no key file of a version that is known here");
    text.remove_prefix(heading.size());
    Secrets secrets;
    while (secrets.size() < names.size() || !text.empty()) {
        const auto name = name_of_line(secrets.size());
        const auto line = text.substr(0, text.find('\n'));
        auto bytes = line.starts_with(name) && line.size() > name.size()
                         ? decode_hex_array<secret_bytes>(line.substr(name.size() + 1))
                         : std::nullopt;
        if (!bytes) throw torn(fmt::format("the line \"{}\" with 32 bytes in hexadecimal is missing", name));
        secrets.push_back(Secret::copy_of(*bytes));
        wipe(*bytes);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    if ((secrets.size() - names.size()) % names_per_checker != 0)
        throw torn("the last checker has no line \"beacons\"");
    return secrets;
}

Secrets make_secrets(const Path& path, std::size_t checkers) {
    Secrets secrets;
    std::string text(heading);
    for (std::size_t line = 0; line < names.size() + names_per_checker * (checkers - 1); ++line) {
        secrets.emplace_back(secret_bytes);
        fill_random(secrets.back().mutable_view());
        text += fmt::format("{} {}\n", name_of_line(line), encode_hex(secrets.back().view()));
    }
    save_file(path, text);
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return secrets;
}

NetworkKeys keys_of(Secrets secrets) {
    NetworkKeys keys{
        .portal = Ed25519Key::from_seed(secrets[0].view()), .checkers = {}, .schedule = std::move(secrets[3])};
    keys.checkers.push_back({Ed25519Key::from_seed(secrets[1].view()), std::move(secrets[2])});
    for (std::size_t line = names.size(); line < secrets.size(); line += names_per_checker)
        keys.checkers.push_back({Ed25519Key::from_seed(secrets[line].view()), std::move(secrets[line + 1])});
    return keys;
}

} // namespace

NetworkKeys load_or_make_network_keys(const Path& path, std::size_t checkers) {
    check(checkers >= 1 && checkers <= checker_limit, "the number of checkers is checked where it is given");
    std::error_code ignored;
    return std::filesystem::exists(path, ignored) ? load_network_keys(path) : keys_of(make_secrets(path, checkers));
}

NetworkKeys load_network_keys(const Path& path) {
    require_private(path);
    auto content = load_file(path, file_limit_bytes);
    auto secrets = load_secrets(path, text_of(content));
    wipe(content);
    return keys_of(std::move(secrets));
}

} // namespace kaisar::network
