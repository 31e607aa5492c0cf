#include "provider/registration_walk.h"

#include "baseline/baseline.h"
#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "evm/binding_json.h"
#include "hardware/inventory_json.h"
#include "protocol/portal_messages_json.h"
#include "protocol/signed_document.h"
#include "provider/setup_runner.h"
#include "proving/challenge.h"
#include "proving/outbox.h"
#include "proving/receipt_log.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::size_t plan_limit_bytes = 1 << 20;
constexpr std::size_t inventory_limit_bytes = 1 << 20;

struct Step {
    RegistrationStep reached;
    std::string_view what;
    void (RegistrationWalk::*take)();
};

} // namespace

RegistrationWalk::RegistrationWalk(const DataDirectory& directory, const NetworkProfile& profile,
                                   const Connection& connection, const RegistrationChoices& choices,
                                   const Ed25519Key& key, RegistrationRecord record)
    : directory_(directory), profile_(profile), connection_(connection), choices_(choices), key_(key),
      record_(std::move(record)), portal_(connection, require_portal_url(profile.portal_url), profile.portal_key, key) {
}

RegistrationResult RegistrationWalk::finish() {
    static constexpr Step steps[] = {
        {RegistrationStep::described, "describe this machine", &RegistrationWalk::describe},
        {RegistrationStep::requested, "ask the network", &RegistrationWalk::request},
        {RegistrationStep::planned, "receive the setup plan", &RegistrationWalk::receive_plan},
        {RegistrationStep::prepared, "run the setup plan", &RegistrationWalk::prepare},
        {RegistrationStep::bound, "bind the owner's wallet", &RegistrationWalk::bind},
        {RegistrationStep::peered, "take a peer from the blockchain", &RegistrationWalk::take_peer},
        {RegistrationStep::connected, "connect to the peer", &RegistrationWalk::connect},
        {RegistrationStep::benchmarked, "answer the benchmark challenge", &RegistrationWalk::benchmark},
        {RegistrationStep::reported, "have the result verified", &RegistrationWalk::report},
        {RegistrationStep::ready, "receive the certificate", &RegistrationWalk::receive_certificate},
    };
    for (const auto& step : steps) {
        if (record_.step >= step.reached) continue;
        if (choices_.plan_mode == PlanMode::show_only && step.reached == RegistrationStep::prepared)
            return {.record = record_, .plan = load_plan()};
        if (connection_.stop.stop_requested())
            throw Error(ErrorKind::interrupted, "interrupted", "run the same command again to go on");
        choices_.on_step(step.reached, step.what);
        try {
            (this->*step.take)();
        } catch (const Error& error) {
            // A proof that was refused stays refused: the next run answers a fresh challenge.
            if (step.reached == RegistrationStep::reported && error.kind() == ErrorKind::refused) {
                record_.step = RegistrationStep::connected;
                save_registration(directory_.registration(), record_);
            }
            throw;
        }
        record_.step = step.reached;
        save_registration(directory_.registration(), record_);
    }
    return {.record = record_, .plan = {}};
}

std::string RegistrationWalk::worker_target(std::string_view resource) const {
    return fmt::format("/v1/workers/{}{}", encode_hex(record_.node_id), resource);
}

void RegistrationWalk::describe() {
    const auto inventory = detect_inventory();
    save_file(directory_.inventory(), inventory_to_json(inventory));
    record_.name = choices_.name;
    record_.claims = choices_.claims;
    record_.inventory_hash = inventory_hash(inventory);
}

void RegistrationWalk::request() {
    const auto inventory = load_file(directory_.inventory(), inventory_limit_bytes);
    const RegistrationRequest request{.name = record_.name,
                                      .node_public_key = key_.public_key(),
                                      .inventory = std::string(text_of(inventory)),
                                      .inventory_hash = record_.inventory_hash,
                                      .claims = record_.claims,
                                      .boot_id = detect_boot_id()};
    const auto body = portal_.call("POST", "/v1/workers", encode_registration_request(request));
    record_.request_id = decode_answer(decode_registration_answer, body).request_id;
}

void RegistrationWalk::receive_plan() {
    const auto body = portal_.call("GET", worker_target("/setup-plan"));
    save_file(directory_.setup() / "plan.json", body);
    load_plan();
}

/// The plan as it lies on disk, verified anew each time: what is run is what was signed.
SetupPlan RegistrationWalk::load_plan() const {
    const auto body = load_file(directory_.setup() / "plan.json", plan_limit_bytes);
    const auto document = decode_signed_document(text_of(body), "setup plan");
    auto plan = decode_setup_plan(verify_document(document, setup_plan_kind, profile_.portal_key));
    if (plan.node_id != record_.node_id)
        throw Error(ErrorKind::refused, "the setup plan is for another worker; nothing of it was run",
                    "tell the network's operator");
    return plan;
}

void RegistrationWalk::prepare() {
    if (load_plan().expires_at <= connection_.clock.now()) receive_plan();
    const auto plan = load_plan();
    if (plan.expires_at <= connection_.clock.now())
        throw Error(ErrorKind::refused,
                    fmt::format("the setup plan expired at {}; nothing of it was run", format_rfc3339(plan.expires_at)),
                    "check this machine's clock");
    if (!choices_.agrees_to_plan(plan))
        throw Error(ErrorKind::interrupted, "the setup plan was declined; nothing of it was run",
                    "kaisar register --plan shows it");
    const SetupSurroundings surroundings{
        .directory = directory_.setup(),
        .data_dir = directory_.root(),
        .program = choices_.program,
        .agrees = choices_.agrees_to_step,
        .on_step =
            [&](const SetupStep& step, SetupOutcome outcome, std::string_view said) {
                static constexpr std::string_view words[] = {"nothing to do", "done", "left out"};
                choices_.on_step(RegistrationStep::prepared,
                                 fmt::format("  {}: {}", step.title,
                                             outcome == SetupOutcome::satisfied && !said.empty()
                                                 ? said
                                                 : words[static_cast<int>(outcome)]));
            },
        .stop = connection_.stop};
    run_setup_plan(plan, surroundings);
}

void RegistrationWalk::bind() {
    const BindingRequest request{.chain_id = profile_.chain_id,
                                 .registry = Address{profile_.registry},
                                 .node_public_key = key_.public_key(),
                                 .inventory_hash = record_.inventory_hash};
    save_file(directory_.root() / "binding-request.json", encode_binding_request(request));
    auto binding = choices_.obtain_binding(request);
    const auto& bound = binding.binding;
    if (bound.node_public_key != request.node_public_key || bound.inventory_hash != request.inventory_hash ||
        bound.chain_id != request.chain_id || bound.registry != request.registry)
        throw Error(ErrorKind::refused, "the binding is for another worker, another inventory or another network",
                    fmt::format("sign {} with kaisar wallet bind --request",
                                (directory_.root() / "binding-request.json").string()));
    countersign_binding(binding, key_);
    save_file(directory_.binding(), encode_binding(binding));
    portal_.call("PUT", worker_target("/binding"), encode_binding(binding));
    record_.owner = format_address(bound.owner);
}

void RegistrationWalk::take_peer() {
    if (choices_.bring_to_chain) {
        const auto binding = find_file(directory_.binding(), binding_json_limit_bytes);
        if (!binding)
            throw Error(ErrorKind::environment, directory_.binding().string() + " is missing: what the owner signed",
                        "leave --pay-gas out: the portal has it; or begin anew with kaisar register --replace");
        choices_.bring_to_chain(decode_binding(text_of(*binding), directory_.binding().string()));
    }
    const auto answer = decode_answer(decode_peer_answer, portal_.call("POST", worker_target("/peer")));
    record_.transaction_hash = answer.transaction_hash;
    record_.peer = answer.peer;
}

PortalClient RegistrationWalk::peer_client() const {
    return PortalClient(connection_, require_portal_url(record_.peer.endpoint), record_.peer.public_key, key_);
}

std::uint64_t RegistrationWalk::measure_rtt(PortalClient& peer, const std::string& session_id,
                                            const std::string& first_step) const {
    auto step = decode_answer(decode_rtt_step, first_step);
    while (!step.is_done)
        step = decode_answer(decode_rtt_step, peer.call("POST", fmt::format("/v1/sessions/{}/rtt", session_id),
                                                        encode_rtt_answer({.answer = rtt_answer(step.nonce)})));
    return static_cast<std::uint64_t>(step.rtt.count());
}

void RegistrationWalk::connect() {
    auto peer = peer_client();
    const SessionOpening opening{.node_id = record_.node_id, .peer_id = record_.peer.id, .nonce = random_array<32>()};
    const auto offer =
        decode_answer(decode_session_offer, peer.call("POST", "/v1/sessions", encode_session_opening(opening)));
    if (!is_valid_ed25519(record_.peer.public_key, session_transcript("peer", opening, offer), offer.signature))
        throw Error(ErrorKind::refused,
                    fmt::format("{} cannot prove that it is the peer which the chain assigned", record_.peer.endpoint),
                    "somebody else answers there; tell the network's operator");
    const SessionProof proof{.signature = key_.sign(session_transcript("worker", opening, offer))};
    const auto first = peer.call("PUT", fmt::format("/v1/sessions/{}", offer.session_id), encode_session_proof(proof));
    record_.rtt_us = measure_rtt(peer, offer.session_id, first);
}

void RegistrationWalk::benchmark() {
    auto peer = peer_client();
    // The suite first: the challenge's clock runs from the moment that the peer issues it.
    const auto worker = make_proving_worker(key_, profile_, popw::choose_primitives(choices_.cpu), choices_.threads,
                                            detect_available_memory_bytes() / 2, connection_.stop);
    const auto device = make_cpu_device(worker);
    const auto asked_at = connection_.clock.steady_now();
    const auto job = decode_answer(decode_benchmark_job, peer.call("POST", worker_target("/benchmark-job")));
    const auto answer = answer_challenge(worker, *device, job.beacon, asked_at, connection_);
    record_.report = choices_.run_benchmark(job.workloads);
    save_file(directory_.baseline(),
              encode_baseline(detect_inventory(), record_.report, connection_.clock.now(), key_));
    Outbox(directory_.outbox()).add(answer.file);
    record_.job_id = job.job_id;
    record_.proof_hash = answer.verification.proof_hash;
}

void RegistrationWalk::report() {
    const Outbox outbox(directory_.outbox());
    CheckerClient checker(connection_, require_portal_url(profile_.checkers.front().url),
                          profile_.checkers.front().public_key);
    // A run that was killed after the removal finds nothing here, and the peer answers the same result as it did.
    for (const auto& entry : outbox.list()) {
        const auto file = outbox.load(entry);
        if (popw::proof_hash(file.proof) != record_.proof_hash) continue;
        checker.submit_proof(file.proof);
        const auto verdict = checker.find_verdict(record_.proof_hash, connection_.clock.now() + connection_.timeout);
        if (!verdict)
            throw Error(ErrorKind::network, "the checker has the proof but no verdict yet",
                        "run the same command again in a minute");
        ReceiptLog(directory_.receipts()).append(*verdict, connection_.clock.now());
        outbox.remove(entry);
    }
    const BenchmarkResult result{.job_id = record_.job_id, .proof_hash = record_.proof_hash, .report = record_.report};
    auto peer = peer_client();
    const auto body = peer.call("POST", worker_target("/benchmark-result"), encode_benchmark_result(result));
    const auto answer = decode_answer(decode_benchmark_answer, body);
    record_.attested = answer.attested;
    record_.claimed = answer.claimed;
}

void RegistrationWalk::receive_certificate() {
    const auto body = portal_.call("POST", worker_target("/certificate"));
    const auto document = decode_signed_document(body, "certificate");
    const auto certificate = decode_certificate(verify_document(document, certificate_kind, profile_.portal_key));
    if (certificate.node_id != record_.node_id)
        throw Error(ErrorKind::refused, "the certificate is for another worker", "tell the network's operator");
    save_file(directory_.certificate(), body);
}

} // namespace kaisar
