#include "unit/proving/played_network.h"

#include "error/error.h"

#include <atomic>

using namespace kaisar;
using popw::BeaconPhase;
using popw::MarkPhase;

namespace {

/// A unit that goes wrong while `is_faulty`: the kernels below compute rightly, then spoil what they wrote.
std::atomic<bool> is_faulty{false};
std::atomic<std::uint32_t> products{0};
popw::Primitives right = popw::choose_primitives(detect_cpu_features());

/// Other bits of the block's first tile each time: heat, not a mistake.
void multiply_and_flip(const kernels::GemmS8Arguments& arguments) noexcept {
    right.gemm.multiply(arguments);
    if (!is_faulty || arguments.m == 0 || arguments.n == 0) return;
    arguments.c[0] ^= static_cast<std::int32_t>(++products);
}

/// The same wrong bit in every block of every page, whenever it is asked.
void fill_and_flip(const kernels::PageFillArguments& arguments) noexcept {
    right.page_fill(arguments);
    if (!is_faulty) return;
    for (std::size_t block = 0; block < arguments.count * arguments.blocks; ++block) arguments.pages[64 * block] ^= 1;
}

popw::Primitives faulty_products() {
    auto primitives = right;
    primitives.gemm.multiply = multiply_and_flip;
    return primitives;
}

popw::Primitives faulty_pages() {
    auto primitives = right;
    primitives.page_fill = fill_and_flip;
    return primitives;
}

/// The error that a run on this machine ends with.
Error error_of(const PlayedWorker& worker) {
    try {
        worker.prove();
    } catch (const Error& error) {
        is_faulty = false;
        return error;
    }
    is_faulty = false;
    FAIL("a faulty machine's proof was sent");
    return {ErrorKind::internal, ""};
}

} // namespace

TEST_CASE("A sound machine sends its marks and its proof, with memory where the slot asks for it") {
    PlayedNetwork network(played_params(MemoryPhases::always));
    const PlayedWorker worker(network, right);
    const auto report = worker.prove();
    CHECK(report.outcome == ProveOutcome::proved);
    CHECK(report.left_out == "");
    CHECK(network.marks == std::vector{MarkPhase::heartbeat, MarkPhase::compute, MarkPhase::hold, MarkPhase::walk});
    CHECK(network.proofs.size() == 1);
    CHECK(worker.spooled() == 0);
    REQUIRE(report.devices.size() == 1);
    CHECK(report.devices[0].held_bytes > 0);
}

TEST_CASE("A product kernel that goes wrong in a slot is found out before anything is committed to") {
    PlayedNetwork network(played_params(MemoryPhases::never));
    const PlayedWorker worker(network, faulty_products());
    network.on_beacon = [](BeaconPhase phase) { is_faulty = is_faulty || phase == BeaconPhase::start; };
    const auto error = error_of(worker);
    CHECK(error.kind() == ErrorKind::mismatch);
    CHECK(error.message().find("came out differently when it was computed again") != std::string::npos);
    // The sign of life is true; no mark of computing went out that a proof would be owed for.
    CHECK(network.marks == std::vector{MarkPhase::heartbeat});
    CHECK(network.proofs.empty());
    CHECK(worker.spooled() == 0);
}

TEST_CASE("A product kernel that always goes wrong is refused before the slot") {
    PlayedNetwork network(played_params(MemoryPhases::never));
    is_faulty = true;
    std::optional<Error> refusal;
    try {
        const PlayedWorker worker(network, faulty_products());
    } catch (const Error& error) {
        refusal = error;
    }
    is_faulty = false;
    REQUIRE(refusal);
    CHECK(refusal->kind() == ErrorKind::mismatch);
    CHECK(refusal->message().find("give a wrong answer to a known round") != std::string::npos);
    CHECK(network.marks.empty());
}

TEST_CASE("Bits that flip in memory between filling and walking are found out before the proof is kept or sent") {
    PlayedNetwork network(played_params(MemoryPhases::always));
    const PlayedWorker worker(network, faulty_pages());
    is_faulty = true;
    network.on_beacon = [](BeaconPhase phase) {
        if (phase == BeaconPhase::walk) is_faulty = false;
    };
    const auto error = error_of(worker);
    CHECK(error.kind() == ErrorKind::mismatch);
    CHECK(error.message().find("walk-mismatch") != std::string::npos);
    CHECK(network.proofs.empty());
    CHECK(worker.spooled() == 0);
}

TEST_CASE("Pages that a fast kernel makes wrongly every time are found out by the plain one") {
    PlayedNetwork network(played_params(MemoryPhases::always));
    const PlayedWorker worker(network, faulty_pages());
    is_faulty = true;
    const auto error = error_of(worker);
    CHECK(error.kind() == ErrorKind::mismatch);
    CHECK(error.message().find("with the reference kernels: walk-mismatch") != std::string::npos);
    CHECK(network.proofs.empty());
    CHECK(worker.spooled() == 0);
}
