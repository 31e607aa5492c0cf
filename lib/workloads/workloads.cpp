#include "workloads/workloads.h"

#include <string>

namespace kaisar {
namespace {

constexpr std::string_view no_gpu = "it is measured on a GPU: --device cuda:N or all";

constexpr Workload table[] = {
    {.name = "peak-s8",
     .unit = "op/s",
     .summary = "most exact int8 operations that registers allow",
     .make = make_peak_s8},
    {.name = "gemm-s8",
     .unit = "op/s",
     .summary = "exact int8 matrix product",
     .make = make_gemm_s8,
     .make_ceiling = make_peak_s8,
     .is_quick = true},
    {.name = "peak-f32",
     .unit = "flop/s",
     .summary = "most single-precision operations that registers allow",
     .make = make_peak_f32},
    {.name = "gemm-f32",
     .unit = "flop/s",
     .summary = "single-precision matrix product",
     .make = make_gemm_f32,
     .make_ceiling = make_peak_f32,
     .is_quick = true},
    {.name = "peak-f64",
     .unit = "flop/s",
     .summary = "most double-precision operations that registers allow",
     .make = make_peak_f64},
    {.name = "gemm-f64",
     .unit = "flop/s",
     .summary = "double-precision matrix product",
     .make = make_gemm_f64,
     .make_ceiling = make_peak_f64},
    {.name = "peak-bf16",
     .unit = "flop/s",
     .summary = "most bfloat16 operations that registers allow",
     .make = make_peak_bf16},
    {.name = "gemm-bf16",
     .unit = "flop/s",
     .summary = "bfloat16 matrix product with single-precision sums",
     .make = make_gemm_bf16,
     .make_ceiling = make_peak_bf16},
    {.name = "sha256",
     .unit = "B/s",
     .summary = "SHA-256 of long messages, one a thread",
     .make = make_sha256,
     .is_quick = true},
    {.name = "chacha8", .unit = "B/s", .summary = "ChaCha8 key stream", .make = make_chacha8},
    {.name = "memory-read", .unit = "B/s", .summary = "reading main memory", .make = make_memory_read},
    {.name = "memory-write", .unit = "B/s", .summary = "writing main memory", .make = make_memory_write},
    {.name = "memory-copy",
     .unit = "B/s",
     .summary = "copying, both directions counted",
     .make = make_memory_copy,
     .is_quick = true},
    {.name = "memory-triad",
     .unit = "B/s",
     .summary = "c = a + x*b, all three arrays counted",
     .make = make_memory_triad},
    {.name = "memory-random",
     .unit = "access/s",
     .summary = "independent reads at random places",
     .make = make_memory_random},
    {.name = "memory-latency",
     .unit = "s",
     .summary = "one dependent read at a random place",
     .figure = Figure::time,
     .parallel = Parallel::one_thread,
     .make = make_memory_latency,
     .is_quick = true},
    {.name = "render", .unit = "ray/s", .summary = "tracing paths through a scene of triangles", .make = make_render},
    {.name = "disk-read",
     .unit = "B/s",
     .summary = "reading a file past the cache, four blocks of 1 MiB at a time",
     .parallel = Parallel::queue,
     .make = make_disk_read},
    {.name = "disk-write",
     .unit = "B/s",
     .summary = "writing a file and making it permanent",
     .parallel = Parallel::queue,
     .make = make_disk_write},
    {.name = "disk-sync",
     .unit = "s",
     .summary = "making 4 KiB permanent",
     .figure = Figure::time,
     .parallel = Parallel::one_thread,
     .make = make_disk_sync},
    {.name = "network-down",
     .unit = "B/s",
     .summary = "from the peer",
     .parallel = Parallel::one_thread,
     .make = make_network_down},
    {.name = "network-up",
     .unit = "B/s",
     .summary = "to the peer",
     .parallel = Parallel::one_thread,
     .make = make_network_up},
    {.name = "network-rtt",
     .unit = "s",
     .summary = "a question to the peer and its answer",
     .figure = Figure::time,
     .parallel = Parallel::one_thread,
     .make = make_network_rtt},
    {.name = "pcie-h2d", .unit = "B/s", .summary = "from main memory to a GPU", .waived = no_gpu},
    {.name = "pcie-d2h", .unit = "B/s", .summary = "from a GPU to main memory", .waived = no_gpu},
};

} // namespace

std::span<const Workload> workload_table() { return table; }

const Workload& require_workload(std::string_view name) {
    std::string known;
    for (const auto& row : table) {
        if (row.name == name) return row;
        known += (known.empty() ? "" : ", ") + std::string(row.name);
    }
    throw Error(ErrorKind::usage, "there is no workload called " + std::string(name), "the workloads are: " + known);
}

} // namespace kaisar
