#include "network/exchange.h"
#include "protocol/portal_messages_json.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::network;

TEST_CASE("a path is taken apart between its slashes, without its query") {
    using Segments = std::vector<std::string_view>;
    CHECK(path_segments("/v1/workers/ab?x=1/2") == Segments{"v1", "workers", "ab"});
    CHECK(path_segments("/") == Segments{});
    CHECK(path_segments("") == Segments{});
    CHECK(path_segments("//v1//health/") == Segments{"v1", "health"});
    CHECK(path_segments("?") == Segments{});
}

TEST_CASE("a failure carries code, message and hint") {
    const auto response = failure_response(409, "wrong-state", "too early", "later");
    CHECK(response.status == 409);
    const auto failure = decode_portal_failure(response.body);
    CHECK(failure.code == "wrong-state");
    CHECK(failure.message == "too early");
    CHECK(failure.hint == "later");
}
