#include "error/error.h"
#include "hardware/detection.h"
#include "unit/hardware/fake_machine.h"

#include <catch2/catch.hpp>

using namespace kaisar;

TEST_CASE("Limits of version 2 control groups count from every group around the process") {
    const FakeMachine machine;
    machine.write("cgroup", "0::/a/b\n");
    machine.write("fs/a/cpu.max", "150000 100000\n");
    machine.write("fs/a/memory.max", "8589934592\n");
    machine.write("fs/a/b/cpu.max", "max 100000\n");
    machine.write("fs/a/b/memory.max", "4294967296\n");
    const auto limits = detect_control_group_limits(machine / "cgroup", machine / "fs");
    CHECK(limits.processors == 1.5);
    CHECK(limits.memory_bytes == 4294967296u);
}

TEST_CASE("Limits of version 1 control groups are found under each controller") {
    const FakeMachine machine;
    machine.write("cgroup", "4:memory:/x\n3:cpu,cpuacct:/x\n1:name=systemd:/\n");
    machine.write("fs/memory/x/memory.limit_in_bytes", "1073741824\n");
    machine.write("fs/cpu,cpuacct/x/cpu.cfs_quota_us", "50000\n");
    machine.write("fs/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
    const auto limits = detect_control_group_limits(machine / "cgroup", machine / "fs");
    CHECK(limits.processors == 0.5);
    CHECK(limits.memory_bytes == 1073741824u);
}

TEST_CASE("No limit is no limit, in both spellings, and so is no control group at all") {
    const FakeMachine machine;
    machine.write("cgroup", "4:memory:/\n3:cpu:/\n0::/\n");
    machine.write("fs/memory/memory.limit_in_bytes", "9223372036854771712\n");
    machine.write("fs/cpu/cpu.cfs_quota_us", "-1\n");
    machine.write("fs/cpu/cpu.cfs_period_us", "100000\n");
    machine.write("fs/memory.max", "max\n");
    for (const auto& file : {machine / "cgroup", machine / "nothing"}) {
        const auto limits = detect_control_group_limits(file, machine / "fs");
        CHECK_FALSE(limits.processors);
        CHECK_FALSE(limits.memory_bytes);
    }
}

TEST_CASE("Usable memory is the control group's where it is less than the machine's") {
    const FakeMachine machine;
    machine.write("meminfo", "MemTotal:       16000000 kB\nMemAvailable:   9000000 kB\n");
    const auto memory =
        detect_memory({.processors = {}, .memory_bytes = 1000000000, .free_memory_bytes = {}}, machine / "meminfo");
    CHECK(memory.total_bytes == 16000000ull * 1024);
    CHECK(memory.usable_bytes == 1000000000u);
    CHECK(detect_memory({}, machine / "meminfo").usable_bytes == 16000000ull * 1024);
    CHECK(meminfo_bytes("MemTotalNot: 5 kB\n", "MemTotal") == 0);
}

TEST_CASE("Disks are those with a device behind them") {
    const FakeMachine machine;
    machine.write("block/nvme0n1/size", "2000\n");
    machine.write("block/nvme0n1/queue/rotational", "0\n");
    machine.write("block/nvme0n1/device/model", "Fast One   \n");
    machine.write("block/loop0/size", "400\n");
    machine.write("block/sr0/size", "0\n");
    machine.write("block/sr0/device/model", "Empty\n");
    const auto disks = detect_disks(machine / "block");
    REQUIRE(disks.size() == 1);
    CHECK(disks[0].name == "nvme0n1");
    CHECK(disks[0].model == "Fast One");
    CHECK(disks[0].size_bytes == 2000 * 512);
    CHECK_FALSE(disks[0].rotates);
    CHECK(detect_disks(machine / "absent").empty());
}

TEST_CASE("NICs are those with a device behind them, or those that routes lead to") {
    const FakeMachine machine;
    machine.write("net/lo/speed", "");
    machine.write("net/eth1/device/x", "");
    machine.write("net/eth1/speed", "25000\n");
    machine.link("net/eth1/device/driver", "../../bus/drivers/mlx5_core");
    machine.write("net/eth0/device/x", "");
    machine.write("net/eth0/speed", "-1\n");
    auto nics = detect_nics(machine / "net", machine / "route");
    REQUIRE(nics.size() == 2);
    CHECK(nics[0].name == "eth0");
    CHECK(nics[0].link_bits_per_s == 0);
    CHECK(nics[1].driver == "mlx5_core");
    CHECK(nics[1].link_bits_per_s == 25'000'000'000u);

    machine.write("route", "Iface\tDestination\nveth9\t00000000\nveth9\t0000FEA9\n");
    nics = detect_nics(machine / "container", machine / "route");
    REQUIRE(nics.size() == 1);
    CHECK(nics[0].name == "veth9");
}

TEST_CASE("A machine without an NVIDIA driver has no GPU, and that is no error") {
    CHECK(detect_gpus("libthere-is-no-such-library.so.1").empty());
}

TEST_CASE("The distribution's name is read without its quotes") {
    const FakeMachine machine;
    machine.write("os-release", "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
    machine.write("dmi/sys_vendor", "Maker Inc.\n");
    const auto system = detect_system(machine / "dmi", machine / "os-release");
    CHECK(system.distribution == "Debian GNU/Linux 12 (bookworm)");
    CHECK(system.vendor == "Maker Inc.");
    CHECK(system.product.empty());
    CHECK_FALSE(system.kernel.empty());
}

TEST_CASE("A system file is read up to its limit, and one that is not there is empty") {
    const FakeMachine machine;
    machine.write("large", std::string(100000, 'x'));
    CHECK(read_system_file(machine / "large").size() == 65536);
    CHECK(read_system_file(machine / "absent").empty());
}

TEST_CASE("What is left of a group's memory leaves out idle file pages, and the tightest group counts") {
    const FakeMachine machine;
    machine.write("cgroup", "0::/a/b\n");
    machine.write("fs/a/memory.max", "1000000000\n");
    machine.write("fs/a/memory.current", "700000000\n");
    machine.write("fs/a/memory.stat", "anon 1\ninactive_file 100000000\ninactive_file_more 5\n");
    machine.write("fs/a/b/memory.max", "max\n");
    machine.write("fs/a/b/memory.high", "900000000\n");
    machine.write("fs/a/b/memory.current", "650000000\n");
    const auto limits = detect_control_group_limits(machine / "cgroup", machine / "fs");
    CHECK(limits.memory_bytes == 900000000u);
    CHECK(limits.free_memory_bytes == 250000000u);
}

TEST_CASE("What is left of a group's memory is found in version 1 too, and is never less than nothing") {
    const FakeMachine machine;
    machine.write("cgroup", "4:memory:/x\n");
    machine.write("fs/memory/x/memory.limit_in_bytes", "1073741824\n");
    machine.write("fs/memory/x/memory.usage_in_bytes", "1000000000\n");
    machine.write("fs/memory/x/memory.stat", "inactive_file 7\ntotal_inactive_file 500000000\n");
    CHECK(detect_control_group_limits(machine / "cgroup", machine / "fs").free_memory_bytes == 573741824u);
    machine.write("fs/memory/x/memory.usage_in_bytes", "2000000000\n");
    machine.write("fs/memory/x/memory.stat", "");
    CHECK(detect_control_group_limits(machine / "cgroup", machine / "fs").free_memory_bytes == 0u);
}
