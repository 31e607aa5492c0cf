#include "checker/checker.h"

#include "bytes/hex.h"
#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "popw_rules/committee.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <fmt/format.h>

namespace kaisar::checker {
namespace {

using namespace network;
using namespace std::chrono_literals;
using popw::BeaconMode;
using popw::BeaconPhase;
using popw::MarkPhase;

/// A held request for a verdict looks again this often.
constexpr auto verdict_poll = 100ms;
constexpr std::size_t beacon_cache_limit = 64;

template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
    Integer value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

std::optional<BeaconPhase> parse_phase(std::string_view text) {
    if (text == "S") return BeaconPhase::schedule;
    if (text == "A") return BeaconPhase::start;
    if (text == "B") return BeaconPhase::walk;
    if (text == "C") return BeaconPhase::query;
    return std::nullopt;
}

ServerAnswer hold_until(Instant moment, const ServerRequest& request, Instant now) {
    const auto latest = request.received_at + longest_hold;
    if (now >= latest) return empty_response(204);
    return AskAgain{std::min(moment, latest)};
}

HttpResponse refuse(int status, popw::VerdictCode code, std::string_view what) {
    return failure_response(status, name_of(code), what, popw::explanation_of(code));
}

HttpResponse not_found(std::string_view what) {
    return failure_response(404, "not-found", what, "docs/protocol.md lists what can be asked for");
}

} // namespace

Checker::Checker(Store& store, const Clock& clock, const NetworkKeys& keys, std::size_t number,
                 const NetworkConstants& constants, const popw::Primitives& primitives, std::function<void()> on_proof)
    : store_(store), clock_(clock), keys_(keys), own_(keys.checkers.at(number)), own_key_(own_.signing.public_key()),
      own_id_(popw::id_of_key(own_key_)), constants_(constants), primitives_(primitives),
      on_proof_(std::move(on_proof)), probes_(store, primitives, own_id_, own_.beacons.view()) {}

std::uint64_t Checker::body_limit(std::span<const std::string_view> path) const {
    // An upload is let in when it is expected, and only then.
    return path.size() == 6 && path[2] == "probe" ? probes_.upload_limit(path[3]) : popw::message_limit_bytes;
}

ServerAnswer Checker::answer(const ServerRequest& request, std::span<const std::string_view> path) {
    const bool is_get = request.http.method == "GET";
    const bool is_post = request.http.method == "POST";
    if (path.size() == 6 && path[2] == "beacon" && is_get) return answer_beacon(path[3], path[4], path[5], request);
    if (path.size() == 4 && path[2] == "verdict" && is_get) return answer_verdict(path[3], request);
    if (path.size() == 6 && path[2] == "probe") return answer_probe(request, path);
    if (path.size() == 3 && path[2] == "mark" && is_post) return answer_mark(request);
    if (path.size() == 3 && path[2] == "proof" && is_post) return answer_proof(request);
    return not_found(fmt::format("there is no {} {}", request.http.method, request.http.target.substr(0, 80)));
}

Bytes Checker::make_beacon(popw::SlotId slot, BeaconPhase phase, Instant moment) {
    std::lock_guard lock(mutex_);
    const auto [entry, is_new] = beacons_.try_emplace({slot, phase});
    if (!is_new) return entry->second;
    const bool is_schedule = phase == BeaconPhase::schedule;
    const auto& key = is_schedule ? keys_.portal : own_.signing;
    popw::Beacon beacon{.network_id = constants_.network_id,
                        .mode = BeaconMode::committee,
                        .phase = phase,
                        .epoch = slot.epoch,
                        .slot = slot.slot,
                        .params_hash = constants_.params_hash,
                        .issuer = key.public_key(),
                        .node_id = {},
                        .value = is_schedule
                                     ? word_of(slot)
                                     : popw::beacon_value(own_.beacons.view(), phase, constants_.network_id, slot),
                        .issued_at_us = static_cast<std::uint64_t>(moment.time_since_epoch().count())};
    auto encoded = encode_beacon(beacon, key);
    entry->second = encoded;
    if (beacons_.size() > beacon_cache_limit) beacons_.erase(beacons_.begin());
    return encoded;
}

ServerAnswer Checker::answer_beacon(std::string_view epoch_text, std::string_view slot_text,
                                    std::string_view phase_text, const ServerRequest& request) {
    const auto epoch = parse_integer<std::uint64_t>(epoch_text);
    const auto slot_number = parse_integer<std::uint32_t>(slot_text);
    const auto phase = parse_phase(phase_text);
    if (!epoch || !slot_number || !phase)
        return not_found("a beacon is asked for as /popw/v1/beacon/{epoch}/{slot}/{S|A|B|C}");
    const popw::SlotId slot{*epoch, *slot_number};
    const auto& params = constants_.params;
    const auto now = clock_.now();
    // Far away slots are refused before anything is computed about them: their times would overflow.
    const auto current = slot_at(params, now);
    if (!is_scheduled(params, slot) || slot.epoch > current.epoch + 1)
        return not_found(fmt::format("there is no slot {}/{} yet", *epoch, *slot_number));
    auto moment = t0_of(params, slot);
    if (now < moment) return hold_until(moment, request, now);
    // From T0 on the slot's word is public, so that these answers give nothing away.
    if (*phase == BeaconPhase::walk || *phase == BeaconPhase::query) {
        const auto word = word_of(slot);
        const bool has_memory = is_active(params, word) && has_memory_phase(params, word);
        if (!is_active(params, word) || (*phase == BeaconPhase::walk && !has_memory))
            return refuse(404, popw::VerdictCode::not_active,
                          fmt::format("slot {}/{} has no beacon {}", *epoch, *slot_number, phase_text));
        moment += *phase == BeaconPhase::walk ? params.walk_at
                  : has_memory                ? params.memory_query_at
                                              : params.compute_query_at;
        if (now < moment) return hold_until(moment, request, now);
    }
    return binary_response(200, make_beacon(slot, *phase, moment));
}

std::optional<HttpResponse> Checker::find_timing_fault(const popw::Mark& mark, Instant t0, Instant received_at) const {
    const auto& params = constants_.params;
    const bool is_on_demand = mark.mode == BeaconMode::on_demand;
    const auto elapsed = received_at - t0;
    auto cutoff = params.heartbeat_window;
    if (mark.phase == MarkPhase::compute) cutoff = params.compute_cutoff;
    if (mark.phase == MarkPhase::hold || mark.phase == MarkPhase::walk) cutoff = params.walk_cutoff;
    if (elapsed < Instant::duration::zero() || elapsed > cutoff)
        return refuse(409, popw::VerdictCode::late,
                      fmt::format("the mark came {:.3f} s after T0; this phase ends {:.3f} s after T0",
                                  std::chrono::duration<double>(elapsed).count(),
                                  std::chrono::duration<double>(cutoff).count()));
    if (is_on_demand && mark.phase == MarkPhase::compute) return std::nullopt;
    const auto word = is_on_demand ? Bytes32{} : word_of({mark.epoch, mark.slot});
    const bool is_in_use = !is_on_demand && (mark.phase == MarkPhase::heartbeat || is_active(params, word));
    const bool is_memory = mark.phase == MarkPhase::hold || mark.phase == MarkPhase::walk;
    if (!is_in_use || (is_memory && !has_memory_phase(params, word)))
        return refuse(409, popw::VerdictCode::not_active,
                      fmt::format("slot {}/{} has no such phase", mark.epoch, mark.slot));
    return std::nullopt;
}

Bytes32 Checker::start_value(const popw::Mark& mark, const std::optional<popw::Beacon>& challenge) const {
    const popw::SlotId slot{mark.epoch, mark.slot};
    const bool is_walk = mark.phase == MarkPhase::hold || mark.phase == MarkPhase::walk;
    const auto phase = is_walk ? BeaconPhase::walk : BeaconPhase::start;
    const popw::Contribution own{
        .checker_id = own_id_,
        .value =
            challenge ? challenge->value : popw::beacon_value(own_.beacons.view(), phase, constants_.network_id, slot)};
    return combine_beacon(phase, slot, challenge ? Bytes32{} : word_of(slot), mark.node_id, std::span(&own, 1));
}

std::optional<HttpResponse> Checker::find_committee_fault(const popw::Mark& mark,
                                                          const std::optional<popw::Beacon>& challenge,
                                                          const std::vector<Bytes32>& committee) const {
    const auto own = std::ranges::find(committee, own_key_);
    if (own == committee.end())
        return refuse(409, popw::VerdictCode::receipt_quorum,
                      fmt::format("this checker does not watch the worker in epoch {}", mark.epoch));
    const auto bitmap = mark.committee_bitmap;
    const bool names_strangers = committee.size() < 64 && bitmap >> committee.size() != 0;
    const auto is_named = (bitmap >> (own - committee.begin()) & 1) != 0;
    if (names_strangers || !is_named ||
        static_cast<std::size_t>(std::popcount(bitmap)) < popw::quorum_of(committee.size()))
        return refuse(400, popw::VerdictCode::malformed,
                      fmt::format("bitmap {:#x}: the committee has {} members, of whom it names {} at least, this one "
                                  "among them",
                                  bitmap, committee.size(), popw::quorum_of(committee.size())));
    // What the other members contributed is theirs to know; with the proof come their beacons.
    if (std::popcount(bitmap) == 1 && mark.beacon_value != start_value(mark, challenge))
        return refuse(409, popw::VerdictCode::commit_mismatch, "the mark ran on another beacon");
    return std::nullopt;
}

ServerAnswer Checker::answer_mark(const ServerRequest& request) {
    const auto encoded = bytes_of(request.http.body);
    const auto mark = popw::decode_mark(encoded);
    if (!mark) return refuse(400, popw::VerdictCode::malformed, "the body is not a MARK");
    const bool is_on_demand = mark->mode == BeaconMode::on_demand;
    if (!is_on_demand && mark->mode != BeaconMode::committee)
        return refuse(400, popw::VerdictCode::malformed,
                      "marks are taken for scheduled slots and on-demand challenges only");
    const auto key = slot_key(mark->node_id, mark->epoch, mark->slot);
    std::optional<StoredWorker> worker;
    std::optional<popw::Beacon> challenge;
    std::vector<Bytes32> committee;
    store_.read([&](const RecordReader& records) {
        worker = records.find_worker(mark->node_id);
        if (worker) committee = committee_of(records, constants_, key);
        const auto found = is_on_demand ? records.find_challenge(key) : std::nullopt;
        if (found) challenge = popw::decode_beacon(found->beacon);
    });
    if (!worker)
        return failure_response(404, "unknown-worker", "no worker is registered with this node id",
                                "run kaisar register");
    if (!is_on_demand && worker->state != WorkerState::registered)
        return failure_response(409, "wrong-state", "the worker is not registered yet",
                                "run kaisar register to the end");
    if (is_on_demand ? !challenge.has_value() : !is_scheduled(constants_.params, {mark->epoch, mark->slot}))
        return refuse(404, popw::VerdictCode::not_active, "there is no such slot or challenge");
    const auto t0 = challenge ? Instant(std::chrono::microseconds(challenge->issued_at_us))
                              : t0_of(constants_.params, {mark->epoch, mark->slot});
    if (auto fault = find_timing_fault(*mark, t0, request.received_at)) return *fault;
    if (auto fault = find_committee_fault(*mark, challenge, committee)) return *fault;
    if (!popw::is_signed_by(encoded, worker->public_key))
        return refuse(401, popw::VerdictCode::bad_signature, "the mark is not signed by the worker's key");
    return keep_mark(*mark, encoded, t0, request.received_at);
}

HttpResponse Checker::keep_mark(const popw::Mark& mark, ByteView encoded, Instant t0, Instant received_at) {
    const auto hash = popw::mark_hash(encoded);
    const bool reveals = mark.mode == BeaconMode::on_demand;
    popw::Receipt receipt{.epoch = mark.epoch,
                          .slot = mark.slot,
                          .phase = mark.phase,
                          .issuer = own_key_,
                          .mark_hash = hash,
                          .received_us = static_cast<std::uint64_t>((received_at - t0).count()),
                          .value = reveals ? on_demand_query_value(mark) : Bytes32{}};
    MarkRecord record{.checker = own_id_,
                      .key = slot_key(mark.node_id, mark.epoch, mark.slot),
                      .phase = static_cast<std::uint8_t>(mark.phase),
                      .hash = hash,
                      .mark = Bytes(encoded.begin(), encoded.end()),
                      .receipt = encode_receipt(receipt, own_.signing)};
    bool follows = true;
    store_.write([&](RecordWriter& records) {
        if (const auto known = records.find_mark(own_id_, record.key, record.phase)) {
            record = *known;
            return;
        }
        const bool is_walk = mark.phase == MarkPhase::hold || mark.phase == MarkPhase::walk;
        const auto previous = is_walk
                                  ? records.find_mark(own_id_, record.key, static_cast<std::uint8_t>(record.phase - 1))
                                  : std::nullopt;
        follows = mark.previous_mark == (previous ? previous->hash : Bytes32{}) && previous.has_value() == is_walk;
        if (follows) records.insert_mark(record);
    });
    if (!follows)
        return refuse(409, popw::VerdictCode::commit_mismatch,
                      "the mark does not follow the one before it in this slot");
    if (record.hash != hash)
        return refuse(409, popw::VerdictCode::duplicate, "another mark of this phase came first, and that one counts");
    if (mark.phase == MarkPhase::heartbeat && mark.mode == BeaconMode::committee)
        probes_.expect(record.receipt, mark.node_id, mark.epoch, clock_.now());
    return binary_response(200, record.receipt);
}

Bytes32 Checker::on_demand_query_value(const popw::Mark& mark) const {
    ByteWriter message;
    message.put(bytes_of("popw on demand")).put(constants_.network_id).put(mark.epoch).put(mark.slot).put(mark.node_id);
    return hmac_sha256(own_.beacons.view(), message.bytes());
}

ServerAnswer Checker::answer_probe(const ServerRequest& request, std::span<const std::string_view> path) {
    const auto bytes = parse_integer<std::uint64_t>(path[5]);
    const bool is_down = path[4] == "down";
    if (!bytes || (!is_down && path[4] != "up"))
        return not_found("a probe is asked for as /popw/v1/probe/{token}/{down|up}/{bytes}");
    const auto now = clock_.now();
    if (is_down && request.http.method == "GET") return probes_.send(path[3], *bytes, [this] { return clock_.now(); });
    if (is_down && request.http.method == "POST")
        return probes_.take_digest(path[3], bytes_of(request.http.body), request.received_at, now);
    if (!is_down && request.http.method == "POST")
        return probes_.take_upload(path[3], *bytes, bytes_of(request.http.body), request.received_at - request.begun_at,
                                   now);
    return not_found("a probe is a GET and a POST down, or a POST up");
}

ServerAnswer Checker::answer_proof(const ServerRequest& request) {
    const auto encoded = bytes_of(request.http.body);
    const auto identity = popw::find_proof_identity(encoded);
    if (!identity) return refuse(400, popw::VerdictCode::malformed, "the body is not a PROOF");
    ProofRecord proof{.checker = own_id_,
                      .hash = popw::proof_hash(encoded),
                      .key = slot_key(identity->node_id, identity->epoch, identity->slot),
                      .device = identity->device_index,
                      .received_at = request.received_at,
                      .proof = Bytes(encoded.begin(), encoded.end())};
    std::optional<StoredWorker> worker;
    std::optional<MarkRecord> mark;
    std::optional<ProofRecord> known;
    store_.read([&](const RecordReader& records) {
        worker = records.find_worker(identity->node_id);
        mark = records.find_mark(own_id_, proof.key, static_cast<std::uint8_t>(MarkPhase::compute));
        known = records.find_proof_of(own_id_, proof.key, proof.device);
    });
    const auto duplicate = [] {
        return refuse(409, popw::VerdictCode::duplicate,
                      "another proof of this device and slot came first, and that one counts");
    };
    if (!worker)
        return failure_response(404, "unknown-worker", "no worker is registered with this node id",
                                "run kaisar register");
    if (known) return known->hash == proof.hash ? empty_response(202) : duplicate();
    if (!mark) return refuse(409, popw::VerdictCode::receipt_quorum, "no compute mark of this slot was received here");
    const auto decoded = popw::decode_mark(mark->mark);
    if (!decoded || !decoded->find_device(proof.device))
        return refuse(409, popw::VerdictCode::commit_mismatch, "the slot's mark does not name this device");
    if (!popw::is_signed_by(encoded, worker->public_key))
        return refuse(401, popw::VerdictCode::bad_signature, "the proof is not signed by the worker's key");
    store_.write([&](RecordWriter& records) {
        known = records.find_proof_of(own_id_, proof.key, proof.device);
        if (!known) records.insert_proof(proof);
    });
    if (known && known->hash != proof.hash) return duplicate();
    on_proof_();
    return empty_response(202);
}

ServerAnswer Checker::answer_verdict(std::string_view hash_text, const ServerRequest& request) {
    const auto hash = decode_hex_array<32>(hash_text);
    if (!hash) return not_found("a verdict is asked for by the 32-byte hash of its proof");
    std::optional<BallotRecord> ballot;
    bool is_known = false;
    store_.read([&](const RecordReader& records) {
        ballot = records.find_ballot(own_id_, *hash);
        is_known = ballot || records.find_proof(own_id_, *hash);
    });
    if (ballot && !ballot->verdict.empty()) return binary_response(200, ballot->verdict);
    if (!is_known) return not_found("no proof with this hash was received here");
    const auto now = clock_.now();
    return hold_until(now + verdict_poll, request, now);
}

} // namespace kaisar::checker
