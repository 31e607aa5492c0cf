#include "doubles/host_device.h"
#include "popw_devices/gpu_device.h"
#include "popw_devices/rehearsal.h"
#include "unit/popw/staged_proof.h"

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

TEST_CASE("a rehearsal on a GPU ends in a proof of both its arithmetic and its memory") {
    auto with_gpu = options(BeaconMode::committee, 3);
    with_gpu.params.walkers_log2_min = 7;
    with_gpu.params.device_pages.hold_accesses_log2 = 13;
    with_gpu.params.walk_window = std::chrono::milliseconds(50);
    with_gpu.params.profiles = {0};
    with_gpu.memory_limit_bytes = 1;
    kaisar::tests::HostDevice stream(2);
    stream.memory_bytes = 1 << 20;
    GpuDevice device({.primitives = primitives(), .params = with_gpu.params}, stream);
    with_gpu.device = &device;
    const auto rehearsal = rehearse(with_gpu, primitives());
    INFO(rehearsal.verification.detail);
    REQUIRE(rehearsal.verification.code == VerdictCode::ok);
    CHECK(rehearsal.verification.identity.device_index == 3);
    CHECK(rehearsal.verification.held_bytes > (1 << 20) / 2);
    CHECK(rehearsal.attested.walk_bytes_per_s > 0);
}
