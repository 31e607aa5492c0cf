#include "wallet_json.h"

#include "bytes/hex.h"
#include "evm/binding_json.h"
#include "json/document.h"

namespace kaisar {
namespace {

Json encryption_json(const Keystore& keystore) {
    if (const auto* scrypt = std::get_if<ScryptCost>(&keystore.cost))
        return {{"kdf", "scrypt"}, {"n", scrypt->n}, {"r", scrypt->r}, {"p", scrypt->p}};
    return {{"kdf", "pbkdf2"}, {"iterations", std::get<Pbkdf2Cost>(keystore.cost).iterations}};
}

} // namespace

std::string wallet_json(const WalletReport& report) {
    Json json = {{"schema", "kaisar.wallet/1"}, {"action", report.action}};
    const auto put_text = [&](const char* field, std::string_view text) {
        if (!text.empty()) json[field] = text;
    };
    if (report.address) json["address"] = format_address(*report.address);
    put_text("file", report.file);
    put_text("path", report.path);
    put_text("set_aside", report.set_aside);
    put_text("mnemonic_file", report.mnemonic_file);
    if (report.encryption) json["encryption"] = encryption_json(*report.encryption);
    put_text("private_key", report.private_key);
    if (!report.keystore.empty()) json["keystore"] = Json::parse(report.keystore);
    if (report.digest) json["digest"] = encode_hex_prefixed(*report.digest);
    if (report.signature) json["signature"] = encode_hex_prefixed(*report.signature);
    if (report.binding) json["binding"] = Json::parse(encode_binding(*report.binding));
    put_text("out", report.out);
    put_text("backup", report.backup);
    if (report.node_id) json["node_id"] = encode_hex(*report.node_id);
    if (!report.files.empty()) json["files"] = report.files;
    return to_line(json);
}

} // namespace kaisar
