#include "wallet/wallet_file.h"

#include "error/error.h"
#include "wallet/keystore_json.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

std::string name_of(const Keystore& keystore) {
    return keystore.address ? format_address(*keystore.address) : "an account that it does not name";
}

/// Gives the file a second name, the first of PATH.1, PATH.2 … that is free.
Path link_aside(const Path& path) {
    for (int number = 1;; ++number) {
        const Path aside = fmt::format("{}.{}", path.string(), number);
        std::error_code fault;
        std::filesystem::create_hard_link(path, aside, fault);
        if (!fault) return aside;
        if (fault != std::errc::file_exists)
            throw Error(ErrorKind::environment,
                        fmt::format("cannot keep {} as {}: {}", path.string(), aside.string(), fault.message()),
                        "move it away yourself and run the same command again");
    }
}

} // namespace

std::optional<Keystore> find_wallet(const Path& path) {
    const auto content = find_file(path, keystore_limit_bytes);
    if (!content) return std::nullopt;
    return decode_keystore(text_of(*content), path.string());
}

Keystore load_wallet(const Path& path) {
    auto keystore = find_wallet(path);
    if (!keystore)
        throw Error(ErrorKind::wallet, fmt::format("there is no wallet at {}", path.string()),
                    "make one with `kaisar wallet create`, or bring one with `kaisar wallet import`");
    return std::move(*keystore);
}

void save_new_wallet(const Path& path, const Keystore& keystore) {
    if (const auto present = find_wallet(path))
        throw Error(ErrorKind::wallet, fmt::format("{} holds a wallet already: {}", path.string(), name_of(*present)),
                    "use that one; or --replace makes a new one and keeps the old one under another name");
    save_new_file(path, encode_keystore(keystore));
}

void save_wallet(const Path& path, const Keystore& keystore) { save_file(path, encode_keystore(keystore)); }

Path replace_wallet(const Path& path, const Keystore& keystore) {
    const auto lock = FileLock::try_acquire(path);
    if (!lock)
        throw Error(ErrorKind::wallet, fmt::format("another kaisar is replacing {} at this moment", path.string()),
                    "run the same command again");
    const auto aside = link_aside(path);
    try {
        save_wallet(path, keystore);
    } catch (const Error&) {
        std::error_code ignored;
        std::filesystem::remove(aside, ignored);
        throw;
    }
    return aside;
}

Account unlock_wallet(const Path& path, ByteView password) { return decrypt_account(load_wallet(path), password); }

} // namespace kaisar
