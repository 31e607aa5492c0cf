/// `kaisar.bench/1`, as docs/schemas/kaisar.bench-1.schema.json describes it.
#pragma once

#include "bench/bench.h"

#include <string>

namespace kaisar {

/// One line.
std::string bench_report_to_json(const BenchReport& report);

/// The same schema with `workloads` in place of results: what --list prints.
std::string workloads_to_json(const std::vector<WorkloadDescription>& workloads);

} // namespace kaisar
