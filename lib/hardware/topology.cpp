#include "error/error.h"
#include "hardware/cpu_features.h"
#include "hardware/detection.h"

#include <algorithm>
#include <hwloc.h>
#include <memory>
#include <sched.h>
#include <sys/utsname.h>

namespace kaisar {
namespace {

struct DestroyTopology {
    void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<hwloc_topology, DestroyTopology>;

Topology load_topology() {
    hwloc_topology_t topology = nullptr;
    if (hwloc_topology_init(&topology) != 0) return nullptr;
    Topology owner(topology);
    hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    if (hwloc_topology_load(topology) != 0) return nullptr;
    return owner;
}

unsigned count(const Topology& topology, hwloc_obj_type_t type) {
    return static_cast<unsigned>(std::max(hwloc_get_nbobjs_by_type(topology.get(), type), 0));
}

std::vector<Cache> caches_of(const Topology& topology) {
    std::vector<Cache> caches;
    for (const auto type : {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE}) {
        const auto* cache = hwloc_get_next_obj_by_type(topology.get(), type, nullptr);
        if (cache == nullptr) continue;
        caches.push_back({cache->attr->cache.depth, cache->attr->cache.size,
                          static_cast<unsigned>(std::max(hwloc_bitmap_weight(cache->cpuset), 1))});
    }
    return caches;
}

std::string model_of(const Topology& topology) {
    for (auto* object : {hwloc_get_next_obj_by_type(topology.get(), HWLOC_OBJ_PACKAGE, nullptr),
                         hwloc_get_root_obj(topology.get())}) {
        if (object == nullptr) continue;
        if (const char* model = hwloc_obj_get_info_by_name(object, "CPUModel")) return model;
    }
    return {};
}

/// How many processors the scheduler may run this process on.
unsigned affine_threads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 0;
}

} // namespace

Cpu detect_cpu(const ControlGroupLimits& limits) {
    Cpu cpu;
    utsname names{};
    if (uname(&names) == 0) cpu.architecture = names.machine;
    cpu.features = names_of(detect_cpu_features());
    const auto topology = load_topology();
    if (!topology) throw Error(ErrorKind::environment, "hwloc cannot read this machine's topology", "is /sys mounted?");
    cpu.model = model_of(topology);
    cpu.sockets = count(topology, HWLOC_OBJ_PACKAGE);
    cpu.cores = count(topology, HWLOC_OBJ_CORE);
    cpu.threads = count(topology, HWLOC_OBJ_PU);
    cpu.numa_nodes = count(topology, HWLOC_OBJ_NUMANODE);
    cpu.caches = caches_of(topology);
    const unsigned affine = affine_threads();
    cpu.usable_threads = affine == 0 ? cpu.threads : std::min(cpu.threads, affine);
    if (limits.processors) cpu.usable_threads = std::min(cpu.usable_threads, *limits.processors);
    return cpu;
}

} // namespace kaisar
