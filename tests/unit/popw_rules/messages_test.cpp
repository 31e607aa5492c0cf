#include "golden/golden_vectors.h"
#include "popw_rules/messages.h"
#include "popw_rules/tagged_hash.h"

using namespace kaisar;
using namespace kaisar::popw;

namespace {

Ed25519Key key(std::uint8_t seed) { return Ed25519Key::from_seed(golden::repeated(seed)); }

const Bytes32 uid = golden::repeated(0x55);
const Bytes32 ascending = golden::ascending<32>(0);

Beacon beacon() {
    return {.network_id = 7,
            .mode = BeaconMode::on_demand,
            .phase = BeaconPhase::start,
            .epoch = 20000,
            .slot = 0x80000001,
            .params_hash = params_hash(*find_params("test")),
            .issuer = key(0x20).public_key(),
            .node_id = id_of_key(key(0x11).public_key()),
            .value = ascending,
            .issued_at_us = 1234567890123456};
}

Mark mark() {
    return {.phase = MarkPhase::compute,
            .status = MarkStatus::degraded,
            .mode = BeaconMode::committee,
            .epoch = 20000,
            .slot = 17,
            .node_id = id_of_key(key(0x11).public_key()),
            .beacon_value = ascending,
            .committee_bitmap = 5,
            .devices = {{3, DeviceKind::cuda, 4, 1300, 0, uid, ascending},
                        {9, DeviceKind::cpu, 2, 2048, 5, ascending, uid}}};
}

Receipt receipt() {
    return {.epoch = 20000,
            .slot = 17,
            .phase = MarkPhase::compute,
            .issuer = key(0x21).public_key(),
            .mark_hash = array_of<32>(golden::bytes("mark-hash")),
            .received_us = 19999999,
            .value = uid};
}

Verdict verdict() {
    return {.epoch = 20000,
            .slot = 17,
            .device_index = 9,
            .code = VerdictCode::tile_mismatch,
            .node_id = id_of_key(key(0x11).public_key()),
            .issuer = key(0x22).public_key(),
            .proof_hash = uid,
            .macs = 1,
            .compute_us = 2,
            .held_bytes = 3,
            .hold_us = 4,
            .walk_bytes = 5,
            .walk_us = 6,
            .salt = ascending};
}

// No byte string but `bytes` itself may decode, whatever single bit is turned outside of free fields; lengths never
// vary.
template <class Decode>
void require_exact_length(const Bytes& bytes, Decode decode) {
    for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode(ByteView(bytes).first(size)));
    auto longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode(longer));
    for (std::size_t at = 0; at < header_bytes; ++at) {
        auto other = bytes;
        other[at] ^= 1;
        INFO("header byte " << at);
        CHECK_FALSE(decode(other));
    }
}

} // namespace

TEST_CASE("messages have the reference's bytes, Ed25519 signature included, and decode to what they were") {
    CHECK(encode_hex(encode_beacon(beacon(), key(0x20))) == golden::text("beacon"));
    CHECK(decode_beacon(golden::bytes("beacon")) == beacon());
    CHECK(encode_hex(encode_mark(mark(), key(0x11))) == golden::text("mark"));
    CHECK(decode_mark(golden::bytes("mark")) == mark());
    CHECK(encode_hex(encode_receipt(receipt(), key(0x21))) == golden::text("receipt"));
    CHECK(decode_receipt(golden::bytes("receipt")) == receipt());
    CHECK(encode_hex(encode_verdict(verdict(), key(0x22))) == golden::text("verdict"));
    CHECK(decode_verdict(golden::bytes("verdict")) == verdict());
    CHECK(decode_mark(golden::bytes("heartbeat"))->devices.empty());
    const Beacon schedule{.network_id = 7,
                          .phase = BeaconPhase::schedule,
                          .epoch = 20000,
                          .slot = 17,
                          .params_hash = params_hash(*find_params("test")),
                          .issuer = key(0x20).public_key(),
                          .value = golden::ascending<32>(0x80),
                          .issued_at_us = 5};
    CHECK(encode_hex(encode_beacon(schedule, key(0x20))) == golden::text("schedule-beacon"));
    CHECK(decode_beacon(golden::bytes("schedule-beacon")) == schedule);
    const Receipt late{.epoch = 20000,
                       .slot = 17,
                       .phase = MarkPhase::walk,
                       .issuer = key(0x22).public_key(),
                       .mark_hash = uid,
                       .received_us = ~std::uint64_t{0}};
    CHECK(encode_hex(encode_receipt(late, key(0x22))) == golden::text("committee-receipt"));
    CHECK(decode_receipt(golden::bytes("committee-receipt")) == late);
}

TEST_CASE("hold and walk marks have the reference's bytes") {
    const std::tuple<std::string, MarkPhase, std::uint32_t> marks[] = {{"hold-mark", MarkPhase::hold, 3},
                                                                       {"walk-mark", MarkPhase::walk, 560}};
    for (const auto& [name, phase, batches] : marks) {
        const Mark made{.phase = phase,
                        .status = MarkStatus::busy,
                        .mode = BeaconMode::committee,
                        .epoch = 20000,
                        .slot = 17,
                        .node_id = id_of_key(key(0x11).public_key()),
                        .previous_mark = uid,
                        .beacon_value = ascending,
                        .committee_bitmap = std::uint64_t{1} << 63,
                        .devices = {{3, DeviceKind::device_memory, 26, batches, 69000000, uid, ascending}}};
        CHECK(encode_hex(encode_mark(made, key(0x11))) == golden::text(name));
        CHECK(decode_mark(golden::bytes(name)) == made);
    }
}

TEST_CASE("Ed25519 keys and signatures are the reference's") {
    const auto pair = Ed25519Key::from_seed(ascending);
    CHECK(encode_hex(pair.public_key()) == golden::text("ed25519 public"));
    CHECK(encode_hex(pair.sign(bytes_of("abc"))) == golden::text("ed25519 signature"));
}

TEST_CASE("hashes of keys and messages are the reference's") {
    CHECK(encode_hex(key(0x11).public_key()) == golden::text("public-key node"));
    CHECK(encode_hex(id_of_key(key(0x11).public_key())) == golden::text("node-id"));
    CHECK(encode_hex(mark_hash(golden::bytes("mark"))) == golden::text("mark-hash"));
    CHECK(encode_hex(verdict_commitment(golden::bytes("verdict"))) == golden::text("verdict-commit"));
    for (const auto& [name, value] : golden::vectors())
        if (name.starts_with("tagged-hash "))
            CHECK(encode_hex(tagged_hash(name.substr(12), {bytes_of("abc")})) == value);
}

TEST_CASE("a signature holds for its key and its bytes only") {
    auto bytes = golden::bytes("mark");
    CHECK(is_signed_by(bytes, key(0x11).public_key()));
    CHECK_FALSE(is_signed_by(bytes, key(0x12).public_key()));
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
        auto other = bytes;
        other[at] ^= 4;
        CHECK_FALSE(is_signed_by(other, key(0x11).public_key()));
    }
    CHECK_FALSE(is_signed_by({}, key(0x11).public_key()));
}

TEST_CASE("messages of another length, magic, type, version or flags are refused") {
    require_exact_length(golden::bytes("beacon"), decode_beacon);
    require_exact_length(golden::bytes("mark"), decode_mark);
    require_exact_length(golden::bytes("receipt"), decode_receipt);
    require_exact_length(golden::bytes("verdict"), decode_verdict);
    CHECK_FALSE(decode_receipt(golden::bytes("beacon")));
}

TEST_CASE("values outside their lists and reserved bits are refused") {
    const auto is_refused = [](const std::string& name, std::size_t at, std::uint8_t value, auto decode) {
        auto bytes = golden::bytes(name);
        bytes[at] = value;
        return !decode(bytes);
    };
    CHECK(is_refused("beacon", 20, 0, decode_beacon)); // mode
    CHECK(is_refused("beacon", 20, 4, decode_beacon));
    CHECK(is_refused("beacon", 20, 1, decode_beacon));   // a committee's beacon names no node
    CHECK(is_refused("beacon", 21, 'D', decode_beacon)); // phase
    CHECK(is_refused("beacon", 23, 1, decode_beacon));   // reserved
    CHECK(is_refused("beacon", 39, 1, decode_beacon));
    CHECK(is_refused("mark", 16, 4, decode_mark));  // phase
    CHECK(is_refused("mark", 17, 3, decode_mark));  // devices
    CHECK(is_refused("mark", 18, 3, decode_mark));  // status
    CHECK(is_refused("mark", 19, 4, decode_mark));  // mode
    CHECK(is_refused("mark", 138, 4, decode_mark)); // device kind
    CHECK(is_refused("mark", 216, 3, decode_mark)); // an index twice
    CHECK(is_refused("mark", 216, 2, decode_mark)); // descending
    CHECK(is_refused("receipt", 28, 4, decode_receipt));
    CHECK(is_refused("receipt", 29, 1, decode_receipt));
    CHECK(is_refused("verdict", 30, 15, decode_verdict));
}

TEST_CASE("a mark holds up to 32 devices") {
    auto full = mark();
    full.devices.clear();
    for (std::uint16_t i = 0; i < 32; ++i) full.devices.push_back({.index = i});
    CHECK(decode_mark(encode_mark(full, key(1))) == full);
    full.devices.push_back({.index = 32});
    CHECK_FALSE(decode_mark(encode_mark(full, key(1))));
}

TEST_CASE("every verdict code has a name and a sentence") {
    for (std::uint16_t number = 0; number <= 14; ++number) {
        const auto code = find_verdict_code(number);
        REQUIRE(code);
        CHECK_FALSE(name_of(*code).empty());
        CHECK(explanation_of(*code).ends_with("."));
    }
    CHECK_FALSE(find_verdict_code(15));
}
