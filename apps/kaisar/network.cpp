#include "network.h"

#include "bytes/hex.h"
#include "client/line_client.h"
#include "error/error.h"
#include "hardware/inventory.h"
#include "provider/registration.h"
#include "settings/configuration.h"
#include "settings/node_key.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

std::string find_network_word(const Context& context) {
    if (!context.places.network.empty()) return context.places.network;
    const DataDirectory directory(context.places.data_dir);
    std::error_code ignored;
    if (std::filesystem::exists(directory.network(), ignored)) return directory.network().string();
    if (context.places.config)
        if (auto network = load_configuration(*context.places.config).network) return *network;
    throw Error(ErrorKind::usage, "no network given",
                "name it with --network FILE|URL: the operator publishes its profile");
}

NetworkProfile fetch_profile(const std::string& address, Context& context, Transport& transport) {
    const auto url = require_portal_url(address);
    const HttpRequest request{
        .method = "GET", .authority = url.authority(), .target = "/v1/network", .headers = {}, .body = {}};
    const auto response =
        transport.send(url, request, {.timeout = make_connection(context, transport).timeout}, context.stop);
    if (response.status != 200)
        throw Error(ErrorKind::network, fmt::format("{} answers with status {}", address, response.status),
                    "is that a portal's address?");
    auto profile = decode_answer(
        [](std::string_view text) { return decode_network_profile(text, "the portal's profile"); }, response.body);
    profile.portal_url = url.text();
    const auto fingerprint = encode_hex(profile.portal_key);
    context.terminal.say(
        fmt::format("Network {} at {}; its portal's key is\n  {}", profile.name, address, fingerprint));
    if (!context.terminal.can_ask())
        throw Error(
            ErrorKind::usage, fmt::format("nobody is here to confirm the key {} of {}", fingerprint, address),
            fmt::format("fetch {}/v1/network, compare the key, and give the file with --network FILE", address));
    if (!context.terminal.confirm("Does the operator publish the same key?"))
        throw Error(ErrorKind::refused, "the portal's key was not confirmed",
                    "ask the operator for the profile's file");
    return profile;
}

} // namespace

NetworkProfile resolve_network(Context& context, Transport& transport) {
    const auto word = find_network_word(context);
    std::error_code ignored;
    if (std::filesystem::exists(word, ignored)) return load_network_profile(word);
    if (word.find("://") == std::string::npos)
        throw Error(ErrorKind::usage, fmt::format("--network: there is no file {}, and it is no address", word),
                    "give a profile's file or https://HOST");
    // The address that this worker registered with needs no second confirmation.
    const DataDirectory directory(context.places.data_dir);
    if (std::filesystem::exists(directory.network(), ignored)) {
        auto known = load_network_profile(directory.network());
        if (known.portal_url == require_portal_url(word).text()) return known;
    }
    return fetch_profile(word, context, transport);
}

Connection make_connection(const Context& context, Transport& transport) {
    const std::chrono::milliseconds timeout(static_cast<std::int64_t>(context.options.timeout_s * 1000));
    return {.transport = transport, .clock = context.clock, .timeout = timeout, .stop = context.stop};
}

std::function<NetworkLine()> find_peer_line(const Context& context) {
    const DataDirectory directory(context.places.data_dir);
    const auto record = find_registration(directory.registration());
    auto key = find_node_key(directory.node_key());
    if (!record || record->step != RegistrationStep::ready || !key) return {};
    return [&context, peer = record->peer, node_id = record->node_id, key = std::make_shared<Ed25519Key>(*std::move(key))] {
        const std::shared_ptr<Transport> transport = make_curl_transport();
        const auto connection = make_connection(context, *transport);
        const auto url = require_portal_url(peer.endpoint);
        PortalClient signed_peer(connection, url, peer.public_key, *key);
        const auto line =
            std::make_shared<LineClient>(connection, url, signed_peer, node_id, popw::choose_primitives(context.cpu));
        return NetworkLine{[line, transport](std::uint64_t bytes) { line->download(bytes); },
                           [line, transport](std::uint64_t bytes) { line->upload(bytes); },
                           [line, transport] { line->ping(); }};
    };
}

unsigned usable_threads() { return std::max(1u, static_cast<unsigned>(detect_inventory().cpu.usable_threads)); }

} // namespace kaisar
