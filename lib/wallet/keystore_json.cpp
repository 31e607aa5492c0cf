#include "wallet/keystore_json.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "json/document.h"

#include <bit>

namespace kaisar {
namespace {

constexpr std::size_t salt_limit_bytes = 256;
constexpr std::size_t derived_limit_bytes = 64;
// A file from outside must not make kaisar take all memory or run for hours before it can say "wrong password".
constexpr std::uint64_t scrypt_memory_limit_bytes = std::uint64_t{1} << 30;
constexpr std::uint64_t scrypt_work_limit = std::uint64_t{1} << 24; // n * r * p, eight times the standard cost
constexpr std::uint64_t iteration_limit = 10'000'000;

ScryptCost decode_scrypt(const JsonReader& params) {
    const auto n = params.unsigned_integer("n");
    const auto r = params.unsigned_integer("r");
    const auto p = params.unsigned_integer("p");
    if (n < 2 || !std::has_single_bit(n) || n > scrypt_work_limit) params.refuse("n", "a power of two up to 2^24");
    if (r < 1 || r > scrypt_work_limit || n * r > scrypt_memory_limit_bytes / 128)
        params.refuse("r", "at least 1, and 128*n*r at most 1 GiB");
    if (p < 1 || p > scrypt_work_limit || n * r * p > scrypt_work_limit)
        params.refuse("p", "at least 1, and n*r*p at most 2^24");
    return {.n = n, .r = static_cast<std::uint32_t>(r), .p = static_cast<std::uint32_t>(p)};
}

Pbkdf2Cost decode_pbkdf2(const JsonReader& params) {
    if (params.string("prf") != "hmac-sha256") params.refuse("prf", "hmac-sha256");
    const auto iterations = params.unsigned_integer("c");
    if (iterations < 1 || iterations > iteration_limit) params.refuse("c", "1 to 10000000");
    return {.iterations = static_cast<std::uint32_t>(iterations)};
}

void decode_crypto(const JsonReader& crypto, Keystore& keystore) {
    if (crypto.string("cipher") != "aes-128-ctr") crypto.refuse("cipher", "aes-128-ctr");
    const auto iv = crypto.object("cipherparams").bytes("iv", 16);
    if (iv.size() != 16) crypto.object("cipherparams").refuse("iv", "16 bytes in hexadecimal");
    keystore.iv = array_of<16>(iv);
    keystore.ciphertext = crypto.bytes("ciphertext", 32);
    if (keystore.ciphertext.empty()) crypto.refuse("ciphertext", "up to 32 bytes in hexadecimal");
    keystore.mac = crypto.bytes32("mac");
    const auto params = crypto.object("kdfparams");
    const auto kdf = crypto.string("kdf");
    if (kdf == "scrypt")
        keystore.cost = decode_scrypt(params);
    else if (kdf == "pbkdf2")
        keystore.cost = decode_pbkdf2(params);
    else
        crypto.refuse("kdf", "scrypt or pbkdf2");
    keystore.salt = params.bytes("salt", salt_limit_bytes);
    keystore.derived_size_bytes = params.unsigned_integer("dklen");
    if (keystore.derived_size_bytes < 32 || keystore.derived_size_bytes > derived_limit_bytes)
        params.refuse("dklen", "32 to 64");
}

Keystore decode(std::string_view json, std::string name) {
    const auto reader = JsonReader::parse(
        json, std::move(name), "a keystore is the JSON file that geth, ethers or `kaisar wallet export` writes");
    if (reader.unsigned_integer("version") != 3) reader.refuse("version", "3, the only version that kaisar reads");
    Keystore keystore;
    keystore.id = reader.find_string("id").value_or("");
    if (const auto text = reader.find_string("address")) {
        keystore.address = parse_address(*text);
        if (!keystore.address) reader.refuse("address", "an EVM address");
    }
    if (reader.has("x-kaisar")) keystore.path = reader.object("x-kaisar").find_string("path").value_or("");
    // ethers writes "Crypto", everyone else "crypto".
    decode_crypto(reader.object(reader.has("Crypto") ? "Crypto" : "crypto"), keystore);
    return keystore;
}

} // namespace

std::string encode_keystore(const Keystore& keystore) {
    Json params = {{"dklen", keystore.derived_size_bytes}, {"salt", encode_hex(keystore.salt)}};
    const auto* scrypt = std::get_if<ScryptCost>(&keystore.cost);
    if (scrypt != nullptr) {
        params["n"] = scrypt->n;
        params["r"] = scrypt->r;
        params["p"] = scrypt->p;
    } else {
        params["c"] = std::get<Pbkdf2Cost>(keystore.cost).iterations;
        params["prf"] = "hmac-sha256";
    }
    Json json = {{"version", 3}, {"id", keystore.id}};
    if (keystore.address) json["address"] = encode_hex(keystore.address->bytes);
    json["crypto"] = {{"cipher", "aes-128-ctr"},
                      {"cipherparams", {{"iv", encode_hex(keystore.iv)}}},
                      {"ciphertext", encode_hex(keystore.ciphertext)},
                      {"kdf", scrypt != nullptr ? "scrypt" : "pbkdf2"},
                      {"kdfparams", params},
                      {"mac", encode_hex(keystore.mac)}};
    if (!keystore.path.empty()) json["x-kaisar"] = {{"path", keystore.path}};
    return to_pretty_text(json);
}

Keystore decode_keystore(std::string_view json, std::string name) {
    try {
        if (json.size() > keystore_limit_bytes)
            throw Error(ErrorKind::wallet, name + " is too long for a keystore", "name another file");
        return decode(json, std::move(name));
    } catch (const Error& error) {
        throw Error(ErrorKind::wallet, error.message(), error.hint());
    }
}

} // namespace kaisar
