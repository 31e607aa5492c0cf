#include "settings/configuration.h"

#include "error/error.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

using namespace kaisar;

namespace {

Configuration configuration_of(std::string_view content) {
    std::string path = (std::filesystem::temp_directory_path() / "kaisar-XXXXXX").string();
    REQUIRE(::mkstemp(path.data()) >= 0);
    std::ofstream(path) << content;
    struct Removal {
        const std::string& path;
        ~Removal() { std::filesystem::remove(path); }
    } const removal{path};
    return load_configuration(path);
}

ErrorKind kind_of_fault(std::string_view content) {
    try {
        configuration_of(content);
    } catch (const Error& error) {
        INFO(error.message());
        return error.kind();
    }
    FAIL("was accepted: " << content);
    return ErrorKind::internal;
}

} // namespace

TEST_CASE("An empty configuration sets no limit but the watchdog's") {
    const auto configuration = configuration_of("{}");
    CHECK_FALSE(configuration.network);
    const auto& limits = configuration.limits;
    CHECK_FALSE(limits.max_memory_bytes);
    CHECK_FALSE(limits.max_threads);
    CHECK_FALSE(limits.runs_per_hour);
    CHECK_FALSE(limits.max_temperature_c);
    CHECK_FALSE(limits.max_power_w);
    CHECK_FALSE(limits.busy_percent);
    CHECK(limits.load == LoadPolicy::respected);
    CHECK(limits.longest_run == std::chrono::seconds(150));
}

TEST_CASE("Every limit of the owner is read from its field") {
    const auto limits = configuration_of(R"({"network": "net.json", "max_memory_bytes": 4294967296, "max_threads": 3,
        "runs_per_hour": 7, "max_temperature_c": 85.5, "max_power_w": 120, "busy_percent": 25, "ignore_load": true,
        "longest_run_s": 200})")
                            .limits;
    CHECK(limits.max_memory_bytes == std::uint64_t{1} << 32);
    CHECK(limits.max_threads == 3u);
    CHECK(limits.runs_per_hour == 7u);
    CHECK(limits.max_temperature_c == 85.5);
    CHECK(limits.max_power_w == 120.0);
    CHECK(limits.busy_percent == 25.0);
    CHECK(limits.load == LoadPolicy::ignored);
    CHECK(limits.longest_run == std::chrono::seconds(200));
}

TEST_CASE("A configuration that is wrong is a fault of usage, not a limit that nobody keeps") {
    for (const auto* content :
         {R"({"max_thread": 3})", R"({"max_threads": 0})", R"({"max_threads": "3"})", R"({"max_threads": -1})",
          R"({"runs_per_hour": 0})", R"({"max_temperature_c": 0})", R"({"max_temperature_c": "hot"})",
          R"({"max_power_w": -5})", R"({"busy_percent": 0})", R"({"ignore_load": "yes"})", R"({"longest_run_s": 0})",
          R"({"max_memory_bytes": 1.5})", "[]", "{"})
        CHECK(kind_of_fault(content) == ErrorKind::usage);
}
