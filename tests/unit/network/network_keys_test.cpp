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
    CHECK(made.checker.public_key() == loaded.checker.public_key());
    CHECK(made.portal.public_key() != made.checker.public_key());
    CHECK(std::equal(made.beacons.view().begin(), made.beacons.view().end(), loaded.beacons.view().begin()));
    CHECK(std::equal(made.schedule.view().begin(), made.schedule.view().end(), loaded.schedule.view().begin()));
    CHECK_FALSE(is_zero(made.beacons.view()));
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
