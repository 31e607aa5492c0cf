#include "settings/node_key.h"

#include "bytes/hex.h"
#include "error/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::string_view first_line = "kaisar node key 1\n";
constexpr std::size_t file_limit_bytes = 4096;

} // namespace

Ed25519Key decode_node_key(std::string_view text, const std::string& name) {
    std::optional<Bytes> seed;
    if (text.starts_with(first_line)) {
        text.remove_prefix(first_line.size());
        if (text.ends_with('\n')) text.remove_suffix(1);
        seed = decode_hex(text);
    }
    if (!seed || seed->size() != 32)
        throw Error(ErrorKind::environment, fmt::format("{} is not a node key of a version that is known here", name),
                    "restore it from a backup; without it this machine has to register as a new worker");
    auto key = Ed25519Key::from_seed(*seed);
    wipe(*seed);
    return key;
}

std::optional<Ed25519Key> find_node_key(const Path& path) {
    auto content = find_file(path, file_limit_bytes);
    if (!content) return std::nullopt;
    require_private(path);
    const auto text = Secret::copy_of(*content);
    wipe(*content);
    return decode_node_key(text_of(text.view()), path.string());
}

Ed25519Key make_node_key(const Path& path) {
    if (std::filesystem::exists(path))
        throw Error(ErrorKind::environment, fmt::format("{} exists already", path.string()),
                    "it is never replaced; move it away first");
    auto key = Ed25519Key::generate();
    auto digits = encode_hex(key.seed());
    Secret text(first_line.size() + digits.size() + 1);
    auto end = std::ranges::copy(first_line, text.mutable_view().begin()).out;
    end = std::ranges::copy(digits, end).out;
    *end = '\n';
    wipe({reinterpret_cast<std::uint8_t*>(digits.data()), digits.size()});
    save_file(path, text.view());
    return key;
}

} // namespace kaisar
