/// The constants of PoPW/1: every time, probability, count and weight that a network agrees on, and nothing that a
/// proof could choose for itself. Their canonical bytes are hashed into every seed.
#pragma once

#include "bytes/bytes.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar::popw {

using Microseconds = std::chrono::microseconds;

/// One of the legal shapes of a compute round: A is m x k, B is k x m, C is m x m.
struct Profile {
    std::uint32_t id;
    std::string_view name;
    std::uint32_t m; ///< rows and columns of C, a multiple of 128 that makes the tree complete
    std::uint32_t k;
    std::uint32_t depth; ///< of the tree over the 16 x 16 tiles of C

    std::uint64_t macs_per_round() const { return std::uint64_t{m} * m * k; }
    std::uint64_t tiles() const { return std::uint64_t{m / 16} * (m / 16); }
    std::uint64_t operand_bytes() const { return std::uint64_t{2} * m * k; }
};

/// Every shape that this version of the protocol knows, smallest first.
const std::vector<Profile>& all_profiles();
const Profile* find_profile(std::uint32_t id);
const Profile* find_profile(std::string_view name);

/// How one kind of memory is cut into pages and how much of it a hold proof reads.
struct PageShape {
    std::uint32_t blocks; ///< 64-byte blocks a page
    std::uint32_t passes;
    std::uint32_t hold_accesses_log2;
    std::uint32_t kappa_numerator; ///< held bytes count up to kappa seconds of the attested bandwidth
    std::uint32_t kappa_denominator;
    std::uint64_t points_unit_bytes;
    bool operator==(const PageShape&) const = default;
};

/// Times are counted from T0 of a slot unless the name says otherwise.
struct Params {
    std::string name;
    Microseconds epoch{};
    Microseconds slot{};
    Microseconds t0_offset{}; ///< from the slot's boundary to T0
    Microseconds compute_window{};
    Microseconds compute_cutoff{};
    Microseconds compute_query_at{}; ///< beacon C of a slot without a memory phase
    Microseconds walk_at{};          ///< beacon B: the walk starts and the hold mark is asked for
    Microseconds hold_window{};      ///< from walk_at to the hold mark, plus the round trip up to round_trip_limit
    Microseconds round_trip_limit{};
    Microseconds walk_window{};
    Microseconds walk_cutoff{};
    Microseconds memory_query_at{}; ///< beacon C of a slot with a memory phase
    Microseconds safety_margin{};   ///< how long before the window's end a worker stops by its own clock
    Microseconds proof_deadline{};
    Microseconds heartbeat_window{};
    std::uint64_t active_threshold{}; ///< a slot is active if its word is below; always, if all bits are set
    std::uint64_t memory_threshold{};
    std::uint32_t tile_openings{};
    std::uint32_t self_openings{}; ///< tile openings of mode 0, where the prover can try again
    std::uint32_t hold_openings{};
    std::uint32_t walk_openings{};
    std::uint32_t round_limit{};
    std::uint32_t batch_limit{};
    std::uint32_t walkers_log2_min{};
    std::uint32_t walkers_log2_max{};
    PageShape device_pages{};
    PageShape host_pages{};
    std::uint32_t compute_weight{}; ///< the three weights are hundredths and add up to 100
    std::uint32_t bandwidth_weight{};
    std::uint32_t memory_weight{};
    std::uint64_t compute_unit_macs_per_s{};
    std::uint64_t bandwidth_unit_bytes_per_s{};
    std::vector<std::uint32_t> profiles; ///< ids of the allowed shapes, ascending

    bool operator==(const Params&) const = default;
    bool allows(std::uint32_t profile_id) const;
};

/// Limits that no set of constants may loosen: they bound what a message can make its reader do.
inline constexpr std::size_t message_limit_bytes = 262144;
inline constexpr std::size_t device_limit = 32;
inline constexpr std::uint32_t hard_round_limit = 2048;
inline constexpr Microseconds hard_compute_window_limit = std::chrono::seconds(60);

/// The canonical bytes, as docs/popw.md lists them.
Bytes encode_params(const Params& params);

/// Nothing unless the bytes are canonical and the constants fit together.
std::optional<Params> decode_params(ByteView bytes);

/// TH("params", canonical bytes): what BEACONs and seeds carry.
Bytes32 params_hash(const Params& params);

/// "default", "devnet" or "test"; nothing for another name.
std::optional<Params> find_params(std::string_view name);
std::vector<std::string> params_names();

} // namespace kaisar::popw
