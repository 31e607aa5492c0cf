#include "devices/gpus.h"
#include "devices/selection.h"
#include "doubles/host_device.h"
#include "error/error.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using kaisar::tests::HostDevice;

TEST_CASE("A device that computes rightly may be used") {
    HostDevice device;
    CHECK_NOTHROW(require_working(device));
    CHECK(device.free_bytes() == device.memory_bytes); // nothing is kept
}

TEST_CASE("A device with any kernel that answers wrongly is found out, and the kernel is named") {
    for (const char* kernel : {"chacha8", "gemm_s8", "sha256", "page_fill", "walk", "memory", "peak"})
        for (int from : {0, 1}) {
            if (from == 1 &&
                (kernel == std::string("chacha8") || kernel == std::string("walk") || kernel == std::string("peak")))
                continue; // runs once
            HostDevice device;
            device.faulty_kernel = kernel;
            device.faulty_from = from;
            INFO(kernel << " from run " << from);
            try {
                require_working(device);
                FAIL("it was not found out");
            } catch (const Error& error) {
                CHECK(error.kind() == ErrorKind::mismatch);
                CHECK(error.message().find(kernel) != std::string::npos);
                CHECK(error.message().find("cuda:3") != std::string::npos);
            }
        }
}

TEST_CASE("Where a device's fastest product is wrong the next one is taken, and what was passed over is told") {
    std::vector<std::string> tried;
    int forgotten = 0;
    std::string told;
    const auto open = [&](const std::string& variant, const std::string& passed_over) {
        tried.push_back(variant);
        told = passed_over;
        auto device = std::make_unique<HostDevice>();
        if (variant == "fast") device->faulty_kernel = "gemm_s8";
        if (variant == "faster")
            device->on_kernel = [](const std::string&, int) { throw Error(ErrorKind::environment, "it is lost"); };
        require_working(*device);
        return device;
    };
    const auto forget = [&] { ++forgotten; };
    CHECK(first_working({"faster", "fast", "plain", "plainer"}, open, forget) != nullptr);
    CHECK(tried == std::vector<std::string>{"faster", "fast", "plain"});
    CHECK(forgotten == 2);
    CHECK(told.starts_with("gemm_s8/faster: it is lost; gemm_s8/fast: cuda:3"));
    CHECK_THROWS_WITH(first_working({"faster", "fast"}, open, forget), Catch::Matchers::Contains("gemm_s8"));
}

namespace {

/// A device that takes so long for a product, and goes by that name.
class PacedDevice : public HostDevice {
public:
    PacedDevice(std::string variant, double product_s, std::string passed_over)
        : variant_(std::move(variant)), product_s_(product_s), known_(HostDevice::facts()) {
        known_.passed_over = std::move(passed_over);
    }
    const kernels::DeviceFacts& facts() const override { return known_; }
    std::string gemm_variant() const override { return variant_; }
    double product_s() const { return product_s_; }

private:
    std::string variant_;
    double product_s_;
    kernels::DeviceFacts known_;
};

struct Tried {
    std::string chosen, passed_over;
    int forgotten = 0;
};

/// What becomes of a device that takes a second, with a rival.
Tried try_rival(double rival_s, const std::string& faulty_kernel, bool rival_dies) {
    Tried tried;
    const auto make = [&](const std::string& variant, const std::string& passed_over) {
        auto device = std::make_unique<PacedDevice>(variant, variant == "rival" ? rival_s : 1, passed_over);
        if (variant == "rival") device->faulty_kernel = faulty_kernel;
        return device;
    };
    const Trial trial{.open = make,
                      .require_right = [](auto& device) { require_working(device); },
                      .time_s =
                          [&](auto& device) {
                              if (rival_dies && device.gemm_variant() == "rival")
                                  throw Error(ErrorKind::environment, "it is lost");
                              return dynamic_cast<PacedDevice&>(device).product_s();
                          },
                      .forget = [&] { ++tried.forgotten; }};
    const auto device = choose_by_trial(make("own", "before"), {"rival"}, trial);
    tried.chosen = device->gemm_variant(), tried.passed_over = device->facts().passed_over;
    return tried;
}

} // namespace

TEST_CASE("A rival takes a product's place where it is clearly faster and right, and nothing is said where it is not") {
    CHECK(try_rival(0.5, "", false).chosen == "rival");
    CHECK(try_rival(0.5, "", false).passed_over == "before");
    CHECK(try_rival(0.95, "", false).chosen == "own");
    CHECK(try_rival(2, "gemm_s8", false).chosen == "own");
    CHECK(try_rival(2, "gemm_s8", false).passed_over == "before");
}

TEST_CASE(
    "A rival that is fast and wrong, or takes the device with it, leaves the device as it was, which tells of it") {
    for (const bool dies : {false, true}) {
        const auto tried = try_rival(0.5, dies ? "" : "gemm_s8", dies);
        CHECK((tried.chosen == "own" && tried.forgotten == 1));
        CHECK(tried.passed_over.starts_with("before; gemm_s8/rival: "));
    }
}

TEST_CASE("A card is matched with what NVML says of it by its UUID, not by its place") {
    kernels::DeviceList list;
    list.devices = {{.index = 0, .name = "x", .uuid = "GPU-b"},
                    {.index = 1, .name = "x", .uuid = "GPU-a"},
                    {.index = 2, .name = "x", .uuid = "GPU-of-an-instance"}};
    std::vector<GpuState> states(2);
    states[0].uuid = "GPU-a";
    states[0].processes = {{.pid = 12, .memory_bytes = 1}};
    states[1].uuid = "GPU-b";
    const auto found = join_gpus(list, states);
    REQUIRE(found.gpus.size() == 3);
    CHECK(found.gpus[0].objection.empty());
    CHECK(found.gpus[1].objection.find("process 12") != std::string::npos);
    CHECK(found.gpus[2].objection.empty());
}

TEST_CASE("An instance of a partitioned GPU goes by its own UUID, and others on the card do not disturb it") {
    kernels::DeviceList list;
    list.devices = {{.index = 0, .name = "x MIG 1g.5gb", .uuid = "GPU-0a-1"},
                    {.index = 1, .name = "y", .uuid = "GPU-1"}};
    std::vector<GpuState> states(3);
    states[0].uuid = "GPU-ff-1";
    states[0].is_partitioned = true;
    states[0].processes = {{.pid = 12, .memory_bytes = 1}};
    states[1].uuid = "MIG-0a-1";
    const auto found = join_gpus(list, states); // the third state is that of a lost card
    REQUIRE(found.gpus.size() == 2);
    CHECK((found.gpus[0].facts.uuid == "MIG-0a-1" && found.gpus[0].objection.empty()));
    CHECK((found.gpus[1].facts.uuid == "GPU-1" && found.gpus[1].objection.empty()));
    CHECK(select_devices({"MIG-0a-1"}, found).gpus.size() == 1);
}

TEST_CASE("Where there are no GPUs the reason is told") {
    const auto none = find_gpus();
    if (!none.gpus.empty()) return;
    CHECK_FALSE(none.reason.empty());
    CHECK_THROWS_AS(open_working_gpu({}), Error);
}
