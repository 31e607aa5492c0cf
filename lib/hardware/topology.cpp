#include "error/error.h"
#include "hardware/cpu_features.h"
#include "hardware/detection.h"
#include "hardware/processors.h"

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
    for (auto* object :
         {hwloc_get_next_obj_by_type(topology.get(), HWLOC_OBJ_PACKAGE, nullptr), hwloc_get_root_obj(topology.get())}) {
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

/// Numbers of the hardware threads of each core that the scheduler may run this process on.
std::vector<std::vector<unsigned>> threads_by_core(const Topology& topology, const cpu_set_t& allowed) {
    std::vector<std::vector<unsigned>> cores;
    for (hwloc_obj_t core = nullptr;
         (core = hwloc_get_next_obj_by_type(topology.get(), HWLOC_OBJ_CORE, core)) != nullptr;) {
        std::vector<unsigned> threads;
        for (int i = hwloc_bitmap_first(core->cpuset); i >= 0; i = hwloc_bitmap_next(core->cpuset, i))
            if (i < CPU_SETSIZE && CPU_ISSET(i, &allowed)) threads.push_back(static_cast<unsigned>(i));
        if (!threads.empty()) cores.push_back(std::move(threads));
    }
    return cores;
}

} // namespace

Processors detect_processors() {
    Processors processors;
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    const auto topology = load_topology();
    if (!topology || sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        throw Error(ErrorKind::environment, "the processors that may be used cannot be found out", "is /sys mounted?");
    const auto cores = threads_by_core(topology, allowed);
    std::size_t most = 0;
    for (const auto& core : cores) most = std::max(most, core.size());
    for (std::size_t sibling = 0; sibling < most; ++sibling)
        for (const auto& core : cores)
            if (sibling < core.size()) processors.order.push_back(core[sibling]);
    const double quota = detect_control_group_limits().processors.value_or(static_cast<double>(cores.size()));
    processors.cores = std::max(1u, static_cast<unsigned>(std::min(quota, static_cast<double>(cores.size()))));
    return processors;
}

bool pin_this_thread(unsigned processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

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
