/// What a machine could do at some moment, signed by its node key: baseline.json.
///
/// A signed document of kind "baseline" (protocol/signed_document.h) whose payload is
/// {"schema": "kaisar.baseline/1", "measured_at", "inventory": kaisar.inventory/1, "report": kaisar.bench/1}.
#pragma once

#include "clock/clock.h"
#include "crypto/ed25519.h"
#include "hardware/inventory.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar {

inline constexpr std::size_t baseline_limit_bytes = 4 << 20;

/// A row of the report, as far as it says what is comparable with it, and what came out.
struct BaselineFigure {
    std::string workload, device, variant, unit;
    unsigned threads = 0;
    std::uint64_t m = 0, n = 0, k = 0, bytes = 0;
    double median = 0, mad = 0, ci_low = 0, ci_high = 0;
};

struct Baseline {
    Instant measured_at{};
    Bytes32 public_key{}; ///< whose signature it bears
    Inventory machine;
    std::vector<BaselineFigure> figures; ///< waived rows left out
};

/// The file's text. `report_json` is a whole `kaisar.bench/1` document.
std::string encode_baseline(const Inventory& machine, std::string_view report_json, Instant measured_at,
                            const Ed25519Key& node_key);

/// Error(refused) unless `expected` signed it; without an expected key, whoever the document names. `name` is what
/// messages call it.
Baseline decode_baseline(std::string_view text, const std::string& name, const std::optional<Bytes32>& expected);

/// The rows of a `kaisar.bench/1` document that were measured.
std::vector<BaselineFigure> decode_figures(std::string_view report_json, const std::string& name);

} // namespace kaisar
