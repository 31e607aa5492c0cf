#include "wallet/derivation.h"

#include "crypto/key_derivation.h"
#include "error/error.h"

#include <charconv>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::uint32_t hardened = 0x8000'0000;
constexpr std::size_t deepest_path = 10; // no wallet uses more than six levels

[[noreturn]] void refuse_path(std::string_view path, std::string_view why) {
    throw Error(ErrorKind::usage, fmt::format("derivation path \"{:.80}\": {}", path, why),
                fmt::format("write it as {}", default_derivation_path));
}

ExtendedKey split_halves(const Secret& code, Secret key) {
    return {.key = std::move(key), .chain_code = Secret::copy_of(code.view().last(32))};
}

} // namespace

std::vector<std::uint32_t> parse_derivation_path(std::string_view path) {
    auto rest = path;
    if (!rest.starts_with("m")) refuse_path(path, "it does not start with m");
    rest.remove_prefix(1);
    std::vector<std::uint32_t> numbers;
    while (!rest.empty()) {
        if (!rest.starts_with('/')) refuse_path(path, fmt::format("expected / before \"{}\"", rest));
        rest.remove_prefix(1);
        std::uint32_t number = 0;
        const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (fault != std::errc{} || number >= hardened)
            refuse_path(path, fmt::format("expected a number below 2147483648 at \"{}\"", rest));
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        if (rest.starts_with('\'') || rest.starts_with('h')) {
            number |= hardened;
            rest.remove_prefix(1);
        }
        numbers.push_back(number);
        if (numbers.size() > deepest_path) refuse_path(path, fmt::format("it has more than {} levels", deepest_path));
    }
    return numbers;
}

std::optional<ExtendedKey> derive_master_key(ByteView seed) {
    const auto code = hmac_sha512(bytes_of("Bitcoin seed"), seed);
    auto key = Secret::copy_of(code.view().first(32));
    if (!Secp256k1Key::from_scalar(key.view())) return std::nullopt;
    return split_halves(code, std::move(key));
}

std::optional<ExtendedKey> derive_child_key(const ExtendedKey& parent, std::uint32_t number) {
    Secret message(37);
    auto to = message.mutable_view();
    if (number >= hardened) {
        std::memcpy(to.data() + 1, parent.key.view().data(), 32);
    } else {
        const auto parent_key = Secp256k1Key::from_scalar(parent.key.view());
        if (!parent_key) return std::nullopt;
        const auto compressed = compress_public_key(parent_key->public_key());
        std::memcpy(to.data(), compressed.data(), compressed.size());
    }
    for (std::size_t i = 0; i < 4; ++i) to[33 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    const auto code = hmac_sha512(parent.chain_code.view(), message.view());
    auto key = add_to_scalar(parent.key.view(), code.view().first(32));
    if (!key) return std::nullopt;
    return split_halves(code, std::move(*key));
}

Account derive_account(ByteView seed, std::string_view path) {
    auto key = derive_master_key(seed);
    for (auto number : parse_derivation_path(path))
        if (key) key = derive_child_key(*key, number);
    auto account = key ? Account::from_private_key(key->key.view()) : std::nullopt;
    if (!account) throw Error(ErrorKind::wallet, fmt::format("there is no account at {}", path), "use the next index");
    return std::move(*account);
}

} // namespace kaisar
