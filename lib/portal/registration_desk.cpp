#include "portal/registration_desk.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "evm/binding_json.h"
#include "hardware/inventory_json.h"
#include "portal/setup_steps.h"
#include "protocol/certificate.h"
#include "protocol/portal_messages_json.h"
#include "protocol/signed_document.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar::portal {
namespace {

using namespace network;

/// A plan is fetched and run in one go; a day leaves room for a reboot in between.
constexpr std::chrono::hours plan_lifetime{24};
constexpr std::chrono::days certificate_lifetime{90};
constexpr std::uint64_t binding_clock_skew_s = 300;
constexpr std::chrono::milliseconds chain_poll{100};

std::uint64_t seconds_of(Instant instant) {
    return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count());
}

std::string request_id_of(const RegistrationRequest& request) {
    return encode_hex(sha256({bytes_of("kaisar/1/request\n"), request.node_public_key, request.inventory_hash}))
        .substr(0, 32);
}

HttpResponse registration_response(int status, const RegistrationRequest& request, WorkerState state) {
    return json_response(status, encode_registration_answer(
                                     {.request_id = request_id_of(request), .state = std::string(name_of(state))}));
}

std::optional<HttpResponse> find_request_fault(const RegistrationRequest& request, const Caller& caller) {
    if (request.node_public_key != caller.public_key)
        return failure_response(403, "wrong-key", "the request is signed by another key than its node_public_key",
                                "sign it with node.key of the worker");
    if (std::any_of(request.name.begin(), request.name.end(),
                    [](char letter) { return static_cast<unsigned char>(letter) < 0x20; }))
        return failure_response(400, "bad-request", "field \"name\": expected no control characters",
                                "choose another --name");
    if (sha256(bytes_of(request.inventory)) != request.inventory_hash)
        return failure_response(400, "bad-request", "field \"inventory_hash\": expected the SHA-256 of the inventory",
                                "run kaisar register again");
    const auto inventory =
        decode_body([](const std::string& text) { return inventory_from_json(text, "inventory"); }, request.inventory);
    if (!inventory.message) return inventory.failure;
    return std::nullopt;
}

HttpResponse refuse_binding(BindingVerdict verdict) {
    const bool is_time = verdict == BindingVerdict::expired || verdict == BindingVerdict::not_yet_valid;
    return failure_response(403, is_time ? "binding-expired" : "binding-invalid",
                            fmt::format("the binding is refused: {}", name_of(verdict)),
                            is_time ? "sign a new one, and check the clock of the machine that signs"
                                    : "sign a new one with kaisar wallet bind");
}

/// The binding must be about this worker as it registered, on this network's registry.
std::optional<HttpResponse> find_binding_fault(const WorkerBinding& binding, const RegistrationRequest& request,
                                               const StoredWorker& worker, const NetworkProfile& profile) {
    const auto refuse = [](std::string_view field) {
        return failure_response(403, "binding-invalid",
                                fmt::format("the binding's {} is not that of this registration", field),
                                "sign the binding-request.json that kaisar register wrote");
    };
    if (binding.node_public_key != request.node_public_key) return refuse("node_public_key");
    if (binding.inventory_hash != request.inventory_hash) return refuse("inventory_hash");
    if (binding.chain_id != profile.chain_id) return refuse("chain_id");
    if (binding.registry != Address{profile.registry}) return refuse("registry");
    if (!worker.owner.empty() && worker.owner != format_address(binding.owner))
        return failure_response(
            403, "owner-mismatch", fmt::format("the worker belongs to {}", worker.owner),
            "bind it with that wallet; for another owner, begin with a new node key in another --data-dir");
    return std::nullopt;
}

} // namespace

std::optional<HttpResponse> find_state_fault(const StoredWorker& worker, WorkerState needed) {
    if (worker.state >= needed) return std::nullopt;
    return failure_response(
        409, "wrong-state",
        fmt::format("the worker is {}, and this step needs it to be {}", name_of(worker.state), name_of(needed)),
        "run kaisar register, which takes the steps in order");
}

HttpResponse chain_is_busy() {
    return failure_response(503, "unavailable", "the chain has not confirmed the transaction yet",
                            "run kaisar register again in a minute: it goes on here");
}

void advance_worker(RecordWriter& records, const Bytes32& node_id, WorkerState reached, Instant now) {
    auto worker = records.find_worker(node_id);
    if (!worker || worker->state >= reached) return;
    worker->state = reached;
    worker->changed_at = now;
    records.update_worker(*worker);
}

RegistrationDesk::RegistrationDesk(Store& store, const Clock& clock, const NetworkKeys& keys, Chain& chain,
                                   const accounting::NetworkSettings& settings)
    : store_(store), clock_(clock), keys_(keys), chain_(chain), settings_(settings) {}

HttpResponse RegistrationDesk::take_request(const Caller& caller, const std::string& body) {
    const auto decoded = decode_body(decode_registration_request, body);
    if (!decoded.message) return decoded.failure;
    const auto& request = *decoded.message;
    if (auto fault = find_request_fault(request, caller)) return *fault;
    const auto now = clock_.now();
    StoredWorker worker{.node_id = caller.node_id,
                        .public_key = caller.public_key,
                        .name = request.name,
                        .owner = {},
                        .created_at = now,
                        .changed_at = now};
    bool is_new = false;
    store_.write([&](RecordWriter& records) {
        const auto known = records.find_worker(caller.node_id);
        is_new = !known;
        if (known) {
            const auto before = records.find_document(caller.node_id, "request");
            worker = *known;
            worker.name = request.name;
            // The owner signed for another inventory: the steps from the binding on are due again.
            if (!before || decode_registration_request(*before).inventory_hash != request.inventory_hash) {
                worker.state = WorkerState::requested;
                worker.changed_at = now;
                records.put_document(caller.node_id, "certificate", "");
            }
            records.update_worker(worker);
        } else {
            records.insert_worker(worker);
        }
        records.put_document(caller.node_id, "request", body);
    });
    return registration_response(is_new ? 201 : 200, request, worker.state);
}

HttpResponse RegistrationDesk::make_plan(const Caller& caller) {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
    const SetupPlan plan{.node_id = caller.node_id,
                         .issued_at = now,
                         .expires_at = now + plan_lifetime,
                         .steps = make_setup_steps(settings_.params)};
    return json_response(200,
                         encode_signed_document(sign_document(setup_plan_kind, encode_setup_plan(plan), keys_.portal)));
}

HttpResponse RegistrationDesk::take_binding(const Caller& caller, const std::string& body) {
    const auto decoded = decode_body([](const std::string& text) { return decode_binding(text, "the binding"); }, body);
    if (!decoded.message) return decoded.failure;
    const auto& binding = decoded.message->binding;
    if (const auto verdict = check_binding(*decoded.message, seconds_of(clock_.now()), binding_clock_skew_s);
        verdict != BindingVerdict::valid)
        return refuse_binding(verdict);
    HttpResponse response;
    store_.write([&](RecordWriter& records) {
        auto worker = records.find_worker(caller.node_id);
        const auto request = decode_registration_request(records.find_document(caller.node_id, "request").value_or(""));
        if (auto fault = find_binding_fault(binding, request, *worker, settings_.profile)) {
            response = *fault;
            return;
        }
        worker->owner = format_address(binding.owner);
        records.update_worker(*worker);
        records.put_document(caller.node_id, "binding", body);
        advance_worker(records, caller.node_id, WorkerState::bound, clock_.now());
        response = registration_response(200, request, std::max(worker->state, WorkerState::bound));
    });
    return response;
}

ServerAnswer RegistrationDesk::assign_peer(const Caller& caller, Instant received_at) {
    std::optional<HttpResponse> fault;
    std::string binding;
    store_.read([&](const RecordReader& records) {
        fault = find_state_fault(*records.find_worker(caller.node_id), WorkerState::bound);
        binding = records.find_document(caller.node_id, "binding").value_or("");
    });
    if (fault) return *fault;
    const auto now = clock_.now();
    std::optional<PeerAnswer> answer;
    try {
        if (chain_.register_worker(decode_binding(binding, "the stored binding")))
            answer = chain_.assign_peer(caller.node_id, now);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::refused) throw;
        return failure_response(403, "chain-refused", error.message(), error.hint());
    }
    if (!answer) {
        if (now >= received_at + longest_hold) return chain_is_busy();
        return AskAgain{now + chain_poll};
    }
    store_.write([&](RecordWriter& records) { advance_worker(records, caller.node_id, WorkerState::peered, now); });
    return json_response(200, encode_peer_answer(*answer));
}

std::string RegistrationDesk::make_certificate(const StoredWorker& worker, const RecordReader& records,
                                               const Bytes32& peer_id) const {
    const auto request = decode_registration_request(records.find_document(worker.node_id, "request").value_or(""));
    const auto result = decode_benchmark_answer(records.find_document(worker.node_id, "benchmark").value_or(""));
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
    const Certificate certificate{.network = settings_.profile.name,
                                  .node_id = worker.node_id,
                                  .node_public_key = worker.public_key,
                                  .owner = worker.owner,
                                  .peer_id = peer_id,
                                  .inventory_hash = request.inventory_hash,
                                  .attested = result.attested,
                                  .issued_at = now,
                                  .expires_at = now + certificate_lifetime};
    return encode_signed_document(sign_document(certificate_kind, encode_certificate(certificate), keys_.portal));
}

HttpResponse RegistrationDesk::issue_certificate(const Caller& caller) {
    std::optional<HttpResponse> fault;
    store_.read([&](const RecordReader& records) {
        fault = find_state_fault(*records.find_worker(caller.node_id), WorkerState::benchmarked);
    });
    if (fault) return *fault;
    const auto now = clock_.now();
    const auto assigned = chain_.assign_peer(caller.node_id, now);
    if (!assigned) return chain_is_busy();
    const auto peer_id = assigned->peer.id;
    std::string document;
    store_.write([&](RecordWriter& records) {
        const auto worker = records.find_worker(caller.node_id);
        document = records.find_document(caller.node_id, "certificate").value_or("");
        if (worker->state == WorkerState::registered && !document.empty() &&
            decode_certificate(decode_signed_document(document, "the stored certificate").payload).expires_at > now)
            return;
        document = make_certificate(*worker, records, peer_id);
        records.put_document(caller.node_id, "certificate", document);
        if (!records.find_document(caller.node_id, "registered-at"))
            records.put_document(caller.node_id, "registered-at", format_rfc3339(now));
        advance_worker(records, caller.node_id, WorkerState::registered, now);
    });
    return json_response(200, document);
}

} // namespace kaisar::portal
