#include "popw_rules/params.h"

#include "bytes/little_endian.h"
#include "popw_rules/tagged_hash.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view magic = "KPWP";
constexpr std::uint16_t version = 1;
constexpr std::size_t name_bytes = 16;
constexpr std::uint64_t always = ~std::uint64_t{0};
constexpr std::uint64_t one_in_three = always / 3;
constexpr std::uint64_t one_in_24 = always / 24;

// Device pages are slow per byte, so that refilling them takes longer than the hold window; host pages are too large
// for a GPU's shared memory.
constexpr PageShape device_pages{32, 256, 26, 1, 4, std::uint64_t{1} << 20};
constexpr PageShape host_pages{1024, 8, 23, 16, 1, std::uint64_t{1} << 25};

Params default_params() {
    return {.name = "default",
            .epoch = seconds(86400),
            .slot = seconds(300),
            .t0_offset = seconds(21),
            .compute_window = seconds(20),
            .compute_cutoff = seconds(40),
            .compute_query_at = seconds(42),
            .walk_at = seconds(81),
            .hold_window = milliseconds(1500),
            .round_trip_limit = milliseconds(500),
            .walk_window = seconds(10),
            .walk_cutoff = seconds(110),
            .memory_query_at = seconds(111),
            .safety_margin = milliseconds(250),
            .proof_deadline = seconds(86400),
            .heartbeat_window = seconds(10),
            .active_threshold = one_in_24,
            .memory_threshold = one_in_three,
            .tile_openings = 64,
            .self_openings = 256,
            .hold_openings = 5,
            .walk_openings = 3,
            .round_limit = hard_round_limit,
            .batch_limit = 1024,
            .walkers_log2_min = 20,
            .walkers_log2_max = 27,
            .device_pages = device_pages,
            .host_pages = host_pages,
            .compute_weight = 60,
            .bandwidth_weight = 20,
            .memory_weight = 20,
            .compute_unit_macs_per_s = 1000000000,
            .bandwidth_unit_bytes_per_s = 10000000,
            .profiles = {1, 2, 3, 4}};
}

// The same protocol in slots of twenty seconds, every one of them active: for networks that people watch.
Params devnet_params() {
    auto params = default_params();
    params.name = "devnet";
    params.epoch = seconds(300);
    params.slot = seconds(20);
    params.t0_offset = seconds(2);
    params.compute_window = seconds(4);
    params.compute_cutoff = seconds(7);
    params.compute_query_at = seconds(8);
    params.walk_at = seconds(10);
    params.walk_window = seconds(3);
    params.walk_cutoff = seconds(14);
    params.memory_query_at = seconds(15);
    params.proof_deadline = seconds(60);
    params.active_threshold = always;
    params.profiles = {0, 1, 2};
    return params;
}

// Milliseconds, for test programs.
Params test_params() {
    auto params = devnet_params();
    params.name = "test";
    params.epoch = seconds(60);
    params.slot = seconds(2);
    params.t0_offset = milliseconds(200);
    params.compute_window = milliseconds(100);
    params.compute_cutoff = milliseconds(500);
    params.compute_query_at = milliseconds(600);
    params.walk_at = milliseconds(700);
    params.hold_window = milliseconds(200);
    params.round_trip_limit = milliseconds(100);
    params.walk_window = milliseconds(100);
    params.walk_cutoff = milliseconds(1000);
    params.memory_query_at = milliseconds(1100);
    params.safety_margin = milliseconds(5);
    params.heartbeat_window = milliseconds(400);
    params.walkers_log2_min = 7;
    params.device_pages.hold_accesses_log2 = 13;
    params.host_pages.hold_accesses_log2 = 13;
    params.profiles = {0};
    return params;
}

// Canonical order of the times; the same table writes and reads them.
constexpr Microseconds Params::*times[] = {&Params::epoch,          &Params::slot,           &Params::t0_offset,
                                           &Params::compute_window, &Params::compute_cutoff, &Params::compute_query_at,
                                           &Params::walk_at,        &Params::hold_window,    &Params::round_trip_limit,
                                           &Params::walk_window,    &Params::walk_cutoff,    &Params::memory_query_at,
                                           &Params::safety_margin,  &Params::proof_deadline, &Params::heartbeat_window};
constexpr std::uint64_t Params::*thresholds[] = {&Params::active_threshold, &Params::memory_threshold};
constexpr std::uint32_t Params::*counts[] = {
    &Params::tile_openings, &Params::self_openings, &Params::hold_openings,    &Params::walk_openings,
    &Params::round_limit,   &Params::batch_limit,   &Params::walkers_log2_min, &Params::walkers_log2_max};
constexpr PageShape Params::*page_shapes[] = {&Params::device_pages, &Params::host_pages};
constexpr std::uint32_t PageShape::*page_counts[] = {&PageShape::blocks, &PageShape::passes,
                                                     &PageShape::hold_accesses_log2, &PageShape::kappa_numerator,
                                                     &PageShape::kappa_denominator};
constexpr std::uint32_t Params::*weights[] = {&Params::compute_weight, &Params::bandwidth_weight,
                                              &Params::memory_weight};
constexpr std::uint64_t Params::*units[] = {&Params::compute_unit_macs_per_s, &Params::bandwidth_unit_bytes_per_s};

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= name_bytes && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool has_consistent_times(const Params& p) {
    for (auto time : times)
        if (p.*time <= Microseconds(0) || p.*time > std::chrono::hours(24 * 366)) return false;
    const bool compute_fits = p.safety_margin < p.compute_window && p.compute_window <= p.compute_cutoff &&
                              p.compute_cutoff <= p.compute_query_at && p.compute_window <= hard_compute_window_limit;
    const bool memory_fits = p.compute_cutoff <= p.walk_at && p.walk_at + p.walk_window <= p.walk_cutoff &&
                             p.walk_cutoff <= p.memory_query_at &&
                             p.walk_at + p.hold_window + p.round_trip_limit <= p.walk_cutoff;
    const auto last = std::max({p.memory_query_at, p.compute_query_at, p.heartbeat_window});
    return compute_fits && memory_fits && p.t0_offset + last <= p.slot && p.epoch % p.slot == Microseconds(0) &&
           p.epoch / p.slot < std::int64_t{1} << 31;
}

bool is_page_shape(const PageShape& shape) {
    return shape.blocks >= 2 && shape.blocks <= 65536 && shape.passes >= 1 && shape.passes <= 65536 &&
           shape.hold_accesses_log2 <= 40 && shape.kappa_numerator > 0 && shape.kappa_denominator > 0 &&
           shape.points_unit_bytes > 0;
}

bool has_consistent_counts(const Params& p) {
    const bool openings = p.tile_openings >= 1 && p.tile_openings <= 256 && p.self_openings >= 1 &&
                          p.self_openings <= 256 && p.hold_openings >= 1 && p.hold_openings <= 64 &&
                          p.walk_openings >= 1 && p.walk_openings <= 64;
    const bool limits = p.round_limit >= 1 && p.round_limit <= hard_round_limit && p.batch_limit >= 1 &&
                        p.batch_limit <= 1024 && p.walkers_log2_min >= 7 && p.walkers_log2_min <= p.walkers_log2_max &&
                        p.walkers_log2_max <= 27;
    const bool weighted = p.compute_weight <= 100 && p.bandwidth_weight <= 100 && p.memory_weight <= 100 &&
                          p.compute_weight + p.bandwidth_weight + p.memory_weight == 100 &&
                          p.compute_unit_macs_per_s > 0 && p.bandwidth_unit_bytes_per_s > 0;
    return openings && limits && weighted && is_page_shape(p.device_pages) && is_page_shape(p.host_pages);
}

bool is_profile_list(const std::vector<std::uint32_t>& ids) {
    return !ids.empty() && std::ranges::adjacent_find(ids, std::greater_equal<>()) == ids.end() &&
           std::ranges::all_of(ids, [](auto id) { return find_profile(id) != nullptr; });
}

} // namespace

const std::vector<Profile>& all_profiles() {
    static const std::vector<Profile> profiles = {{0, "T0", 128, 256, 6},
                                                  {1, "C1", 1024, 4096, 12},
                                                  {2, "C2", 4096, 8192, 16},
                                                  {3, "G1", 8192, 16384, 18},
                                                  {4, "G2", 16384, 32768, 20}};
    return profiles;
}

const Profile* find_profile(std::uint32_t id) { return id < all_profiles().size() ? &all_profiles()[id] : nullptr; }

const Profile* find_profile(std::string_view name) {
    for (const auto& profile : all_profiles())
        if (profile.name == name) return &profile;
    return nullptr;
}

bool Params::allows(std::uint32_t profile_id) const {
    return std::ranges::find(profiles, profile_id) != profiles.end();
}

Bytes encode_params(const Params& params) {
    ByteWriter out;
    out.put(bytes_of(magic)).put(version).put(std::uint16_t{0}).put(bytes_of(params.name));
    out.put_zeros(name_bytes - std::min(name_bytes, params.name.size()));
    for (auto time : times) out.put(static_cast<std::uint64_t>((params.*time).count()));
    for (auto threshold : thresholds) out.put(params.*threshold);
    for (auto count : counts) out.put(params.*count);
    for (auto shape : page_shapes) {
        for (auto count : page_counts) out.put((params.*shape).*count);
        out.put((params.*shape).points_unit_bytes);
    }
    for (auto weight : weights) out.put(params.*weight);
    for (auto unit : units) out.put(params.*unit);
    out.put(static_cast<std::uint32_t>(params.profiles.size()));
    for (auto id : params.profiles) {
        const auto* profile = find_profile(id);
        out.put(id).put(profile ? profile->m : 0).put(profile ? profile->k : 0);
    }
    return out.take();
}

std::optional<Params> decode_params(ByteView bytes) {
    ByteReader in(bytes);
    if (text_of(in.take(magic.size())) != magic || in.get<std::uint16_t>() != version) return std::nullopt;
    in.take_zeros(2);
    Params params;
    const auto name = text_of(in.take(name_bytes));
    params.name = name.substr(0, name.find('\0'));
    for (auto time : times) {
        const auto value = in.get<std::uint64_t>();
        if (value >> 62 != 0) return std::nullopt;
        params.*time = Microseconds(static_cast<std::int64_t>(value));
    }
    for (auto threshold : thresholds) params.*threshold = in.get<std::uint64_t>();
    for (auto count : counts) params.*count = in.get<std::uint32_t>();
    for (auto shape : page_shapes) {
        for (auto count : page_counts) (params.*shape).*count = in.get<std::uint32_t>();
        (params.*shape).points_unit_bytes = in.get<std::uint64_t>();
    }
    for (auto weight : weights) params.*weight = in.get<std::uint32_t>();
    for (auto unit : units) params.*unit = in.get<std::uint64_t>();
    const auto profile_count = in.get<std::uint32_t>();
    if (profile_count > all_profiles().size()) return std::nullopt;
    for (std::uint32_t i = 0; i < profile_count; ++i) {
        params.profiles.push_back(in.get<std::uint32_t>());
        in.take(8); // the shape, compared below with the one known here
    }
    if (!in.is_exhausted() || !is_name(params.name) || !is_profile_list(params.profiles)) return std::nullopt;
    if (!has_consistent_times(params) || !has_consistent_counts(params)) return std::nullopt;
    if (!std::ranges::equal(encode_params(params), bytes)) return std::nullopt;
    return params;
}

Bytes32 params_hash(const Params& params) { return tagged_hash("params", {encode_params(params)}); }

std::optional<Params> find_params(std::string_view name) {
    for (auto make : {default_params, devnet_params, test_params})
        if (auto params = make(); params.name == name) return params;
    return std::nullopt;
}

std::vector<std::string> params_names() { return {"default", "devnet", "test"}; }

} // namespace kaisar::popw
