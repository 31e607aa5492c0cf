#include "identity/did_document.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"

#include <fmt/format.h>
#include <initializer_list>

namespace kaisar {
namespace {

constexpr std::string_view key_type = "Ed25519VerificationKey2020";
constexpr std::string_view signature_domain = "kaisar/1/identity\n";

struct Field {
    unsigned number;
    std::string_view content;
};

void append_length(std::string& message, std::size_t length) {
    for (; length >= 0x80; length >>= 7) message.push_back(static_cast<char>(0x80 | (length & 0x7f)));
    message.push_back(static_cast<char>(length));
}

/// A protobuf message of strings and messages, each a number, a length and the bytes.
std::string encode_fields(std::initializer_list<Field> fields) {
    constexpr unsigned delimited = 2;
    std::string message;
    for (const auto& field : fields) {
        message.push_back(static_cast<char>(field.number << 3 | delimited));
        append_length(message, field.content.size());
        message += field.content;
    }
    return message;
}

std::string service(std::string_view id, std::string_view endpoint, std::string_view data) {
    return encode_fields({{1, fmt::format("#{}", id)}, {2, id}, {3, endpoint}, {4, data}});
}

enum class SignaturePart { left_out, included };

/// peaq's message Document: 1 id, 2 controller, 3 verification methods, 4 signature, 5 services, 6 authentications.
std::string encode_document(const SignedIdentity& signed_identity, SignaturePart part) {
    const auto& identity = signed_identity.identity;
    const auto did = did_of(did_account(identity.node_public_key));
    const auto key_id = did + "#keys-1";
    const auto owner = format_address(identity.owner);
    const auto method =
        encode_fields({{1, key_id}, {2, key_type}, {3, did}, {4, format_multibase(identity.node_public_key)}});
    auto document = encode_fields({{1, did}, {2, did_of(identity.owner)}, {3, method}});
    if (part == SignaturePart::included)
        document += encode_fields(
            {{4, encode_fields({{1, key_type}, {2, did}, {3, encode_hex(signed_identity.node_signature)}})}});
    const auto registry = fmt::format("eip155:{}:{}", identity.chain_id, format_address(identity.registry));
    return document +
           encode_fields({{5, service("p2p", identity.peer_endpoint, encode_hex(identity.peer_public_key))},
                          {5, service("payment", fmt::format("eip155:{}:{}", identity.chain_id, owner), owner)},
                          {5, service("kaisar", registry, encode_hex(sha256(identity.node_public_key)))},
                          {6, key_id}});
}

Bytes signed_bytes(const MachineIdentity& identity) {
    Bytes bytes;
    append(bytes, bytes_of(signature_domain));
    append(bytes, bytes_of(encode_document({.identity = identity}, SignaturePart::left_out)));
    return bytes;
}

} // namespace

Address did_account(const Bytes32& node_public_key) {
    return {array_of<20>(ByteView(sha256(node_public_key)).first(20))};
}

std::string did_of(const Address& account) { return "did:peaq:" + format_address(account); }

SignedIdentity sign_identity(const MachineIdentity& identity, const Ed25519Key& node_key) {
    check(identity.node_public_key == node_key.public_key(), "a worker signs its own identity");
    return {.identity = identity, .node_signature = node_key.sign(signed_bytes(identity))};
}

bool is_signed(const SignedIdentity& signed_identity) {
    const auto& identity = signed_identity.identity;
    return is_valid_ed25519(identity.node_public_key, signed_bytes(identity), signed_identity.node_signature);
}

Bytes encode_did_document(const SignedIdentity& signed_identity) {
    const auto document = encode_document(signed_identity, SignaturePart::included);
    Bytes bytes;
    append(bytes, bytes_of(document));
    return bytes;
}

std::string format_multibase(const Bytes32& ed25519_public_key) {
    constexpr std::string_view digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    Bytes number{0xed, 0x01};
    append(number, ed25519_public_key);
    std::string text;
    // Long division by 58; the multicodec in front is not zero, so there are no leading zeros to spell.
    while (!is_zero(number)) {
        unsigned remainder = 0;
        for (auto& byte : number) {
            const unsigned value = remainder << 8 | byte;
            byte = static_cast<std::uint8_t>(value / digits.size());
            remainder = static_cast<unsigned>(value % digits.size());
        }
        text.insert(text.begin(), digits[remainder]);
    }
    return "z" + text;
}

} // namespace kaisar
