#include "popw_rules/proof_message.h"

#include "bytes/little_endian.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

constexpr std::uint8_t compute_bit = 1;
constexpr std::uint8_t memory_bit = 2;
constexpr std::uint8_t mark_limit = 3;
// S, and A, B and C from each of 64 members; receipts of three marks from each.
constexpr std::uint16_t beacon_limit = 1 + 3 * 64;
constexpr std::uint16_t receipt_limit = 3 * 64;
constexpr std::uint32_t walk_leaf_log2 = 7; // 128 end values make a leaf

void put_hashes(ByteWriter& out, const std::vector<Bytes32>& hashes) {
    for (const auto& hash : hashes) out.put(hash);
}

// The caller has checked that the bytes are there.
std::vector<Bytes32> get_hashes(ByteReader& in, std::size_t count) {
    std::vector<Bytes32> hashes;
    hashes.reserve(count);
    for (std::size_t i = 0; i < count; ++i) hashes.push_back(in.get_array<32>());
    return hashes;
}

Bytes get_message(ByteReader& in, std::size_t size_bytes) {
    const auto message = in.take(size_bytes);
    return {message.begin(), message.end()};
}

DecodedProof& refuse(DecodedProof& decoded, VerdictCode code, std::string detail) {
    decoded.code = code;
    decoded.detail = std::move(detail);
    return decoded;
}

// Marks have no fixed size: the number of devices stands in their second field.
bool get_marks(ByteReader& in, ByteView rest_of_body, std::uint8_t count, DecodedProof& decoded) {
    for (std::uint8_t i = 0; i < count; ++i) {
        if (in.remaining() <= header_bytes + 1) return false;
        const auto devices = rest_of_body[rest_of_body.size() - in.remaining() + header_bytes + 1];
        const auto size = mark_bytes(devices);
        if (in.remaining() < size) return false;
        auto bytes = get_message(in, size);
        auto mark = decode_mark(bytes);
        if (!mark) return false;
        decoded.proof.marks.push_back(std::move(bytes));
        decoded.marks.push_back(std::move(*mark));
    }
    return true;
}

bool get_compute_part(ByteReader& in, const Params& params, DecodedProof& decoded) {
    const auto& mark = decoded.marks.front();
    const auto* device = mark.find_device(decoded.proof.device_index);
    if (mark.phase != MarkPhase::compute || !device)
        return refuse(decoded, VerdictCode::malformed, "the first mark does not commit the device's rounds"), false;
    const auto* profile = find_profile(device->shape);
    if (!profile || !params.allows(profile->id))
        return refuse(decoded, VerdictCode::limits, "profile " + std::to_string(device->shape) + " is not allowed"),
               false;
    const auto rounds = in.get<std::uint32_t>();
    if (rounds == 0 || rounds > params.round_limit)
        return refuse(decoded, VerdictCode::limits,
                      std::to_string(rounds) + " rounds are not between 1 and " + std::to_string(params.round_limit)),
               false;
    const auto openings = tile_openings(params, mark.mode);
    const auto size = std::size_t{32} * rounds + std::size_t{32} * openings * (1 + profile->depth);
    if (in.remaining() < size) return refuse(decoded, VerdictCode::malformed, "the compute part is cut short"), false;
    auto& part = decoded.proof.compute.emplace();
    part.roots = get_hashes(in, rounds);
    for (std::uint32_t i = 0; i < openings; ++i) {
        TileOpening opening;
        opening.leaf = in.get_array<32>();
        opening.siblings = get_hashes(in, profile->depth);
        part.openings.push_back(std::move(opening));
    }
    return true;
}

bool get_memory_part(ByteReader& in, const Params& params, DecodedProof& decoded) {
    MemoryPart part;
    const auto kind = in.get<std::uint8_t>();
    part.walkers_log2 = in.get<std::uint8_t>();
    in.take_zeros(2);
    part.hold_batches = in.get<std::uint32_t>();
    const auto batches = in.get<std::uint32_t>();
    part.pages = in.get<std::uint64_t>();
    if (!in.ok() || (kind != 2 && kind != 3))
        return refuse(decoded, VerdictCode::malformed, "the memory part's head is wrong"), false;
    part.kind = static_cast<DeviceKind>(kind);
    if (part.walkers_log2 < params.walkers_log2_min || part.walkers_log2 > params.walkers_log2_max || batches == 0 ||
        batches > params.batch_limit || part.hold_batches == 0 || part.hold_batches > batches)
        return refuse(decoded, VerdictCode::limits, "walkers or batches are outside the network's limits"), false;
    const std::size_t openings = params.hold_openings + params.walk_openings;
    const std::size_t depth = part.walkers_log2 - walk_leaf_log2;
    if (in.remaining() < std::size_t{32} * batches + openings * (1024 + 32 * depth))
        return refuse(decoded, VerdictCode::malformed, "the memory part is cut short"), false;
    part.roots = get_hashes(in, batches);
    for (std::size_t i = 0; i < openings; ++i) {
        WalkOpening opening;
        opening.ends = in.get_array<1024>();
        opening.siblings = get_hashes(in, depth);
        part.openings.push_back(std::move(opening));
    }
    decoded.proof.memory = std::move(part);
    return true;
}

void put_memory_part(ByteWriter& out, const MemoryPart& part) {
    out.put(static_cast<std::uint8_t>(part.kind)).put(part.walkers_log2).put(std::uint16_t{0}).put(part.hold_batches);
    out.put(static_cast<std::uint32_t>(part.roots.size())).put(part.pages);
    put_hashes(out, part.roots);
    for (const auto& opening : part.openings) {
        out.put(opening.ends);
        put_hashes(out, opening.siblings);
    }
}

} // namespace

std::uint32_t tile_openings(const Params& params, BeaconMode mode) {
    return mode == BeaconMode::self ? params.self_openings : params.tile_openings;
}

Bytes encode_proof(const Proof& proof, const Ed25519Key& key) {
    ByteWriter out;
    out.put(proof.epoch).put(proof.slot).put(proof.device_index);
    out.put(static_cast<std::uint8_t>((proof.compute ? compute_bit : 0) | (proof.memory ? memory_bit : 0)));
    out.put(static_cast<std::uint8_t>(proof.marks.size())).put(proof.node_id);
    out.put(static_cast<std::uint16_t>(proof.receipts.size())).put(static_cast<std::uint16_t>(proof.beacons.size()));
    out.put(std::uint32_t{0});
    for (const auto* messages : {&proof.marks, &proof.beacons, &proof.receipts})
        for (const auto& message : *messages) out.put(message);
    if (proof.compute) {
        out.put(static_cast<std::uint32_t>(proof.compute->roots.size()));
        put_hashes(out, proof.compute->roots);
        for (const auto& opening : proof.compute->openings) {
            out.put(opening.leaf);
            put_hashes(out, opening.siblings);
        }
    }
    if (proof.memory) put_memory_part(out, *proof.memory);
    auto message = encode_header(MessageType::proof, header_bytes + out.size() + signature_bytes);
    append(message, out.bytes());
    append_signature(message, MessageType::proof, key);
    return message;
}

DecodedProof decode_proof(ByteView bytes, const Params& params) {
    DecodedProof decoded;
    const auto body = find_body(bytes, MessageType::proof);
    if (!body) return refuse(decoded, VerdictCode::malformed, "not a PROOF message of that length");
    ByteReader in(*body);
    auto& proof = decoded.proof;
    proof.epoch = in.get<std::uint64_t>();
    proof.slot = in.get<std::uint32_t>();
    proof.device_index = in.get<std::uint16_t>();
    const auto parts = in.get<std::uint8_t>();
    const auto marks = in.get<std::uint8_t>();
    proof.node_id = in.get_array<32>();
    const auto receipts = in.get<std::uint16_t>();
    const auto beacons = in.get<std::uint16_t>();
    in.take_zeros(4);
    if (!in.ok() || parts == 0 || parts > 3 || marks == 0 || marks > mark_limit || receipts > receipt_limit ||
        beacons > beacon_limit)
        return refuse(decoded, VerdictCode::malformed, "the proof's head has impossible counts or reserved bits");
    if (!get_marks(in, *body, marks, decoded))
        return refuse(decoded, VerdictCode::malformed, "a mark inside is not one");
    if (in.remaining() < beacons * beacon_bytes + receipts * receipt_bytes)
        return refuse(decoded, VerdictCode::malformed, "beacons or receipts are cut short");
    for (std::uint16_t i = 0; i < beacons; ++i) proof.beacons.push_back(get_message(in, beacon_bytes));
    for (std::uint16_t i = 0; i < receipts; ++i) proof.receipts.push_back(get_message(in, receipt_bytes));
    if ((parts & compute_bit) != 0 && !get_compute_part(in, params, decoded)) return decoded;
    if ((parts & memory_bit) != 0 && !get_memory_part(in, params, decoded)) return decoded;
    if (!in.is_exhausted()) return refuse(decoded, VerdictCode::malformed, "the proof is longer than its counts say");
    decoded.code = VerdictCode::ok;
    return decoded;
}

std::optional<ProofIdentity> find_proof_identity(ByteView bytes) {
    const auto body = find_body(bytes, MessageType::proof);
    if (!body) return std::nullopt;
    ByteReader in(*body);
    ProofIdentity identity;
    identity.epoch = in.get<std::uint64_t>();
    identity.slot = in.get<std::uint32_t>();
    identity.device_index = in.get<std::uint16_t>();
    in.take(2);
    identity.node_id = in.get_array<32>();
    if (!in.ok()) return std::nullopt;
    return identity;
}

} // namespace kaisar::popw
