#include "network/token_bucket.h"

#include <catch2/catch.hpp>

using namespace kaisar::network;
using namespace std::chrono_literals;

TEST_CASE("a burst is let through, then one request per token's time") {
    TokenBuckets buckets({.per_second = 2, .burst = 3}, 100);
    const TokenBuckets::TimePoint start{};
    for (int i = 0; i < 3; ++i) CHECK(buckets.try_take("a", start));
    CHECK_FALSE(buckets.try_take("a", start));
    CHECK_FALSE(buckets.try_take("a", start + 400ms));
    CHECK(buckets.try_take("a", start + 500ms));
    CHECK_FALSE(buckets.try_take("a", start + 600ms));
}

TEST_CASE("one address does not use up another's tokens") {
    TokenBuckets buckets({.per_second = 1, .burst = 1}, 100);
    CHECK(buckets.try_take("a", {}));
    CHECK(buckets.try_take("b", {}));
    CHECK_FALSE(buckets.try_take("a", {}));
}

TEST_CASE("an idle bucket holds the burst and no more") {
    TokenBuckets buckets({.per_second = 10, .burst = 2}, 100);
    const TokenBuckets::TimePoint later = TokenBuckets::TimePoint{} + 1h;
    CHECK(buckets.try_take("a", {}));
    CHECK(buckets.try_take("a", later));
    CHECK(buckets.try_take("a", later));
    CHECK_FALSE(buckets.try_take("a", later));
}

TEST_CASE("addresses that were quiet are forgotten when there are too many") {
    TokenBuckets buckets({.per_second = 1, .burst = 1}, 10);
    for (int i = 0; i < 10; ++i) buckets.try_take(std::to_string(i), {});
    CHECK(buckets.size() == 10);
    buckets.try_take("new", TokenBuckets::TimePoint{} + 10s);
    CHECK(buckets.size() == 1);
}

TEST_CASE("a rate of zero is no limit") {
    TokenBuckets buckets({}, 10);
    for (int i = 0; i < 1000; ++i) CHECK(buckets.try_take("a", {}));
}
