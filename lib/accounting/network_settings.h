/// What the operator decided about a network, and how a store remembers it.
#pragma once

#include "checker/committee.h"
#include "evm/address.h"
#include "network/network_keys.h"
#include "network/store.h"
#include "settings/network_profile.h"

#include <optional>

namespace kaisar::accounting {

/// How points are computed: Kaisar's published tiers, or in proportion to what was proved.
enum class PointsPolicy { published, linear };

std::string_view name_of(PointsPolicy policy);
/// Nothing for another name.
std::optional<PointsPolicy> find_points_policy(std::string_view name);

struct NetworkSettings {
    NetworkProfile profile; ///< as workers get it, but for the addresses
    popw::Params params;
    PointsPolicy points = PointsPolicy::published;
};

/// A registry on an EVM chain, which bindings are signed for.
struct RegistryPlace {
    std::uint64_t chain_id = 0;
    Address registry;

    bool operator==(const RegistryPlace&) const = default;
};

/// What was asked for on the command line; what is left open is as the store has it, else `default` and `published`.
struct NetworkChoices {
    std::optional<popw::Params> params;
    std::optional<PointsPolicy> points;
    std::optional<RegistryPlace> chain;        ///< nothing: the ledger is in the store
    std::optional<std::size_t> committee_size; ///< at most as many as there are checkers; else five, or all of fewer
};

/// Settles the choices with the store, for good: all seeds and all points depend on them. Error(usage) when they differ
/// from what the store was begun with, or when the checkers in `keys` do.
NetworkSettings begin_network(network::Store& store, const network::NetworkKeys& keys, const NetworkChoices& choices);

/// The settings that the store was begun with; Error(environment) when it holds no network yet.
NetworkSettings load_network_settings(const network::Store& store, const network::NetworkKeys& keys);

/// Views the secret in `keys`.
checker::NetworkConstants constants_of(const NetworkSettings& settings, const network::NetworkKeys& keys);

} // namespace kaisar::accounting
