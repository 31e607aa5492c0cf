#include "crypto/hash.h"
#include "golden/golden_vectors.h"
#include "popw_rules/committee.h"

#include <sstream>

using namespace kaisar;
using namespace kaisar::popw;

namespace {

std::string joined(const std::vector<std::size_t>& positions) {
    std::string out;
    for (auto position : positions) {
        if (!out.empty()) out += ',';
        out += std::to_string(position);
    }
    return out;
}

const SlotId slot{20000, 17};
const Bytes32 uid = golden::repeated(0x55);
const Bytes32 ascending = golden::ascending<32>(0);

} // namespace

TEST_CASE("beacon values and their combination are the reference's") {
    CHECK(encode_hex(beacon_value(golden::repeated(0x30), BeaconPhase::walk, 7, slot)) == golden::text("beacon-value"));
    const Contribution contributions[] = {{ascending, uid}, {uid, ascending}};
    const auto word = golden::ascending<32>(0x80);
    CHECK(encode_hex(combine_beacon(BeaconPhase::start, slot, word, uid, contributions)) ==
          golden::text("combined-start"));
}

TEST_CASE("a combined value depends on phase, slot, word, node, members and their order") {
    const Contribution contributions[] = {{ascending, uid}, {uid, ascending}};
    const Contribution swapped[] = {contributions[1], contributions[0]};
    const auto value = combine_beacon(BeaconPhase::start, slot, uid, uid, contributions);
    CHECK(combine_beacon(BeaconPhase::query, slot, uid, uid, contributions) != value);
    CHECK(combine_beacon(BeaconPhase::start, {20000, 18}, uid, uid, contributions) != value);
    CHECK(combine_beacon(BeaconPhase::start, slot, ascending, uid, contributions) != value);
    CHECK(combine_beacon(BeaconPhase::start, slot, uid, ascending, contributions) != value);
    CHECK(combine_beacon(BeaconPhase::start, slot, uid, uid, swapped) != value);
    CHECK(combine_beacon(BeaconPhase::start, slot, uid, uid, {contributions, 1}) != value);
}

TEST_CASE("committees are drawn as the reference draws them") {
    std::vector<Bytes32> ids;
    for (std::uint8_t i = 0; i < 20; ++i) ids.push_back(sha256(ByteView(&i, 1)));
    CHECK(joined(choose_committee(ascending, uid, ids, 5)) == golden::text("committee 5"));
    CHECK(encode_hex(day_value(20000, golden::ascending<32>(0x80))) == golden::text("day-value"));
    CHECK(joined(choose_committee(golden::ascending<32>(0x80), uid, ids, 30)) == golden::text("committee 20"));
    CHECK(choose_committee(ascending, uid, {}, 5).empty());
}

TEST_CASE("the upper median takes the larger middle value") {
    CHECK(upper_median({7}) == 7);
    CHECK(upper_median({9, 1}) == 9);
    CHECK(upper_median({9, 1, 5}) == 5);
    CHECK(upper_median({4, 1, 3, 2}) == 3);
}

TEST_CASE("a mark counts as received at the upper median of its receipts, and not before a quorum had it") {
    CHECK(received_time({7}, 1) == 7);
    CHECK(received_time({9, 1}, 1) == 9);
    CHECK(received_time({9, 1, 5}, 2) == 5);
    CHECK(received_time({4, 1, 3, 2}, 3) == 3);
    CHECK(received_time({9, 1, 5}, 3) == 9); // two of five checkers are missing
    int seen = 0;
    for (const auto& [name, answer] : golden::vectors()) {
        if (!name.starts_with("received-time ")) continue;
        INFO(name);
        std::istringstream fields(name.substr(name.find(':') + 1));
        std::vector<std::uint64_t> times;
        for (std::string time; std::getline(fields, time, '+');) times.push_back(std::stoull(time));
        CHECK(received_time(times, std::stoull(name.substr(14))) == std::stoull(answer));
        ++seen;
    }
    CHECK(seen == 6);
}
