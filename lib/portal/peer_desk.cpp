#include "portal/peer_desk.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "hardware/inventory_json.h"
#include "popw_rules/linear_points.h"
#include "protocol/portal_messages_json.h"

#include <fmt/format.h>

namespace kaisar::portal {
namespace {

using namespace network;
using namespace std::chrono_literals;

constexpr unsigned rtt_exchanges = 8;
constexpr auto session_lifetime = 60s;
constexpr std::size_t session_limit = 10'000;
constexpr auto verdict_poll = 100ms;
/// Workloads that take seconds, need no privilege and show processor, memory and hashing side by side.
const std::vector<std::string> workloads{"gemm-s8", "memory-triad", "sha256"};

HttpResponse unknown_session() {
    return failure_response(404, "unknown-session", "there is no such session of this worker",
                            "open a new one: run kaisar register again");
}

std::string job_id_of(const SlotKey& key) { return fmt::format("{}-{}", key.epoch, key.slot); }

ClaimedFigures claimed_figures(const RegistrationRequest& request) {
    const auto inventory = inventory_from_json(request.inventory, "the stored inventory");
    ClaimedFigures claimed{.cores = inventory.cpu.cores,
                           .memory_bytes = inventory.memory.usable_bytes,
                           .disk_bytes = 0,
                           .gpus = inventory.gpus.size()};
    for (const auto& disk : inventory.disks) claimed.disk_bytes += disk.size_bytes;
    return claimed;
}

} // namespace

PeerDesk::PeerDesk(Store& store, const Clock& clock, const NetworkKeys& keys, Chain& chain, checker::Checker& checker)
    : store_(store), clock_(clock), keys_(keys), chain_(chain), checker_(checker) {}

HttpResponse PeerDesk::open_session(const Caller& caller, const std::string& body) {
    const auto decoded = decode_body(decode_session_opening, body);
    if (!decoded.message) return decoded.failure;
    const auto& opening = *decoded.message;
    if (opening.node_id != caller.node_id)
        return failure_response(403, "wrong-key",
                                "the session's node_id is not that of the key that signed the request",
                                "sign it with node.key of the worker");
    std::optional<HttpResponse> fault;
    store_.read([&](const RecordReader& records) {
        fault = find_state_fault(*records.find_worker(caller.node_id), WorkerState::peered);
    });
    if (fault) return *fault;
    const auto now = clock_.now();
    const auto assigned = chain_.assign_peer(caller.node_id, now);
    if (!assigned) return chain_is_busy();
    const auto& peer = assigned->peer;
    if (peer.id != opening.peer_id || peer.public_key != keys_.peer().public_key())
        return failure_response(404, "unknown-peer",
                                "the chain did not assign this peer to the worker, or the assignment has expired",
                                "run kaisar register again to ask the chain for a peer");
    Session session{
        .opening = opening,
        .offer = {.session_id = encode_hex(random_array<16>()), .nonce = random_array<32>(), .signature = {}},
        .opened_at = now,
        .step = {}};
    session.offer.signature = keys_.peer().sign(session_transcript("peer", opening, session.offer));
    std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [&](const auto& entry) { return now - entry.second.opened_at > session_lifetime; });
    if (sessions_.size() >= session_limit)
        return failure_response(503, "unavailable", "too many sessions are being opened", "try again in a minute");
    sessions_.emplace(session.offer.session_id, session);
    return json_response(200, encode_session_offer(session.offer));
}

PeerDesk::Session* PeerDesk::find_session(const Caller& caller, const std::string& session_id) {
    const auto found = sessions_.find(session_id);
    return found != sessions_.end() && found->second.opening.node_id == caller.node_id ? &found->second : nullptr;
}

HttpResponse PeerDesk::begin_exchange(Session& session) {
    session.step.nonce = random_array<32>();
    session.sent_at = clock_.now();
    return json_response(200, encode_rtt_step(session.step));
}

HttpResponse PeerDesk::prove_session(const Caller& caller, const std::string& session_id, const std::string& body) {
    const auto decoded = decode_body(decode_session_proof, body);
    if (!decoded.message) return decoded.failure;
    std::lock_guard lock(mutex_);
    auto* session = find_session(caller, session_id);
    if (!session) return unknown_session();
    if (!is_valid_ed25519(caller.public_key, session_transcript("worker", session->opening, session->offer),
                          decoded.message->signature))
        return failure_response(401, "bad-signature", "field \"signature\" does not sign this session",
                                "open a new one: run kaisar register again");
    session->is_proved = true;
    return begin_exchange(*session);
}

HttpResponse PeerDesk::take_rtt(const Caller& caller, const std::string& session_id, const std::string& body,
                                Instant received_at) {
    const auto decoded = decode_body(decode_rtt_answer, body);
    if (!decoded.message) return decoded.failure;
    RttStep step;
    {
        std::lock_guard lock(mutex_);
        auto* session = find_session(caller, session_id);
        if (!session) return unknown_session();
        if (!session->is_proved)
            return failure_response(409, "wrong-state", "the worker has not proved its key in this session",
                                    "send the signature first");
        // Our reply to it was lost. Another nonce, so that a repeated request cannot shorten the time that is measured.
        if (session->exchanges > 0 && !session->step.is_done && decoded.message->answer == session->last_answer)
            return begin_exchange(*session);
        if (decoded.message->answer != rtt_answer(session->step.nonce))
            return failure_response(400, "bad-request", "field \"answer\": expected the hash of the last nonce",
                                    "open a new session");
        const auto rtt = std::chrono::duration_cast<std::chrono::microseconds>(received_at - session->sent_at);
        session->step.rtt = session->exchanges == 0 ? rtt : std::min(session->step.rtt, rtt);
        session->last_answer = decoded.message->answer;
        if (++session->exchanges < rtt_exchanges) return begin_exchange(*session);
        session->step.is_done = true;
        step = session->step;
    }
    const auto answer = encode_rtt_step(step);
    store_.write([&](RecordWriter& records) {
        records.put_document(caller.node_id, "session", answer);
        advance_worker(records, caller.node_id, WorkerState::connected, clock_.now());
    });
    return json_response(200, answer);
}

HttpResponse PeerDesk::issue_job(const Caller& caller) {
    std::optional<HttpResponse> fault;
    store_.read([&](const RecordReader& records) {
        fault = find_state_fault(*records.find_worker(caller.node_id), WorkerState::connected);
    });
    if (fault) return *fault;
    const auto challenge = checker_.try_issue_challenge(caller.node_id, clock_.now());
    if (!challenge) {
        const auto window = std::chrono::ceil<std::chrono::seconds>(checker_.constants().params.compute_window);
        auto response = failure_response(429, "rate-limited", "the last challenge can still be running",
                                         fmt::format("try again in {} s", window.count()));
        response.headers.add("Retry-After", std::to_string(window.count()));
        return response;
    }
    const auto key = checker::slot_key(caller.node_id, challenge->epoch, challenge->slot);
    return json_response(
        200, encode_benchmark_job({.job_id = job_id_of(key), .beacon = challenge->beacon, .workloads = workloads}));
}

ServerAnswer PeerDesk::take_result(const Caller& caller, const std::string& body, Instant received_at) {
    const auto decoded = decode_body(decode_benchmark_result, body);
    if (!decoded.message) return decoded.failure;
    const auto& result = *decoded.message;
    std::optional<HttpResponse> fault;
    std::optional<ProofRecord> proof;
    std::optional<VerdictRecord> verdict;
    store_.read([&](const RecordReader& records) {
        fault = find_state_fault(*records.find_worker(caller.node_id), WorkerState::connected);
        proof = records.find_proof(checker_.id(), result.proof_hash);
        verdict = records.find_verdict(result.proof_hash);
    });
    if (fault) return *fault;
    if (!proof || proof->key.node_id != caller.node_id || job_id_of(proof->key) != result.job_id)
        return failure_response(
            404, "unknown-job",
            fmt::format("no proof {} of job {} was received", encode_hex(result.proof_hash), result.job_id),
            "send the proof to the checker first");
    if (verdict) return keep_result(caller, result, *verdict);
    const auto now = clock_.now();
    if (now >= received_at + longest_hold)
        return failure_response(503, "unavailable", "the proof is still waiting to be verified",
                                "ask again in a minute");
    return AskAgain{now + verdict_poll};
}

HttpResponse PeerDesk::keep_result(const Caller& caller, const BenchmarkResult& result, const VerdictRecord& verdict) {
    if (verdict.code != 0) {
        const auto code = popw::find_verdict_code(verdict.code).value_or(popw::VerdictCode::malformed);
        return failure_response(403, "proof-rejected",
                                fmt::format("the proof was rejected: {} ({})", popw::name_of(code), verdict.code),
                                popw::explanation_of(code));
    }
    const auto& params = checker_.constants().params;
    const auto rates =
        popw::attested_rates({.macs = verdict.macs,
                              .compute_us = verdict.compute_us,
                              .walk_bytes = verdict.walk_bytes,
                              .walk_us = verdict.walk_us,
                              .held_bytes = verdict.held_bytes,
                              .hold = verdict.held_bytes != 0 ? popw::HoldOutcome::held : popw::HoldOutcome::missed,
                              .memory = popw::MemoryKind::host},
                             params);
    BenchmarkAnswer answer{.attested = {.macs_per_s = rates.macs_per_s,
                                        .walk_bytes_per_s = rates.walk_bytes_per_s,
                                        .held_bytes = rates.held_bytes,
                                        .rtt_us = 0},
                           .claimed = {},
                           .verdicts = {{verdict.code, keys_.peer().public_key()}}};
    std::string text;
    store_.write([&](RecordWriter& records) {
        answer.claimed =
            claimed_figures(decode_registration_request(records.find_document(caller.node_id, "request").value_or("")));
        if (const auto session = records.find_document(caller.node_id, "session"))
            answer.attested.rtt_us = static_cast<std::uint64_t>(decode_rtt_step(*session).rtt.count());
        text = encode_benchmark_answer(answer);
        records.put_document(caller.node_id, "benchmark", text);
        records.put_document(caller.node_id, "report", result.report);
        advance_worker(records, caller.node_id, WorkerState::benchmarked, clock_.now());
    });
    return json_response(200, text);
}

} // namespace kaisar::portal
