#include "error/error.h"
#include "network/network_keys.h"
#include "temporary_store.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::network;

TEST_CASE("keys are made once and stay the same") {
    const TemporaryDirectory directory;
    const auto made = load_or_make_network_keys(directory / "network.keys");
    const auto loaded = load_or_make_network_keys(directory / "network.keys");
    CHECK(made.portal.public_key() == loaded.portal.public_key());
    CHECK(made.peer().public_key() == loaded.peer().public_key());
    CHECK(made.portal.public_key() != made.peer().public_key());
    CHECK(std::equal(made.checkers[0].beacons.view().begin(), made.checkers[0].beacons.view().end(),
                     loaded.checkers[0].beacons.view().begin()));
    CHECK(std::equal(made.schedule.view().begin(), made.schedule.view().end(), loaded.schedule.view().begin()));
    CHECK_FALSE(is_zero(made.checkers[0].beacons.view()));
}

TEST_CASE("a network with several checkers keeps all of their keys, and a torn one is refused") {
    const TemporaryDirectory directory;
    const auto path = directory / "network.keys";
    const auto made = load_or_make_network_keys(path, 5);
    const auto loaded = load_network_keys(path);
    REQUIRE(loaded.checkers.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(made.checkers[i].signing.public_key() == loaded.checkers[i].signing.public_key());
        CHECK(array_of<32>(made.checkers[i].beacons.view()) == array_of<32>(loaded.checkers[i].beacons.view()));
        for (std::size_t j = 0; j < i; ++j)
            CHECK(made.checkers[i].signing.public_key() != made.checkers[j].signing.public_key());
    }
    auto text = load_file(path, 4096);
    text.resize(text.size() - 73); // the last line, "beacons" and 64 digits
    save_file(path, text);
    CHECK_THROWS_WITH(load_network_keys(path), Catch::Contains("beacons"));
}

TEST_CASE("a key file that others may read, or that is torn, is refused and left as it is") {
    const TemporaryDirectory directory;
    const auto path = directory / "network.keys";
    load_or_make_network_keys(path);
    auto whole = load_file(path, 4096);
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    CHECK_THROWS_AS(load_or_make_network_keys(path), Error);
    whole.resize(whole.size() - 20);
    save_file(path, whole);
    CHECK_THROWS_AS(load_or_make_network_keys(path), Error);
    CHECK(load_file(path, 4096) == whole);
    save_file(path, std::string_view("kaisar-network keys 2\n"));
    CHECK_THROWS_AS(load_or_make_network_keys(path), Error);
    CHECK_THROWS_AS(load_network_keys(directory / "missing"), Error);
}
