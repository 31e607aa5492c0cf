/// sign, verify, bind: what the wallet's key puts its name to.
#include "bytes/hex.h"
#include "error/error.h"
#include "evm/binding_json.h"
#include "evm/typed_data.h"
#include "evm/typed_data_json.h"
#include "settings/data_directory.h"
#include "wallet.h"
#include "wallet/wallet_file.h"
#include "wallet_json.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::size_t message_limit_bytes = 1 << 20;
constexpr std::uint64_t seconds_per_day = 86400;

Path wallet_path(const Context& context) { return DataDirectory(context.places.data_dir).wallet(); }

Bytes32 digest_of(const MessageOptions& options) {
    if (options.message) return personal_message_digest(bytes_of(*options.message));
    if (options.message_file) return personal_message_digest(load_file(*options.message_file, message_limit_bytes));
    const auto document = load_file(*options.typed_data, typed_data_limit_bytes);
    return typed_data_json_digest(text_of(document), *options.typed_data);
}

Signature65 parse_signature(const std::string& text) {
    auto signature = decode_hex_array<65>(text);
    if (!signature)
        throw Error(ErrorKind::usage,
                    fmt::format("--signature: expected 65 bytes in hexadecimal, got \"{:.160}\"", text),
                    "it is what `kaisar wallet sign` prints: r, s and v, 0x and 130 digits");
    if ((*signature)[64] < 2)
        (*signature)[64] = static_cast<std::uint8_t>((*signature)[64] + 27); // as some hardware wallets write v
    return *signature;
}

Address parse_address_option(std::string_view option, const std::string& text) {
    const auto address = parse_address(text);
    if (!address)
        throw Error(ErrorKind::usage, fmt::format("{}: \"{:.80}\" is not an EVM address", option, text),
                    "an address is 0x and 40 hexadecimal digits; letters of both cases must spell its EIP-55 checksum");
    return *address;
}

Bytes32 parse_bytes32_option(std::string_view option, const std::string& text) {
    const auto bytes = decode_hex_array<32>(text);
    if (!bytes)
        throw Error(ErrorKind::usage, fmt::format("{}: expected 32 bytes in hexadecimal, got \"{:.80}\"", option, text),
                    "it is in binding-request.json, which `kaisar register` writes in the worker's data directory");
    return *bytes;
}

/// Whose signature is looked for: --address, else the wallet's own.
Address expected_signer(const VerifyOptions& options, const Context& context) {
    if (!options.address.empty()) return parse_address_option("--address", options.address);
    const auto keystore = find_wallet(wallet_path(context));
    if (!keystore || !keystore->address)
        throw Error(ErrorKind::usage, "whose signature is it? There is no wallet here to compare with",
                    "name the account with --address");
    return *keystore->address;
}

BindingRequest read_request(const BindOptions& options) {
    const bool has_part = !options.node_public_key.empty() || !options.inventory_hash.empty() ||
                          !options.registry.empty() || options.chain_id != 0;
    if (!options.request.empty()) {
        if (has_part)
            throw Error(ErrorKind::usage, "--request says all that is to be bound",
                        "give either --request or --node-public-key, --inventory-hash, --chain-id and --registry");
        const auto content = load_file(options.request, binding_json_limit_bytes);
        return decode_binding_request(text_of(content), options.request);
    }
    if (options.node_public_key.empty() || options.inventory_hash.empty() || options.registry.empty() ||
        options.chain_id == 0)
        throw Error(ErrorKind::usage, "nothing says what to bind, or not all of it",
                    "give --request FILE, or all of --node-public-key, --inventory-hash, --chain-id and --registry");
    return {.chain_id = options.chain_id,
            .registry = parse_address_option("--registry", options.registry),
            .node_public_key = parse_bytes32_option("--node-public-key", options.node_public_key),
            .inventory_hash = parse_bytes32_option("--inventory-hash", options.inventory_hash)};
}

std::string time_text(std::uint64_t seconds_since_1970) {
    return format_rfc3339(Instant(std::chrono::seconds(seconds_since_1970)));
}

void say_what_is_signed(const WorkerBinding& binding, Terminal& terminal) {
    terminal.say(fmt::format("Binding   worker {}\n"
                             "          of chain {}, registry {}\n"
                             "          from {} until {}",
                             encode_hex(binding.node_id), binding.chain_id, format_address(binding.registry),
                             time_text(binding.issued_at), time_text(binding.expires_at)));
}

} // namespace

int sign_with_wallet(const SignOptions& options, Context& context) {
    const auto digest = digest_of(options.message);
    const auto keystore = load_wallet(wallet_path(context));
    const auto account = decrypt_account(keystore, read_password(options.password, context, Purpose::unlock).view());
    const auto signature = account.sign_digest(digest);
    const WalletReport report{.action = "sign", .address = account.address(), .digest = digest, .signature = signature};
    context.terminal.print_result(context.options.json ? wallet_json(report) : encode_hex_prefixed(signature));
    return 0;
}

int verify_signature(const VerifyOptions& options, Context& context) {
    const auto signature = parse_signature(options.signature);
    const auto expected = expected_signer(options, context);
    const auto digest = digest_of(options.message);
    const auto signer = recover_address(digest, signature);
    if (!signer)
        throw Error(ErrorKind::mismatch, "no key made this signature",
                    "it was cut or changed on the way, or its s lies in the upper half, which EVM chains refuse");
    if (*signer != expected)
        throw Error(ErrorKind::mismatch,
                    fmt::format("the signature is not by {}: for this message its key would be that of {}",
                                format_address(expected), format_address(*signer)),
                    "either the message is not what was signed, to the last byte, or somebody else signed it");
    const WalletReport report{.action = "verify", .address = *signer, .digest = digest, .signature = signature};
    context.terminal.print_result(context.options.json ? wallet_json(report)
                                                       : fmt::format("signed by {}", format_address(*signer)));
    return 0;
}

int bind_worker(const BindOptions& options, Context& context) {
    const auto request = read_request(options);
    const auto keystore = load_wallet(wallet_path(context));
    const auto now = std::chrono::floor<std::chrono::seconds>(context.clock.now());
    const auto issued_at = static_cast<std::uint64_t>(now.time_since_epoch().count());
    const auto expires_at = issued_at + static_cast<std::uint64_t>(options.valid_days) * seconds_per_day;
    auto binding = make_binding(request, keystore.address.value_or(Address{}), issued_at, expires_at);
    say_what_is_signed(binding, context.terminal);
    const auto account = decrypt_account(keystore, read_password(options.password, context, Purpose::unlock).view());
    binding.owner = account.address();
    const SignedBinding signed_binding{.binding = binding,
                                       .owner_signature = account.sign_digest(binding_digest(binding))};
    const auto document = encode_binding(signed_binding);
    if (!options.out.empty()) {
        save_file(options.out, document, Access::everyone);
        context.terminal.say(fmt::format("Wrote {}; on the worker: kaisar register --binding {}", options.out,
                                         Path(options.out).filename().string()));
    }
    const WalletReport report{.action = "bind",
                              .address = account.address(),
                              .digest = binding_digest(binding),
                              .signature = signed_binding.owner_signature,
                              .binding = signed_binding,
                              .out = options.out};
    if (context.options.json)
        context.terminal.print_result(wallet_json(report));
    else if (options.out.empty())
        context.terminal.print_result(document);
    return 0;
}

} // namespace kaisar
