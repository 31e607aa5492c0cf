#include "popw_rules/messages.h"

#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "popw_rules/tagged_hash.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

constexpr std::string_view magic = "KPW1";
constexpr std::uint8_t version = 1;

struct CodeText {
    VerdictCode code;
    std::string_view name;
    std::string_view explanation;
};
constexpr CodeText code_texts[] = {
    {VerdictCode::ok, "ok", "The proof is valid."},
    {VerdictCode::malformed, "malformed", "The bytes are not one complete message of this version."},
    {VerdictCode::unknown_node, "unknown-node", "The node is not registered."},
    {VerdictCode::not_active, "not-active", "The slot does not exist or its schedule word asked for no proof."},
    {VerdictCode::late, "late", "A mark reached the checkers, or the proof arrived, after its time."},
    {VerdictCode::bad_signature, "bad-signature", "A signature does not fit its message and key."},
    {VerdictCode::receipt_quorum, "receipt-quorum",
     "Too few of the committee's beacons or receipts stand behind the proof."},
    {VerdictCode::commit_mismatch, "commit-mismatch", "The parts of the proof do not belong together."},
    {VerdictCode::path_mismatch, "path-mismatch", "An opened tile does not lead to its round's root."},
    {VerdictCode::tile_mismatch, "tile-mismatch", "An opened tile is not the product that was asked for."},
    {VerdictCode::walk_mismatch, "walk-mismatch", "An opened walk did not read the memory that was asked for."},
    {VerdictCode::hold_late, "hold-late", "The hold mark came too late to show that the memory was held."},
    {VerdictCode::limits, "limits", "A count, a shape or a part is not allowed on this network."},
    {VerdictCode::duplicate, "duplicate", "Another proof was decided for this node, slot and device before."},
    {VerdictCode::params_mismatch, "params-mismatch", "The proof was made under another network's constants."},
};

// A reader over the fields between header and signature of a message with that type and, unless zero, that length.
std::optional<ByteReader> read_fields(ByteView bytes, MessageType type, std::size_t total_bytes) {
    if (total_bytes != 0 && bytes.size() != total_bytes) return std::nullopt;
    const auto body = find_body(bytes, type);
    if (!body) return std::nullopt;
    return ByteReader(*body);
}

Bytes32 signed_digest(ByteView message, MessageType type) {
    const ByteArray<1> type_byte{static_cast<std::uint8_t>(type)};
    return tagged_hash("sig", {type_byte, message});
}

Bytes finish(ByteWriter& out, MessageType type, const Ed25519Key& key) {
    auto message = out.take();
    append_signature(message, type, key);
    return message;
}

bool is_beacon_phase(std::uint8_t value) { return value == 'S' || value == 'A' || value == 'B' || value == 'C'; }

} // namespace

std::string_view name_of(VerdictCode code) {
    const auto* text = std::ranges::find(code_texts, code, &CodeText::code);
    return text == std::end(code_texts) ? "unknown" : text->name;
}

std::string_view explanation_of(VerdictCode code) {
    const auto* text = std::ranges::find(code_texts, code, &CodeText::code);
    return text == std::end(code_texts) ? "" : text->explanation;
}

std::optional<VerdictCode> find_verdict_code(std::uint16_t number) {
    if (number >= std::size(code_texts)) return std::nullopt;
    return static_cast<VerdictCode>(number);
}

const DeviceEntry* Mark::find_device(std::uint16_t index) const {
    const auto found = std::ranges::find(devices, index, &DeviceEntry::index);
    return found == devices.end() ? nullptr : &*found;
}

Bytes encode_header(MessageType type, std::size_t total_bytes) {
    Bytes header(header_bytes);
    std::ranges::copy(magic, header.begin());
    header[4] = static_cast<std::uint8_t>(type);
    header[5] = version;
    store_le(header.data() + 8, static_cast<std::uint32_t>(total_bytes));
    return header;
}

std::optional<ByteView> find_body(ByteView message, MessageType type) {
    if (message.size() < header_bytes + signature_bytes || message.size() > message_limit_bytes) return std::nullopt;
    if (!std::ranges::equal(encode_header(type, message.size()), message.first(header_bytes))) return std::nullopt;
    return message.subspan(header_bytes, message.size() - header_bytes - signature_bytes);
}

void append_signature(Bytes& message, MessageType type, const Ed25519Key& key) {
    append(message, key.sign(signed_digest(message, type)));
}

bool is_signed_by(ByteView message, const Bytes32& public_key) {
    if (message.size() < header_bytes + signature_bytes) return false;
    const auto content = message.first(message.size() - signature_bytes);
    return is_valid_ed25519(public_key, signed_digest(content, static_cast<MessageType>(message[4])),
                            array_of<signature_bytes>(message.last(signature_bytes)));
}

Bytes32 id_of_key(const Bytes32& public_key) { return sha256(public_key); }
Bytes32 mark_hash(ByteView encoded_mark) { return tagged_hash("mark", {encoded_mark}); }
Bytes32 proof_hash(ByteView encoded_proof) { return tagged_hash("proof", {encoded_proof}); }

bool agrees(const Verdict& one, const Verdict& other) {
    auto same = other;
    same.issuer = one.issuer;
    same.salt = one.salt;
    return same == one;
}

Bytes32 verdict_commitment(ByteView encoded_verdict) {
    check(encoded_verdict.size() == verdict_bytes, "a commitment is made to a whole verdict");
    const auto salt = encoded_verdict.last(signature_bytes + 32).first(32);
    return tagged_hash("verdict-commit", {encoded_verdict, salt});
}

Bytes encode_beacon(const Beacon& beacon, const Ed25519Key& key) {
    ByteWriter out;
    out.put(encode_header(MessageType::beacon, beacon_bytes)).put(beacon.network_id);
    out.put(static_cast<std::uint8_t>(beacon.mode)).put(static_cast<std::uint8_t>(beacon.phase)).put(std::uint16_t{0});
    out.put(beacon.epoch).put(beacon.slot).put(std::uint32_t{0}).put(beacon.params_hash).put(beacon.issuer);
    out.put(beacon.node_id).put(beacon.value).put(beacon.issued_at_us);
    return finish(out, MessageType::beacon, key);
}

std::optional<Beacon> decode_beacon(ByteView bytes) {
    auto in = read_fields(bytes, MessageType::beacon, beacon_bytes);
    if (!in) return std::nullopt;
    Beacon beacon;
    beacon.network_id = in->get<std::uint32_t>();
    const auto mode = in->get<std::uint8_t>();
    const auto phase = in->get<std::uint8_t>();
    in->take_zeros(2);
    beacon.epoch = in->get<std::uint64_t>();
    beacon.slot = in->get<std::uint32_t>();
    in->take_zeros(4);
    beacon.params_hash = in->get_array<32>();
    beacon.issuer = in->get_array<32>();
    beacon.node_id = in->get_array<32>();
    beacon.value = in->get_array<32>();
    beacon.issued_at_us = in->get<std::uint64_t>();
    if (!in->is_exhausted() || mode < 1 || mode > 3 || !is_beacon_phase(phase)) return std::nullopt;
    beacon.mode = static_cast<BeaconMode>(mode);
    beacon.phase = static_cast<BeaconPhase>(phase);
    if (is_zero(beacon.node_id) == (beacon.mode == BeaconMode::on_demand)) return std::nullopt;
    return beacon;
}

Bytes encode_mark(const Mark& mark, const Ed25519Key& key) {
    ByteWriter out;
    out.put(encode_header(MessageType::mark, mark_bytes(mark.devices.size())))
        .put(static_cast<std::uint8_t>(mark.phase));
    out.put(static_cast<std::uint8_t>(mark.devices.size())).put(static_cast<std::uint8_t>(mark.status));
    out.put(static_cast<std::uint8_t>(mark.mode))
        .put(mark.epoch)
        .put(mark.slot)
        .put(mark.node_id)
        .put(mark.previous_mark);
    out.put(mark.beacon_value).put(mark.committee_bitmap);
    for (const auto& device : mark.devices) {
        out.put(device.index).put(static_cast<std::uint8_t>(device.kind)).put(device.shape).put(device.count);
        out.put(device.pages).put(device.uid).put(device.commit);
    }
    return finish(out, MessageType::mark, key);
}

std::optional<Mark> decode_mark(ByteView bytes) {
    auto in = read_fields(bytes, MessageType::mark, 0);
    if (!in) return std::nullopt;
    Mark mark;
    const auto phase = in->get<std::uint8_t>();
    const auto devices = in->get<std::uint8_t>();
    const auto status = in->get<std::uint8_t>();
    const auto mode = in->get<std::uint8_t>();
    if (phase > 3 || status > 2 || mode > 3 || devices > device_limit || bytes.size() != mark_bytes(devices))
        return std::nullopt;
    mark.phase = static_cast<MarkPhase>(phase);
    mark.status = static_cast<MarkStatus>(status);
    mark.mode = static_cast<BeaconMode>(mode);
    mark.epoch = in->get<std::uint64_t>();
    mark.slot = in->get<std::uint32_t>();
    mark.node_id = in->get_array<32>();
    mark.previous_mark = in->get_array<32>();
    mark.beacon_value = in->get_array<32>();
    mark.committee_bitmap = in->get<std::uint64_t>();
    for (std::uint8_t i = 0; i < devices; ++i) {
        DeviceEntry device;
        device.index = in->get<std::uint16_t>();
        const auto kind = in->get<std::uint8_t>();
        device.shape = in->get<std::uint8_t>();
        device.count = in->get<std::uint32_t>();
        device.pages = in->get<std::uint64_t>();
        device.uid = in->get_array<32>();
        device.commit = in->get_array<32>();
        if (kind > 3 || (i > 0 && device.index <= mark.devices.back().index)) return std::nullopt;
        device.kind = static_cast<DeviceKind>(kind);
        mark.devices.push_back(device);
    }
    if (!in->is_exhausted()) return std::nullopt;
    return mark;
}

Bytes encode_receipt(const Receipt& receipt, const Ed25519Key& key) {
    ByteWriter out;
    out.put(encode_header(MessageType::receipt, receipt_bytes)).put(receipt.epoch).put(receipt.slot);
    out.put(static_cast<std::uint8_t>(receipt.phase)).put_zeros(3).put(receipt.issuer).put(receipt.mark_hash);
    out.put(receipt.received_us).put(receipt.value);
    return finish(out, MessageType::receipt, key);
}

std::optional<Receipt> decode_receipt(ByteView bytes) {
    auto in = read_fields(bytes, MessageType::receipt, receipt_bytes);
    if (!in) return std::nullopt;
    Receipt receipt;
    receipt.epoch = in->get<std::uint64_t>();
    receipt.slot = in->get<std::uint32_t>();
    const auto phase = in->get<std::uint8_t>();
    in->take_zeros(3);
    receipt.issuer = in->get_array<32>();
    receipt.mark_hash = in->get_array<32>();
    receipt.received_us = in->get<std::uint64_t>();
    receipt.value = in->get_array<32>();
    if (!in->is_exhausted() || phase > 3) return std::nullopt;
    receipt.phase = static_cast<MarkPhase>(phase);
    return receipt;
}

Bytes encode_verdict(const Verdict& verdict, const Ed25519Key& key) {
    ByteWriter out;
    out.put(encode_header(MessageType::verdict, verdict_bytes)).put(verdict.epoch).put(verdict.slot);
    out.put(verdict.device_index)
        .put(static_cast<std::uint16_t>(verdict.code))
        .put(verdict.node_id)
        .put(verdict.issuer);
    out.put(verdict.proof_hash).put(verdict.macs).put(verdict.compute_us).put(verdict.held_bytes).put(verdict.hold_us);
    out.put(verdict.walk_bytes).put(verdict.walk_us).put(verdict.salt);
    return finish(out, MessageType::verdict, key);
}

std::optional<Verdict> decode_verdict(ByteView bytes) {
    auto in = read_fields(bytes, MessageType::verdict, verdict_bytes);
    if (!in) return std::nullopt;
    Verdict verdict;
    verdict.epoch = in->get<std::uint64_t>();
    verdict.slot = in->get<std::uint32_t>();
    verdict.device_index = in->get<std::uint16_t>();
    const auto code = find_verdict_code(in->get<std::uint16_t>());
    verdict.node_id = in->get_array<32>();
    verdict.issuer = in->get_array<32>();
    verdict.proof_hash = in->get_array<32>();
    verdict.macs = in->get<std::uint64_t>();
    verdict.compute_us = in->get<std::uint64_t>();
    verdict.held_bytes = in->get<std::uint64_t>();
    verdict.hold_us = in->get<std::uint64_t>();
    verdict.walk_bytes = in->get<std::uint64_t>();
    verdict.walk_us = in->get<std::uint64_t>();
    verdict.salt = in->get_array<32>();
    if (!in->is_exhausted() || !code) return std::nullopt;
    verdict.code = *code;
    return verdict;
}

} // namespace kaisar::popw
