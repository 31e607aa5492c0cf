#include "registry/registry.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "evm/word.h"
#include "registry/abi.h"

namespace kaisar {
namespace {

constexpr std::string_view registry_code =
#include "registry/registry_code.inc"
    ;

constexpr std::string_view claim_signature = "claim((uint64,bytes32,address,uint64,uint256,bytes32[])[])";

} // namespace

Bytes registry_deployment(const Address& operator_account, std::uint64_t epoch_seconds, const Uint256& pool_limit) {
    auto code = decode_hex(registry_code);
    check(code.has_value(), "the contract's code is hexadecimal");
    append(*code, AbiWriter().put(operator_account).put(Uint256(epoch_seconds)).put(pool_limit).encode());
    return *code;
}

Bytes register_call(const SignedBinding& signed_binding) {
    const auto& binding = signed_binding.binding;
    return AbiWriter()
        .put(binding.node_id)
        .put(binding.node_public_key)
        .put(binding.inventory_hash)
        .put(binding.owner)
        .put(Uint256(binding.issued_at))
        .put(Uint256(binding.expires_at))
        .put_bytes(signed_binding.owner_signature)
        .encode_call("register((bytes32,bytes32,bytes32,address,uint64,uint64),bytes)");
}

Bytes assign_peer_call(const Bytes32& node_id, const Address& owner) {
    return AbiWriter().put(node_id).put(owner).encode_call("assignPeer(bytes32,address)");
}

Bytes worker_call(const Bytes32& node_id, const Address& owner) {
    return AbiWriter().put(node_id).put(owner).encode_call("worker(bytes32,address)");
}

Bytes add_peer_call(const Bytes32& key, std::string_view endpoint) {
    return AbiWriter().put(key).put_bytes(bytes_of(endpoint)).encode_call("addPeer(bytes32,string)");
}

Bytes retire_peer_call(std::uint64_t index) {
    return AbiWriter().put(Uint256(index)).encode_call("retirePeer(uint32)");
}

Bytes peer_call(std::uint64_t index) { return AbiWriter().put(Uint256(index)).encode_call("peers(uint256)"); }

Bytes add_checker_call(const Bytes32& key) { return AbiWriter().put(key).encode_call("addChecker(bytes32)"); }

Bytes ban_checker_call(const Bytes32& key, std::uint64_t until) {
    return AbiWriter().put(key).put(Uint256(until)).encode_call("banChecker(bytes32,uint64)");
}

Bytes checker_call(const Bytes32& key) { return AbiWriter().put(key).encode_call("checkerBannedUntil(bytes32)"); }

Bytes report_epoch_call(std::uint64_t epoch, const RegistryReport& report) {
    return AbiWriter()
        .put(Uint256(epoch))
        .put(report.rewards_root)
        .put(report.verdicts_root)
        .put(report.points_digest)
        .put(Uint256(report.micro_points))
        .put(report.pool)
        .encode_call("reportEpoch(uint64,(bytes32,bytes32,bytes32,uint64,uint256))");
}

Bytes report_call(std::uint64_t epoch) { return AbiWriter().put(Uint256(epoch)).encode_call("reports(uint64)"); }

Bytes claim_call(std::span<const RewardClaim> claims) {
    std::vector<Bytes> tuples;
    for (const auto& claim : claims)
        tuples.push_back(AbiWriter()
                             .put(Uint256(claim.epoch))
                             .put(claim.reward.node_id)
                             .put(claim.reward.owner)
                             .put(Uint256(claim.reward.micro_points))
                             .put(claim.reward.amount)
                             .put_dynamic(encode_abi_words(claim.proof))
                             .encode());
    return AbiWriter().put_dynamic(encode_abi_tuples(tuples)).encode_call(claim_signature);
}

std::optional<ClaimedSum> find_claimed_sum(ByteView call) {
    constexpr std::size_t selector_bytes = 4, word_bytes = 32, amount_place = 4;
    if (call.size() < selector_bytes || array_of<4>(call.first(selector_bytes)) != abi_selector(claim_signature))
        return std::nullopt;
    const auto arguments = call.subspan(selector_bytes);
    AbiReader words(arguments);
    const auto list = words.unsigned_integer(0) / word_bytes;
    ClaimedSum sum{.count = words.unsigned_integer(list), .amount = {}};
    for (std::size_t i = 0; words.ok() && i < sum.count; ++i) {
        // Tuples are found by their distance from the list's first word.
        const auto tuple = list + 1 + words.unsigned_integer(list + 1 + i) / word_bytes;
        sum.amount = sum.amount + words.value(tuple + amount_place);
    }
    return words.ok() ? std::optional(sum) : std::nullopt;
}

Bytes is_claimed_call(std::uint64_t epoch, const Bytes32& node_id) {
    return AbiWriter().put(Uint256(epoch)).put(node_id).encode_call("isClaimed(uint64,bytes32)");
}

Bytes token_balance_call(const Address& account) { return AbiWriter().put(account).encode_call("balanceOf(address)"); }

Bytes token_transfer_call(const Address& to, const Uint256& amount) {
    return AbiWriter().put(to).put(amount).encode_call("transfer(address,uint256)");
}

Bytes registry_getter(std::string_view name) { return AbiWriter().encode_call(std::string(name) + "()"); }

std::optional<RegisteredWorker> decode_worker(ByteView answer) {
    AbiReader reader(answer);
    RegisteredWorker worker{.inventory_hash = reader.word(0),
                            .issued_at = reader.unsigned_integer(1),
                            .expires_at = reader.unsigned_integer(2),
                            .peer_id = reader.word(3),
                            .peer_key = reader.word(4),
                            .peer_expires_at = reader.unsigned_integer(5),
                            .endpoint = reader.string(6)};
    return reader.ok() ? std::optional(std::move(worker)) : std::nullopt;
}

std::optional<RegisteredPeer> decode_peer(ByteView answer) {
    AbiReader reader(answer);
    RegisteredPeer peer{
        .key = reader.word(0), .endpoint = reader.string(2), .is_retired = reader.unsigned_integer(1) != 0};
    return reader.ok() ? std::optional(std::move(peer)) : std::nullopt;
}

std::optional<RegistryReport> decode_report(ByteView answer) {
    AbiReader reader(answer);
    RegistryReport report{.rewards_root = reader.word(0),
                          .verdicts_root = reader.word(1),
                          .points_digest = reader.word(2),
                          .micro_points = reader.unsigned_integer(3),
                          .pool = reader.value(4)};
    return reader.ok() ? std::optional(report) : std::nullopt;
}

std::optional<Uint256> decode_value(ByteView answer) {
    AbiReader reader(answer);
    const auto value = reader.value(0);
    return reader.ok() && answer.size() == 32 ? std::optional(value) : std::nullopt;
}

std::optional<Address> decode_address(ByteView answer) {
    AbiReader reader(answer);
    const auto address = reader.address(0);
    return reader.ok() && answer.size() == 32 ? std::optional(address) : std::nullopt;
}

Bytes32 worker_registered_topic() {
    return abi_topic("WorkerRegistered(bytes32,address,bytes32,bytes32,uint64,uint64)");
}

Bytes32 peer_assigned_topic() { return abi_topic("PeerAssigned(bytes32,address,bytes32,bytes32,string,uint64)"); }

Bytes32 epoch_reported_topic() { return abi_topic("EpochReported(uint64,bytes32,bytes32,bytes32,uint64,uint256)"); }

} // namespace kaisar
