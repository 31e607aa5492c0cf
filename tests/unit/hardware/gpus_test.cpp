// NVML by name, against a test double of the driver's C interface that the build puts beside this program.
#include "hardware/detection.h"
#include "hardware/gpu_state.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

using namespace kaisar;

namespace {

std::string driver(const char* name) {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "doubles" / name;
}

const std::string recent = driver("libfake_nvml.so");
const std::string old = driver("libfake_nvml_old.so");

// What the driver's double is told, taken back at the end.
class Told {
public:
    Told(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;
    ~Told() { ::unsetenv(name_); }

private:
    const char* name_;
};

} // namespace

TEST_CASE("GPUs are found by NVML, in its order, with what the driver says of them") {
    const Told gpus("FAKE_NVML_GPUS", "9");
    const auto found = detect_gpus(recent.c_str());
    REQUIRE(found.size() == 9);
    CHECK(found[8].index == 8);
    CHECK(found[8].uuid == "GPU-00000008");
    CHECK(found[8].name == "NVIDIA Test 9000");
    CHECK(found[8].memory_bytes == 80ull << 30);
    CHECK(found[8].driver_version == "999.10");
    CHECK(found[8].compute_capability_major == 0); // this driver has no such function
}

TEST_CASE("A GPU's state is read, and only what slows it down counts as a reason") {
    const auto states = detect_gpu_states(recent.c_str());
    REQUIRE(states.size() == 1);
    const auto& state = states.front();
    CHECK(state.uuid == "GPU-00000000");
    CHECK(state.temperature_c == 61u);
    CHECK(state.power_mw == 432'100u);
    CHECK(state.core_clock_mhz == 1755u);
    CHECK(state.memory_clock_mhz == 2619u);
    CHECK((state.pcie_generation == 5u && state.pcie_lanes == 16u));
    CHECK(state.throttle_reasons == std::vector<std::string>{"sw-power-cap", "hw-thermal"});
    CHECK(state.ecc_errors == 0u);
    CHECK_FALSE(state.is_partitioned);
    CHECK(state.processes.empty());
    CHECK(find_gpu_objection(state).empty());
}

TEST_CASE("What an old driver lacks is absent, and nothing breaks") {
    const auto states = detect_gpu_states(old.c_str());
    REQUIRE(states.size() == 1);
    CHECK_FALSE(states[0].temperature_c);
    CHECK_FALSE(states[0].power_mw);
    CHECK_FALSE(states[0].ecc_errors);
    CHECK(states[0].throttle_reasons.empty());
    CHECK(find_gpu_objection(states[0]).empty());
    CHECK(detect_gpus(old.c_str()).at(0).uuid == "GPU-00000000");
}

TEST_CASE("A driver function that fails leaves its fact out, and the older name of a function is tried") {
    const Told failing("FAKE_NVML_FAIL",
                       "nvmlDeviceGetTemperature nvmlDeviceGetCurrentClocksEventReasons nvmlDeviceGetName");
    const auto state = detect_gpu_states(recent.c_str()).at(0);
    CHECK_FALSE(state.temperature_c);
    CHECK(state.power_mw);
    CHECK(state.throttle_reasons == std::vector<std::string>{"hw-slowdown"});
    CHECK(detect_gpus(recent.c_str()).at(0).name.empty());
    CHECK(detect_gpus(recent.c_str()).at(0).memory_bytes > 0);
}

TEST_CASE("A driver that does not start, or does not count, has no GPUs") {
    for (const char* function : {"nvmlInit_v2", "nvmlDeviceGetCount_v2"}) {
        const Told failing("FAKE_NVML_FAIL", function);
        CHECK(detect_gpus(recent.c_str()).empty());
        CHECK(detect_gpu_states(recent.c_str()).empty());
    }
    CHECK(detect_gpu_states("libthere-is-no-such-library.so.1").empty());
}

TEST_CASE("A GPU that fell off the bus, is used by others or has faulty memory is left alone, with the reason") {
    const Told gpus("FAKE_NVML_GPUS", "3"), lost("FAKE_NVML_LOST", "1");
    const auto states = detect_gpu_states(recent.c_str());
    REQUIRE(states.size() == 3);
    CHECK(find_gpu_objection(states[0]).empty());
    CHECK(find_gpu_objection(states[1]).find("does not answer") != std::string::npos);
    CHECK(states[2].index == 2);
    {
        const Told busy("FAKE_NVML_BUSY", "4711");
        const auto state = detect_gpu_states(recent.c_str()).at(0);
        REQUIRE(state.processes.size() == 2);
        CHECK(state.processes[0].memory_bytes == 123);
        CHECK(state.processes[1].memory_bytes == 0);
        CHECK(find_gpu_objection(state).find("process 4711") != std::string::npos);
    }
    const Told errors("FAKE_NVML_ECC", "2"), partitioned("FAKE_NVML_MIG", "1");
    const auto faulty = detect_gpu_states(recent.c_str()).at(0);
    CHECK(find_gpu_objection(faulty).find("2 errors") != std::string::npos);
    CHECK(faulty.is_partitioned);
}

TEST_CASE("A partitioned GPU's instances are listed behind it, each with its own programs and the card's state") {
    const Told partitioned("FAKE_NVML_MIG", "1"), busy("FAKE_NVML_BUSY", "4711"), errors("FAKE_NVML_ECC", "0");
    const auto states = detect_gpu_states(recent.c_str());
    REQUIRE(states.size() == 3);
    CHECK((states[0].uuid == "GPU-00000000" && states[0].is_partitioned));
    CHECK((states[1].uuid == "MIG-00000000" && states[2].uuid == "MIG-00000002"));
    CHECK(find_gpu_objection(states[1]).empty());
    CHECK(find_gpu_objection(states[2]).find("process 4711") != std::string::npos);
    CHECK((states[2].temperature_c == 61u && states[2].index == 0 && !states[2].is_partitioned));
}

TEST_CASE("A GPU is looked at again and again, an instance by way of its card") {
    for (const char* uuid : {"GPU-00000000", "MIG-00000000"}) {
        const GpuMonitor monitor(uuid, recent.c_str());
        for (int i = 0; i < 2; ++i) {
            const auto state = monitor.look();
            REQUIRE(state);
            CHECK(state->uuid == "GPU-00000000");
            CHECK(state->throttle_reasons == std::vector<std::string>{"sw-power-cap", "hw-thermal"});
        }
    }
    CHECK_FALSE(GpuMonitor("GPU-of-another-machine", recent.c_str()).look());
    CHECK_FALSE(GpuMonitor("GPU-00000000", old.c_str()).look());
    CHECK_FALSE(GpuMonitor("GPU-00000000", "libthere-is-no-such-library.so.1").look());
}
