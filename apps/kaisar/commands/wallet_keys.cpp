/// create, import, show, address, export, change-password: what happens to the wallet's key and its file.
#include "bytes/hex.h"
#include "error/error.h"
#include "settings/data_directory.h"
#include "wallet.h"
#include "wallet/derivation.h"
#include "wallet/keystore_json.h"
#include "wallet/mnemonic.h"
#include "wallet/secret_file.h"
#include "wallet/wallet_file.h"
#include "wallet_json.h"
#include "wallet_mnemonic.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

enum class Existing { refuse, set_aside };

Path wallet_path(const Context& context) { return DataDirectory(context.places.data_dir).wallet(); }

/// Before anything is asked, so that nobody chooses a password for a wallet that cannot be kept.
void require_free(const Path& path, Existing existing) {
    if (existing == Existing::set_aside) return;
    if (const auto present = find_wallet(path))
        throw Error(ErrorKind::wallet,
                    fmt::format("{} holds a wallet already{}", path.string(),
                                present->address ? ": " + format_address(*present->address) : ""),
                    "use that one; or --replace makes a new one and keeps the old one under another name");
}

/// Encrypts the account and writes it where no wallet is, or no longer is.
WalletReport keep_account(const Account& account, const Secret& password, const std::string& derivation_path,
                          Existing existing, Context& context) {
    const auto path = wallet_path(context);
    const auto keystore = encrypt_account(account, password.view(), derivation_path);
    WalletReport report{.address = account.address(), .file = path.string(), .path = derivation_path};
    // Also one that can no longer be read: it is kept, whatever it is.
    if (std::error_code ignored; existing == Existing::set_aside && std::filesystem::exists(path, ignored))
        report.set_aside = replace_wallet(path, keystore).string();
    else
        save_new_wallet(path, keystore);
    if (!report.set_aside.empty())
        context.terminal.say(fmt::format("The wallet that was there is now {}", report.set_aside));
    context.terminal.say(fmt::format("Wallet {}", report.file));
    return report;
}

/// A file that goes again unless the work that it belongs to succeeds: words of a wallet that never was would only
/// mislead.
class NewFile {
public:
    explicit NewFile(Path path) : path_(std::move(path)) {}
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    ~NewFile() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove(path_, ignored);
    }
    void keep() { path_.clear(); }

private:
    Path path_;
};

void print_address_or_json(const WalletReport& report, Context& context) {
    context.terminal.print_result(context.options.json ? wallet_json(report) : format_address(*report.address));
}

/// A private key as people pass it on: 64 hexadecimal digits, with or without 0x.
Account parse_private_key(const Secret& text) {
    auto digits = text_of(text.view());
    while (!digits.empty() && (digits.back() == '\n' || digits.back() == '\r' || digits.back() == ' '))
        digits.remove_suffix(1);
    auto bytes = decode_hex(digits);
    const auto secret = Secret::copy_of(bytes ? ByteView(*bytes) : ByteView());
    if (bytes) wipe(*bytes);
    auto account = Account::from_private_key(secret.view());
    if (!account)
        throw Error(ErrorKind::wallet, "this is not the private key of an EVM account",
                    "a private key is 64 hexadecimal digits, with or without 0x, and not zero");
    return std::move(*account);
}

/// The account that is imported, and its place in a mnemonic's tree where it came from one.
struct Imported {
    Account account;
    std::string path;
};

Imported import_from_mnemonic(const Secret& text, const MnemonicOptions& options, Context& context) {
    return {account_of(parse_mnemonic(text.view()), options, context), options.path};
}

Imported read_account(const ImportOptions& options, const std::optional<Secret>& password, Context& context) {
    if (!options.keystore.empty()) {
        const auto content = load_file(options.keystore, keystore_limit_bytes);
        const auto keystore = decode_keystore(text_of(content), options.keystore);
        return {decrypt_account(keystore, password->view()), keystore.path};
    }
    if (!options.key_file.empty()) {
        warn_if_readable_by_others(options.key_file, context);
        return {parse_private_key(load_secret_file(options.key_file)), ""};
    }
    if (!options.mnemonic_file.empty()) {
        warn_if_readable_by_others(options.mnemonic_file, context);
        return import_from_mnemonic(load_secret_file(options.mnemonic_file), options.mnemonic, context);
    }
    if (!context.terminal.can_ask())
        throw Error(ErrorKind::usage, "there is nothing to import, and no terminal to ask on",
                    "name it with --mnemonic-file, --keystore or --key-file");
    return import_from_mnemonic(context.terminal.ask_secret("The mnemonic's words, with spaces between them:"),
                                options.mnemonic, context);
}

} // namespace

int create_wallet(const CreateOptions& options, Context& context) {
    const auto existing = options.replace ? Existing::set_aside : Existing::refuse;
    require_free(wallet_path(context), existing);
    require_way_to_hand_over(options.mnemonic_file, context);
    parse_derivation_path(options.mnemonic.path); // a slip here is told before a password is typed
    make_private_directory(context.places.data_dir);
    const auto password = read_password(options.password, context, Purpose::choose);
    const auto mnemonic = make_mnemonic(options.words == 12 ? MnemonicLength::words_12 : MnemonicLength::words_24);
    const auto account = account_of(mnemonic, options.mnemonic, context);
    hand_over_mnemonic(mnemonic, options.mnemonic_file, context);
    NewFile words(options.mnemonic_file);
    auto report = keep_account(account, password, options.mnemonic.path, existing, context);
    words.keep();
    report.action = "create";
    report.mnemonic_file = options.mnemonic_file;
    print_address_or_json(report, context);
    return 0;
}

int import_wallet(const ImportOptions& options, Context& context) {
    const auto existing = options.replace ? Existing::set_aside : Existing::refuse;
    require_free(wallet_path(context), existing);
    parse_derivation_path(options.mnemonic.path);
    make_private_directory(context.places.data_dir);
    std::optional<Secret> password;
    // A keystore keeps its password; for a bare key or words one is chosen, once they are known to be right.
    if (!options.keystore.empty()) password = read_password(options.password, context, Purpose::unlock);
    const auto imported = read_account(options, password, context);
    if (!password) password = read_password(options.password, context, Purpose::choose);
    auto report = keep_account(imported.account, *password, imported.path, existing, context);
    report.action = "import";
    print_address_or_json(report, context);
    return 0;
}

int show_wallet(Context& context) {
    const auto path = wallet_path(context);
    const auto keystore = load_wallet(path);
    if (context.options.json) {
        context.terminal.print_result(wallet_json({.action = "show",
                                                   .address = keystore.address,
                                                   .file = path.string(),
                                                   .path = keystore.path,
                                                   .encryption = keystore}));
        return 0;
    }
    const auto* scrypt = std::get_if<ScryptCost>(&keystore.cost);
    const auto encryption =
        scrypt != nullptr ? fmt::format("scrypt n={} r={} p={}", scrypt->n, scrypt->r, scrypt->p)
                          : fmt::format("pbkdf2 with {} iterations", std::get<Pbkdf2Cost>(keystore.cost).iterations);
    context.terminal.print_result(
        fmt::format("address     {}\npath        {}\nfile        {}\nencryption  {}",
                    keystore.address ? format_address(*keystore.address) : "not named in the file",
                    keystore.path.empty() ? "none (a single key)" : keystore.path, path.string(), encryption));
    return 0;
}

int show_wallet_address(Context& context) {
    const auto path = wallet_path(context);
    const auto keystore = load_wallet(path);
    if (!keystore.address)
        throw Error(ErrorKind::wallet, fmt::format("{} does not name its address", path.string()),
                    "`kaisar wallet import --keystore FILE --replace` writes a file that does");
    print_address_or_json({.action = "address", .address = keystore.address}, context);
    return 0;
}

int export_wallet(const ExportOptions& options, Context& context) {
    const auto path = wallet_path(context);
    const auto keystore = load_wallet(path);
    const auto password = read_password(options.password, context, Purpose::unlock);
    const auto account = decrypt_account(keystore, password.view());
    const bool as_key = options.format == "key";
    auto content = as_key ? encode_hex_prefixed(account.private_key()) : encode_keystore(keystore);
    WalletReport report{.action = "export", .address = account.address(), .path = keystore.path, .out = options.out};
    if (!options.out.empty()) {
        save_new_file(options.out, as_key ? content + "\n" : content);
        context.terminal.say(fmt::format("Wrote {}", options.out));
        print_address_or_json(report, context);
    } else {
        if (as_key)
            context.terminal.say(context.terminal.styled(
                Style::warning, "Whoever reads the next line owns everything that this wallet holds."));
        (as_key ? report.private_key : report.keystore) = content;
        context.terminal.print_result(context.options.json ? wallet_json(report) : content);
    }
    wipe({reinterpret_cast<std::uint8_t*>(content.data()), content.size()});
    return 0;
}

int change_wallet_password(const ChangePasswordOptions& options, Context& context) {
    const auto path = wallet_path(context);
    const auto keystore = load_wallet(path);
    const auto password = read_password(options.password, context, Purpose::unlock);
    const auto account = decrypt_account(keystore, password.view());
    const auto new_password = read_password(options.new_password, context, Purpose::choose, "new-");
    save_wallet(path, encrypt_account(account, new_password.view(), keystore.path));
    context.terminal.say(fmt::format(
        "{} now opens with the new password; copies made earlier still open with the old one", path.string()));
    print_address_or_json({.action = "change-password", .address = account.address(), .file = path.string()}, context);
    return 0;
}

} // namespace kaisar
