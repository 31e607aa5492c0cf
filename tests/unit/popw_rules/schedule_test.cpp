#include "golden/golden_vectors.h"
#include "popw_rules/schedule.h"

using namespace kaisar;
using namespace kaisar::popw;
using namespace std::chrono_literals;

namespace {

Instant instant(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }

} // namespace

TEST_CASE("slots begin at their boundaries and T0 follows") {
    const auto params = *find_params("default");
    CHECK(slots_per_epoch(params) == 288);
    CHECK(slot_at(params, instant(0)) == SlotId{0, 0});
    CHECK(slot_at(params, instant(86400 * 20000 + 300 * 17)) == SlotId{20000, 17});
    CHECK(slot_at(params, instant(86400 * 20000 + 300 * 17) - 1us) == SlotId{20000, 16});
    CHECK(t0_of(params, {20000, 17}) == instant(86400 * 20000 + 300 * 17 + 21));
    CHECK(next_slot(params, {20000, 287}) == SlotId{20001, 0});
    CHECK(is_scheduled(params, {20000, 287}));
    CHECK_FALSE(is_scheduled(params, {20000, 288}));
    CHECK_FALSE(is_scheduled(params, {~std::uint64_t{0}, 0}));
}

TEST_CASE("the slot to wait for is the one whose T0 has not passed") {
    const auto params = *find_params("default");
    const auto boundary = instant(86400 * 20000);
    CHECK(upcoming_slot(params, boundary) == SlotId{20000, 0});
    CHECK(upcoming_slot(params, boundary + 21s) == SlotId{20000, 0});
    CHECK(upcoming_slot(params, boundary + 21s + 1us) == SlotId{20000, 1});
    CHECK(upcoming_slot(params, boundary - 1s) == SlotId{20000, 0});
}

TEST_CASE("the schedule word decides as the reference does, at the thresholds too") {
    const std::string prefix = "schedule ";
    int seen = 0;
    for (const auto& [name, answer] : golden::vectors()) {
        if (!name.starts_with(prefix) && !name.starts_with("test-" + prefix)) continue;
        const auto params = *find_params(name.starts_with(prefix) ? "default" : "test");
        const auto word = *decode_hex_array<32>(name.substr(name.find(' ') + 1));
        INFO(name);
        CHECK((is_active(params, word) ? "1" : "0") == answer.substr(0, 1));
        CHECK((has_memory_phase(params, word) ? "1" : "0") == answer.substr(2));
        ++seen;
    }
    CHECK(seen == 7);
}

TEST_CASE("a threshold with all bits set means always") {
    CHECK(is_active(*find_params("devnet"), golden::repeated(0xff)));
}
