#include "clock/clock.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace std::chrono_literals;

TEST_CASE("an instant is written in RFC 3339 and read back") {
    const auto instant = parse_rfc3339("2026-11-22T19:03:56Z");
    REQUIRE(instant);
    CHECK(instant->time_since_epoch() == 1795374236s);
    CHECK(format_rfc3339(*instant) == "2026-11-22T19:03:56Z");
    CHECK(format_rfc3339(Instant{}) == "1970-01-01T00:00:00Z");
    CHECK(format_rfc3339(*parse_rfc3339("2024-02-29T23:59:59Z") + 1s) == "2024-03-01T00:00:00Z");
}

TEST_CASE("a fraction of a second is read and not written") {
    const auto instant = parse_rfc3339("2026-11-22T19:03:56.25Z");
    REQUIRE(instant);
    CHECK(*instant - *parse_rfc3339("2026-11-22T19:03:56Z") == 250ms);
    CHECK(format_rfc3339(*instant) == "2026-11-22T19:03:56Z");
}

TEST_CASE("text that is no instant in UTC is refused") {
    for (const char* wrong :
         {"", "2026-11-22", "2026-11-22T19:03:56", "2026-11-22T19:03:56+01:00", "2026-13-01T00:00:00Z",
          "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T19:60:00Z", "2026-11-22T19:03:56Zx",
          " 2026-11-22T19:03:56Z", "2026-11-22T19:03:56.Z", "-026-11-22T19:03:56Z", "2026-11-22T-1:03:56Z",
          "2026- 1-22T19:03:56Z", "2026-11-22T+9:03:56Z", "2026-1a-22T19:03:56Z"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_rfc3339(wrong));
    }
}

TEST_CASE("sleeping ends at once when the deadline is past or a stop was requested") {
    const SystemClock clock;
    std::stop_source source;
    CHECK(clock.sleep_until(clock.now() - 1h, source.get_token()));
    source.request_stop();
    CHECK_FALSE(clock.sleep_until(clock.now() + 1h, source.get_token()));
}
