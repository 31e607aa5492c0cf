#include "golden/golden_vectors.h"
#include "popw_rules/linear_points.h"

#include <limits>
#include <numeric>
#include <sstream>

using namespace kaisar;
using namespace kaisar::popw;

namespace {

std::vector<std::uint64_t> numbers(const std::string& text, char separator = ',') {
    std::vector<std::uint64_t> out;
    std::istringstream fields(text);
    for (std::string field; std::getline(fields, field, separator);) out.push_back(std::stoull(field));
    return out;
}

// The golden vectors whose names begin so, what follows in the name, and the answer; as many as there must be.
std::vector<std::pair<std::string, std::string>> vectors_of(const std::string& prefix, std::size_t count) {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [name, answer] : golden::vectors())
        if (name.starts_with(prefix + " ")) found.emplace_back(name.substr(prefix.size() + 1), answer);
    REQUIRE(found.size() == count);
    return found;
}

constexpr auto max_u64 = std::numeric_limits<std::uint64_t>::max();

} // namespace

TEST_CASE("rates and scores are the reference's, at zero and at the maxima too") {
    const auto params = *find_params("default");
    int seen = 0;
    for (const auto& [name, answer] : golden::vectors()) {
        if (!name.starts_with("points ")) continue;
        INFO(name);
        const auto in = numbers(name.substr(7));
        const auto out = numbers(answer);
        const auto memory = in[6] != 0 ? MemoryKind::device : MemoryKind::host;
        const auto rates = attested_rates(
            {in[0], in[1], in[2], in[3], in[4], in[5] != 0 ? HoldOutcome::held : HoldOutcome::missed, memory}, params);
        CHECK(rates == AttestedRates{out[0], out[1], out[2]});
        CHECK(slot_score(rates, memory, params) == out[3]);
        ++seen;
    }
    CHECK(seen == 6);
}

TEST_CASE("epoch points are the reference's and saturate") {
    int seen = 0;
    for (const auto& [name, answer] : golden::vectors()) {
        if (!name.starts_with("epoch-points ")) continue;
        const auto in = numbers(name.substr(13));
        CHECK(epoch_points(in[0], in[1], in[2]) == std::stoull(answer));
        ++seen;
    }
    CHECK(seen == 5);
}

TEST_CASE("means, availability and shares are the reference's, at zero and at the maxima too") {
    for (const auto& [name, answer] : vectors_of("mean", 5)) {
        INFO("mean " << name);
        const auto slash = name.find('/');
        CHECK(mean_score(numbers(name.substr(0, slash), '+'), std::stoull(name.substr(slash + 1))) ==
              std::stoull(answer));
    }
    for (const auto& [name, answer] : vectors_of("availability", 6)) {
        INFO("availability " << name);
        const auto in = numbers(name, '/');
        CHECK(availability_ppm(in[0], in[1]) == std::stoull(answer));
    }
    for (const auto& [name, answer] : vectors_of("shares", 5)) {
        INFO("shares " << name);
        const auto colon = name.find(':');
        auto shares = share_pool(std::stoull(name.substr(0, colon)), numbers(name.substr(colon + 1), '+'));
        shares.rewards.push_back(shares.remainder);
        CHECK(shares.rewards == numbers(answer));
    }
}

TEST_CASE("finishing early earns no more than the window, finishing late less") {
    const auto params = *find_params("default");
    const auto rate = [&](std::uint64_t us) {
        return attested_rates({.macs = 1000000000, .compute_us = us}, params).macs_per_s;
    };
    CHECK(rate(0) == 50000000);
    CHECK(rate(20000000) == 50000000);
    CHECK(rate(40000000) == 25000000);
}

TEST_CASE("missing slots count as zero and no active slot is no score") {
    const std::uint64_t scores[] = {10, 20, 31};
    CHECK(mean_score(scores, 4) == 15);
    CHECK(mean_score({}, 12) == 0);
    CHECK(mean_score(scores, 0) == 0);
    const std::uint64_t huge[] = {max_u64, max_u64};
    CHECK(mean_score(huge, 1) == max_u64);
}

TEST_CASE("availability is at most all and nothing expected is none") {
    CHECK(availability_ppm(284, 288) == 986111);
    CHECK(availability_ppm(300, 288) == parts_per_million);
    CHECK(availability_ppm(1, 0) == 0);
    CHECK(availability_ppm(max_u64, 1) == parts_per_million);
}

TEST_CASE("one device split over two identities earns what it earned as one") {
    const std::uint64_t whole[] = {600, 400};
    const std::uint64_t split[] = {300, 300, 400};
    CHECK(share_pool(1000000, whole).rewards[0] ==
          share_pool(1000000, split).rewards[0] + share_pool(1000000, split).rewards[1]);
}

TEST_CASE("rewards and remainder add up to the pool exactly") {
    const std::uint64_t points[] = {1, 1, 1, 0, max_u64};
    for (std::uint64_t pool : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100}, max_u64}) {
        const auto shares = share_pool(pool, points);
        CHECK(std::accumulate(shares.rewards.begin(), shares.rewards.end(), shares.remainder) == pool);
    }
    CHECK(share_pool(77, std::vector<std::uint64_t>{0, 0}).remainder == 77);
    const std::uint64_t thirds[] = {1, 1, 1};
    CHECK(share_pool(100, thirds).remainder == 1);
}
