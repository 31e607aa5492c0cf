#include "bytes/hex.h"
#include "wallet_money.h"
#include "json/document.h"

namespace kaisar {

std::string money_json(const MoneyReport& report) {
    Json json = {{"schema", "kaisar.wallet/1"}, {"action", report.action}};
    const auto put_amount = [&](const char* field, const std::optional<Uint256>& amount) {
        if (amount) json[field] = format_amount(*amount);
    };
    if (report.address) json["address"] = format_address(*report.address);
    if (report.chain_id != 0) json["chain_id"] = report.chain_id;
    put_amount("coin", report.coin);
    put_amount("reward", report.reward);
    put_amount("claimable", report.claimable);
    if (report.claims) json["claims"] = *report.claims;
    if (report.to) json["to"] = format_address(*report.to);
    if (!report.asset.empty()) json["asset"] = report.asset;
    put_amount("amount", report.amount);
    put_amount("largest_fee", report.largest_fee);
    put_amount("fee", report.fee);
    if (!report.transactions.empty()) {
        Json hashes = Json::array();
        for (const auto& hash : report.transactions) hashes.push_back(encode_hex_prefixed(hash));
        json["transactions"] = std::move(hashes);
    }
    if (report.block_number) json["block_number"] = *report.block_number;
    if (report.is_resumed) json["resumed"] = *report.is_resumed;
    if (report.is_dry_run) json["dry_run"] = *report.is_dry_run;
    if (!report.did.empty()) json["did"] = report.did;
    if (!report.identity.empty()) json["identity"] = report.identity;
    if (!report.out.empty()) json["out"] = report.out;
    return to_line(json);
}

} // namespace kaisar
