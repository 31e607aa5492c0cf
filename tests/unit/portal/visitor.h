/// A network in this process and a worker that asks it, with real keys and real signatures.
#pragma once

#include "crypto/secp256k1.h"
#include "evm/binding_json.h"
#include "hardware/inventory_json.h"
#include "portal/network_service.h"
#include "protocol/http_signature.h"
#include "protocol/portal_messages_json.h"
#include "unit/checker/stage.h"

namespace kaisar::portal {

/// The service over the stage's store and keys; the stage's own checker is another process on the same store, as it
/// were.
struct House {
    checker::Stage stage;
    accounting::NetworkSettings settings = [this] {
        auto made =
            accounting::begin_network(stage.store, stage.keys, {.params = stage.params, .points = std::nullopt});
        made.profile.network_id = stage.constants().network_id;
        made.profile.portal_url = "http://127.0.0.1:8080";
        made.profile.checkers.front().url = made.profile.portal_url;
        return made;
    }();
    NetworkService service{stage.store, stage.clock, stage.keys, settings, stage.primitives};
};

class Visitor {
public:
    explicit Visitor(House& house) : house_(house) {}

    Ed25519Key node = Ed25519Key::generate();
    Secp256k1Key wallet = Secp256k1Key::generate();
    Bytes32 node_id = popw::id_of_key(node.public_key());
    Inventory inventory = [] {
        Inventory made;
        made.cpu.cores = 8;
        made.memory.usable_bytes = 64'000'000'000;
        made.disks.push_back({.name = "vda", .model = "", .size_bytes = 500'000'000'000, .rotates = false});
        return made;
    }();

    std::string target(const std::string& resource = "") const {
        return "/v1/workers/" + encode_hex(node_id) + resource;
    }

    HttpRequest make_request(const std::string& method, const std::string& where, const std::string& body = "") const {
        HttpRequest request{
            .method = method, .authority = "127.0.0.1:8080", .target = where, .headers = {}, .body = body};
        sign_request(request, node, house_.stage.clock.now());
        return request;
    }

    network::ServerAnswer put(const HttpRequest& request, unsigned times_held = 0) const {
        return house_.service.answer({.http = request,
                                      .address = "127.0.0.1",
                                      .received_at = house_.stage.clock.now(),
                                      .times_held = times_held});
    }

    /// The answer, which must be signed by `key` for this very request.
    HttpResponse ask(const HttpRequest& request, const Bytes32& key) const {
        auto response = std::get<HttpResponse>(put(request));
        if (!is_valid_response(response, request, key))
            throw std::runtime_error("the answer is not signed: " + response.body);
        return response;
    }
    HttpResponse ask_portal(const std::string& method, const std::string& where, const std::string& body = "") const {
        return ask(make_request(method, where, body), house_.stage.keys.portal.public_key());
    }
    HttpResponse ask_peer(const std::string& method, const std::string& where, const std::string& body = "") const {
        return ask(make_request(method, where, body), house_.stage.keys.peer().public_key());
    }

    HttpResponse send_request() const {
        const auto text = inventory_to_json(inventory);
        return ask_portal("POST", "/v1/workers",
                          encode_registration_request({.name = "visitor",
                                                       .node_public_key = node.public_key(),
                                                       .inventory = text,
                                                       .inventory_hash = inventory_hash(inventory),
                                                       .claims = {"cpu"},
                                                       .boot_id = "boot"}));
    }

    /// What the owner signs; change `binding` before it is signed.
    std::string sign_binding(const std::function<void(WorkerBinding&)>& change = [](WorkerBinding&) {}) const {
        const auto now = static_cast<std::uint64_t>(
            std::chrono::floor<std::chrono::seconds>(house_.stage.clock.now()).time_since_epoch().count());
        const auto& profile = house_.settings.profile;
        SignedBinding made;
        made.binding = make_binding({.chain_id = profile.chain_id,
                                     .registry = Address{profile.registry},
                                     .node_public_key = node.public_key(),
                                     .inventory_hash = inventory_hash(inventory)},
                                    address_of(wallet.public_key()), now, now + 3600);
        change(made.binding);
        made.owner_signature = wallet.sign_digest(binding_digest(made.binding));
        countersign_binding(made, node);
        return encode_binding(made);
    }

    PeerAnswer take_peer() const { return decode_peer_answer(ask_portal("POST", target("/peer")).body); }

    /// Steps 2 to 6.
    PeerAnswer come_to_peer() const {
        send_request();
        ask_portal("PUT", target("/binding"), sign_binding());
        return take_peer();
    }

    SessionOffer open_session(const Bytes32& peer_id) {
        opening = {.node_id = node_id, .peer_id = peer_id, .nonce = random_array<32>()};
        return decode_session_offer(ask_peer("POST", "/v1/sessions", encode_session_opening(opening)).body);
    }

    HttpResponse prove_session(const SessionOffer& offer) const {
        return ask_peer("PUT", "/v1/sessions/" + offer.session_id,
                        encode_session_proof({.signature = node.sign(session_transcript("worker", opening, offer))}));
    }

    /// Step 7, with round trips that take `rtt` each.
    RttStep connect(const Bytes32& peer_id, Instant::duration rtt) {
        const auto offer = open_session(peer_id);
        auto step = decode_rtt_step(prove_session(offer).body);
        while (!step.is_done) {
            house_.stage.clock.set(house_.stage.clock.now() + rtt);
            step = decode_rtt_step(ask_peer("POST", "/v1/sessions/" + offer.session_id + "/rtt",
                                            encode_rtt_answer({.answer = rtt_answer(step.nonce)}))
                                       .body);
        }
        return step;
    }

    SessionOpening opening;

private:
    House& house_;
};

} // namespace kaisar::portal
