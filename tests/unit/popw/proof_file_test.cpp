#include "golden/golden_vectors.h"
#include "popw/rehearsal.h"
#include "staged_proof.h"

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;

namespace {

RehearsalOptions options(BeaconMode mode, std::size_t checkers) {
    auto params = *find_params("devnet"); // seven seconds for the mark, so that a busy machine is not late
    params.round_limit = 3;
    return {.params = params,
            .threads = 2,
            .mode = mode,
            .checkers = checkers,
            .profile_id = 0,
            .now = Instant(std::chrono::seconds(1790000000))};
}

} // namespace

TEST_CASE("a proof file decodes to what it was") {
    const auto file = make_proof_file({});
    CHECK(decode_proof_file(encode_proof_file(file)) == file);
    CHECK(proof_file_name(verify_proof_file(file, primitives()).identity) == "20000-17-3.kpw");
}

TEST_CASE("a proof file that is cut, padded, of another version or inconsistent is refused") {
    const auto bytes = encode_proof_file(make_proof_file({}));
    for (std::size_t size = 0; size < bytes.size(); size += 11)
        CHECK_FALSE(decode_proof_file(ByteView(bytes).first(size)));
    auto longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode_proof_file(longer));
    for (std::size_t at : {0u, 4u, 6u, 8u, 12u, 40u}) {
        auto other = bytes;
        other[at] ^= 1;
        INFO("byte " << at);
        CHECK_FALSE(decode_proof_file(other));
    }
    auto file = make_proof_file({});
    for (const std::size_t quorum : {0u, 1u, 4u}) { // of three members
        file.quorum = quorum;
        CHECK_FALSE(decode_proof_file(encode_proof_file(file)));
    }
    CHECK_FALSE(decode_proof_file(Bytes(proof_file_limit_bytes + 1)));
}

TEST_CASE("a rehearsal with one checker, with five and without any ends in a valid proof") {
    for (std::size_t checkers : {1u, 5u}) {
        const auto rehearsal = rehearse(options(BeaconMode::committee, checkers), primitives());
        INFO(rehearsal.verification.detail);
        CHECK(rehearsal.verification.code == VerdictCode::ok);
        CHECK(rehearsal.rounds == 3);
        CHECK(rehearsal.attested.macs_per_s > 0);
        const auto reread = decode_proof_file(encode_proof_file(rehearsal.file));
        REQUIRE(reread);
        CHECK(verify_proof_file(*reread, primitives()).ok());
    }
    const auto self = rehearse(options(BeaconMode::self, 0), primitives());
    CHECK(self.verification.code == VerdictCode::ok);
    CHECK(self.verification.mode == BeaconMode::self);
    CHECK(decode_proof_file(encode_proof_file(self.file)) == self.file);
}

TEST_CASE("a file in which a member stands twice, which would be a quorum of its own, is none") {
    auto file = rehearse(options(BeaconMode::committee, 3), primitives()).file;
    REQUIRE(decode_proof_file(encode_proof_file(file)));
    file.committee[2] = file.committee[0];
    CHECK_FALSE(decode_proof_file(encode_proof_file(file)));
}

TEST_CASE("a rehearsal with memory attests what was held and walked") {
    auto with_memory = options(BeaconMode::committee, 3);
    with_memory.params.walkers_log2_min = 7; // a few thousand accesses instead of millions
    with_memory.params.host_pages.hold_accesses_log2 = 13;
    with_memory.params.walk_window = std::chrono::milliseconds(50);
    with_memory.memory_limit_bytes = 1 << 20;
    const auto rehearsal = rehearse(with_memory, primitives());
    INFO(rehearsal.verification.detail);
    REQUIRE(rehearsal.verification.code == VerdictCode::ok);
    CHECK(rehearsal.verification.held_bytes == 1 << 20);
    CHECK(rehearsal.verification.walk_bytes > 0);
    CHECK(rehearsal.attested.held_bytes == 1 << 20);
    CHECK(rehearsal.attested.walk_bytes_per_s > 0);
}

TEST_CASE("a rehearsal says which profile the constants do not allow, and stops when told to") {
    auto wrong = options(BeaconMode::committee, 1);
    wrong.profile_id = 3;
    CHECK_THROWS_AS(rehearse(wrong, primitives()), Error);
    std::stop_source stop;
    stop.request_stop();
    auto stopped = options(BeaconMode::committee, 1);
    stopped.stop = stop.get_token();
    try {
        rehearse(stopped, primitives());
        FAIL("it did not stop");
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::interrupted);
    }
}
