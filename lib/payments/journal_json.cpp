#include "bytes/hex.h"
#include "error/error.h"
#include "payments/journal.h"
#include "json/document.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::string_view schema = "kaisar.transactions/1";
constexpr std::size_t journal_limit_bytes = 64 << 20;
constexpr std::size_t data_limit_bytes = 1 << 20;
constexpr std::size_t kept_finished = 200;
constexpr const char* hint = "restore it from a backup; without it, compare the account's transactions in an explorer "
                             "before anything is paid again";
constexpr std::string_view state_names[] = {"open", "confirmed", "reverted", "replaced"};

Uint256 get_amount(const JsonReader& reader, std::string_view field) {
    const auto value = parse_decimal(reader.string(field));
    if (!value) reader.refuse(field, "a decimal number of at most 256 bits");
    return *value;
}

Instant get_instant(const JsonReader& reader, std::string_view field) {
    const auto instant = parse_rfc3339(reader.string(field));
    if (!instant) reader.refuse(field, "a time such as 2026-11-22T19:03:56Z");
    return *instant;
}

Address get_address(const JsonReader& reader, std::string_view field) {
    const auto address = parse_address(reader.string(field));
    if (!address) reader.refuse(field, "an EVM address");
    return *address;
}

Json attempt_to_json(const PaymentAttempt& attempt) {
    return {{"hash", encode_hex_prefixed(attempt.hash)},
            {"encoded", encode_hex_prefixed(attempt.encoded)},
            {"tip_per_gas", format_decimal(attempt.tip_per_gas)},
            {"max_fee_per_gas", format_decimal(attempt.max_fee_per_gas)},
            {"signed_at", format_rfc3339(attempt.signed_at)}};
}

Json payment_to_json(const Payment& payment) {
    Json attempts = Json::array();
    for (const auto& attempt : payment.attempts) attempts.push_back(attempt_to_json(attempt));
    Json json = {{"purpose", payment.purpose},
                 {"chain_id", payment.chain_id},
                 {"from", format_address(payment.from)},
                 {"nonce", payment.nonce},
                 {"fee_market", payment.market == FeeMarket::base_fee ? "base-fee" : "legacy"},
                 {"value", format_decimal(payment.value)},
                 {"data", encode_hex_prefixed(payment.data)},
                 {"gas_limit", payment.gas_limit},
                 {"created_at", format_rfc3339(payment.created_at)},
                 {"state", name_of(payment.state)},
                 {"reported", payment.is_reported},
                 {"transaction_hash", encode_hex_prefixed(payment.transaction_hash)},
                 {"block_number", payment.block_number},
                 {"gas_used", payment.gas_used},
                 {"gas_price", format_decimal(payment.gas_price)},
                 {"attempts", attempts}};
    if (payment.to) json["to"] = format_address(*payment.to);
    return json;
}

PaymentAttempt attempt_from_json(const JsonReader& reader) {
    PaymentAttempt attempt{.encoded = reader.bytes("encoded", data_limit_bytes),
                           .hash = reader.bytes32("hash"),
                           .tip_per_gas = get_amount(reader, "tip_per_gas"),
                           .max_fee_per_gas = get_amount(reader, "max_fee_per_gas"),
                           .signed_at = get_instant(reader, "signed_at")};
    if (transaction_hash(attempt.encoded) != attempt.hash) reader.refuse("hash", "the hash of \"encoded\"");
    return attempt;
}

Payment payment_from_json(const JsonReader& reader) {
    Payment payment{.purpose = reader.string("purpose"),
                    .chain_id = reader.unsigned_integer("chain_id"),
                    .from = get_address(reader, "from"),
                    .nonce = reader.unsigned_integer("nonce"),
                    .market = reader.string("fee_market") == "legacy" ? FeeMarket::legacy : FeeMarket::base_fee,
                    .to = {},
                    .value = get_amount(reader, "value"),
                    .data = reader.bytes("data", data_limit_bytes),
                    .gas_limit = reader.unsigned_integer("gas_limit"),
                    .created_at = get_instant(reader, "created_at"),
                    .attempts = {},
                    .transaction_hash = reader.bytes32("transaction_hash"),
                    .block_number = reader.unsigned_integer("block_number"),
                    .gas_used = reader.unsigned_integer("gas_used"),
                    .gas_price = get_amount(reader, "gas_price"),
                    .is_reported = reader.boolean("reported")};
    if (reader.has("to")) payment.to = get_address(reader, "to");
    const auto state = std::ranges::find(state_names, reader.string("state"));
    if (state == std::end(state_names)) reader.refuse("state", "open, confirmed, reverted or replaced");
    payment.state = static_cast<PaymentState>(state - std::begin(state_names));
    for (const auto& attempt : reader.objects("attempts")) payment.attempts.push_back(attempt_from_json(attempt));
    if (payment.attempts.empty()) reader.refuse("attempts", "at least one");
    return payment;
}

} // namespace

std::string_view name_of(PaymentState state) { return state_names[static_cast<std::size_t>(state)]; }

std::string encode_journal(const std::vector<Payment>& payments) {
    Json list = Json::array();
    for (const auto& payment : payments) list.push_back(payment_to_json(payment));
    return to_pretty_text({{"schema", schema}, {"payments", list}});
}

std::vector<Payment> decode_journal(std::string_view text, const std::string& name) {
    const auto reader = JsonReader::parse(text, name, hint);
    if (reader.string("schema") != schema) reader.refuse("schema", schema);
    std::vector<Payment> payments;
    for (const auto& payment : reader.objects("payments")) payments.push_back(payment_from_json(payment));
    return payments;
}

std::vector<Payment> load_journal(const Path& path) {
    const auto content = find_file(path, journal_limit_bytes);
    if (!content) return {};
    return decode_journal(text_of(*content), path.string());
}

void save_journal(const Path& path, const std::vector<Payment>& payments) {
    const auto is_finished = [](const Payment& payment) {
        return payment.is_reported && payment.state != PaymentState::open;
    };
    auto surplus = static_cast<std::size_t>(std::ranges::count_if(payments, is_finished));
    std::vector<Payment> kept;
    for (const auto& payment : payments)
        if (!is_finished(payment) || surplus-- <= kept_finished) kept.push_back(payment);
    save_file(path, encode_journal(kept));
}

} // namespace kaisar
