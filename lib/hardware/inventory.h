/// What this machine is made of, as the operating system reports it: claims, until a benchmark and a proof attest them.
///
/// Only facts that stay the same from one boot to the next, and are no secret, are in here: no serial numbers, no free
/// space, no temperatures. What cannot be found out is empty or zero, never an error.
#pragma once

#include "bytes/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kaisar {

struct Cache {
    unsigned level;
    std::uint64_t size_bytes;
    unsigned shared_by_threads;
};

struct Cpu {
    std::string model;
    std::string architecture; ///< x86_64, aarch64
    std::string features;     ///< names_of(detect_cpu_features())
    unsigned sockets = 0;
    unsigned cores = 0;
    unsigned threads = 0;
    unsigned numa_nodes = 0;
    /// What this process may use: affinity and the control group's quota, in processors. At most `threads`.
    double usable_threads = 0;
    std::vector<Cache> caches; ///< data and unified caches, one entry a level
};

struct Memory {
    std::uint64_t total_bytes = 0;
    /// The control group's limit, or total_bytes where there is none.
    std::uint64_t usable_bytes = 0;
};

struct Disk {
    std::string name; ///< as in /sys/block
    std::string model;
    std::uint64_t size_bytes = 0;
    bool rotates = false;
};

struct Nic {
    std::string name;
    std::string driver;
    std::uint64_t link_bits_per_s = 0; ///< zero when the link is down or does not say
};

struct Gpu {
    unsigned index = 0;
    std::string name;
    std::string uuid;
    std::uint64_t memory_bytes = 0;
    std::string driver_version;
    unsigned pcie_generation = 0; ///< the most that card and slot can do together
    unsigned pcie_lanes = 0;
    unsigned compute_capability_major = 0;
    unsigned compute_capability_minor = 0;
    std::uint64_t power_limit_mw = 0;
};

struct System {
    std::string vendor; ///< DMI
    std::string product;
    std::string kernel;
    std::string distribution; ///< PRETTY_NAME of os-release
    std::string hypervisor;   ///< empty on bare metal
};

struct Inventory {
    Cpu cpu;
    Memory memory;
    std::vector<Disk> disks;
    std::vector<Nic> nics;
    std::vector<Gpu> gpus;
    System system;
};

/// Looks at everything; takes a few milliseconds, more where a GPU driver has to wake up.
Inventory detect_inventory();

/// A file system's size and what is left of it for this user.
struct FreeSpace {
    std::uint64_t size_bytes;
    std::uint64_t available_bytes;
};

/// Of the file system that holds `path`, or nothing when that cannot be asked.
std::optional<FreeSpace> find_free_space(const std::string& path);

/// Memory that could be had now without swapping: MemAvailable, within what is left of the control group's limit and of
/// the limits of this process (ulimit -v, ulimit -d).
std::uint64_t detect_available_memory_bytes();

/// Bytes of one readable system file without its newline, at most 64 KiB; empty when it cannot be read.
std::string read_system_file(const std::string& path);

/// The kernel's random name for this boot: 16 bytes as text; Error(environment) when the kernel does not tell.
std::string detect_boot_id();

} // namespace kaisar
