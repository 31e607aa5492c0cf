#include "accounting/network_settings.h"

#include "bytes/hex.h"
#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "error/error.h"

#include <fmt/format.h>

namespace kaisar::accounting {
namespace {

using namespace network;

constexpr std::string_view params_kind = "params";
constexpr std::string_view points_kind = "points-policy";
constexpr std::string_view committee_kind = "committee-size";
constexpr std::string_view chain_kind = "chain";
/// Five watchers, of whom three decide: with one checker in ten corrupt, fewer than one committee in a hundred is.
constexpr std::size_t usual_committee_size = 5;
/// Ledgers in the store are on no chain; 1337 is what development chains use, so that wallets do not take it for a real
/// one.
constexpr std::uint64_t embedded_chain_id = 1337;

struct StoredChoices {
    std::optional<popw::Params> params;
    std::optional<PointsPolicy> points;
    std::optional<std::size_t> committee_size;
    std::optional<RegistryPlace> chain;
};

std::string text_of_chain(const RegistryPlace& place) {
    return fmt::format("{} {}", place.chain_id, format_address(place.registry));
}

std::optional<RegistryPlace> parse_chain(const std::string& text) {
    const auto space = text.find(' ');
    const auto registry = space == std::string::npos ? std::nullopt : parse_address(text.substr(space + 1));
    if (!registry)
        throw Error(ErrorKind::environment, fmt::format("the store's {} cannot be read: {}", chain_kind, text),
                    "restore the store from a backup");
    return RegistryPlace{.chain_id = std::stoull(text), .registry = *registry};
}

/// Bindings are signed for one registry on one chain: a network stays where it was begun.
void require_same_chain(const StoredChoices& stored, const NetworkChoices& choices) {
    if (!stored.params || stored.chain == choices.chain) return;
    throw Error(ErrorKind::usage,
                fmt::format("--chain: this network was begun with {}",
                            stored.chain ? fmt::format("the registry {} on chain {}",
                                                       format_address(stored.chain->registry), stored.chain->chain_id)
                                         : std::string("the embedded ledger")),
                "give the same, or begin another network with another --data-dir");
}

StoredChoices find_stored(const RecordReader& records) {
    StoredChoices stored;
    if (const auto text = records.find_document(network_wide, params_kind)) {
        const auto bytes = decode_hex(*text);
        stored.params = bytes ? popw::decode_params(*bytes) : std::nullopt;
        if (!stored.params)
            throw Error(ErrorKind::environment, "the store's network constants cannot be read",
                        "use the kaisar-network that wrote it, or name another file with --store sqlite:FILE");
    }
    if (const auto text = records.find_document(network_wide, points_kind)) stored.points = find_points_policy(*text);
    if (const auto text = records.find_document(network_wide, committee_kind))
        stored.committee_size = std::stoull(*text);
    if (const auto text = records.find_document(network_wide, chain_kind)) stored.chain = parse_chain(*text);
    return stored;
}

/// The address, id and registry of an embedded network follow from its portal's key, so that no two networks share
/// them.
NetworkSettings make_settings(const NetworkKeys& keys, popw::Params params, PointsPolicy points,
                              std::size_t committee_size, const std::optional<RegistryPlace>& chain) {
    const auto digest = sha256({bytes_of("kaisar/1/network\n"), keys.portal.public_key()});
    NetworkSettings settings{.profile = {.name = "local-" + encode_hex(digest).substr(0, 8),
                                         .network_id = load_le<std::uint32_t>(digest.data()),
                                         .portal_url = {},
                                         .portal_key = keys.portal.public_key(),
                                         .checkers = {},
                                         .committee_size = committee_size,
                                         .chain = "embedded",
                                         .chain_id = embedded_chain_id,
                                         .registry = array_of<20>(ByteView(digest).last(20)),
                                         .params_name = params.name,
                                         .params = encode_params(params)},
                             .params = {},
                             .points = points};
    for (const auto& each : keys.checkers)
        settings.profile.checkers.push_back({.url = {}, .public_key = each.signing.public_key()});
    settings.params = std::move(params);
    if (chain) {
        settings.profile.chain = "evm";
        settings.profile.chain_id = chain->chain_id;
        settings.profile.registry = chain->registry.bytes;
    }
    return settings;
}

} // namespace

std::string_view name_of(PointsPolicy policy) { return policy == PointsPolicy::published ? "published" : "linear"; }

std::optional<PointsPolicy> find_points_policy(std::string_view name) {
    if (name == "published") return PointsPolicy::published;
    if (name == "linear") return PointsPolicy::linear;
    return std::nullopt;
}

NetworkSettings begin_network(Store& store, const NetworkKeys& keys, const NetworkChoices& choices) {
    std::optional<NetworkSettings> settings;
    store.write([&](RecordWriter& records) {
        const auto stored = find_stored(records);
        if (stored.params && choices.params && *stored.params != *choices.params)
            throw Error(
                ErrorKind::usage,
                fmt::format("--params {}: this store was begun with {}", choices.params->name, stored.params->name),
                "leave --params out, or begin another network with another --data-dir");
        if (stored.points && choices.points && *stored.points != *choices.points)
            throw Error(ErrorKind::usage,
                        fmt::format("--points {}: this store was begun with {}", name_of(*choices.points),
                                    name_of(*stored.points)),
                        "leave --points out, or begin another network with another --data-dir");
        const auto params = stored.params    ? stored.params
                            : choices.params ? choices.params
                                             : popw::find_params("default");
        const auto points = stored.points.value_or(choices.points.value_or(PointsPolicy::published));
        const auto usual = std::min(usual_committee_size, keys.checkers.size());
        const auto size = stored.committee_size.value_or(choices.committee_size.value_or(usual));
        if (choices.committee_size.value_or(size) != size)
            throw Error(ErrorKind::usage,
                        fmt::format("--committee {}: this store was begun with {}", *choices.committee_size, size),
                        "leave --committee out, or begin another network with another --data-dir");
        require_same_chain(stored, choices);
        settings = make_settings(keys, *params, points, size, choices.chain);
        if (choices.chain) records.put_document(network_wide, chain_kind, text_of_chain(*choices.chain));
        records.put_document(network_wide, params_kind, encode_hex(settings->profile.params));
        records.put_document(network_wide, points_kind, name_of(points));
        records.put_document(network_wide, committee_kind, std::to_string(size));
    });
    return *settings;
}

NetworkSettings load_network_settings(const Store& store, const NetworkKeys& keys) {
    StoredChoices stored;
    store.read([&](const RecordReader& records) { stored = find_stored(records); });
    if (!stored.params)
        throw Error(ErrorKind::environment, "the store holds no network yet",
                    "start kaisar-network serve once with this --store");
    return make_settings(keys, *stored.params, stored.points.value_or(PointsPolicy::published),
                         stored.committee_size.value_or(1), stored.chain);
}

checker::NetworkConstants constants_of(const NetworkSettings& settings, const NetworkKeys& keys) {
    checker::NetworkConstants constants{.params = settings.params,
                                        .params_hash = params_hash(settings.params),
                                        .network_id = settings.profile.network_id,
                                        .checker_keys = {},
                                        .committee_size = settings.profile.committee_size,
                                        .schedule_key = keys.portal.public_key(),
                                        .schedule_secret = keys.schedule.view()};
    for (const auto& each : keys.checkers) constants.checker_keys.push_back(each.signing.public_key());
    return constants;
}

} // namespace kaisar::accounting
