#include "checker/planting.h"

#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "popw_rules/committee.h"
#include "popw_work/seeds.h"
#include "popw_work/tiles.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar::checker {
namespace {

using namespace network;
using popw::BeaconPhase;

constexpr std::uint64_t million = 1'000'000;
/// What workers of modest machines make in a window.
constexpr std::uint32_t fewest_rounds = 16;
constexpr std::uint32_t further_rounds = 48;
constexpr std::string_view worker_name = "planted by the network";

} // namespace

/// A worker that exists for one epoch, in one slot.
struct Planter::Planted {
    popw::SlotId slot;
    Bytes32 secret{};
    Ed25519Key node;
    Bytes32 node_id{};
    std::vector<std::size_t> members; ///< the committee as numbers of the host's checkers
    std::vector<Bytes> beacons;
    Bytes32 word{};
    popw::Mark mark;
    Bytes encoded_mark;
    std::vector<Bytes> receipts;
    popw::Profile profile{};
    std::vector<Bytes32> roots;
    popw::TreeHasher hasher;
};

Bytes32 Planter::secret_for(std::string_view what, popw::SlotId slot, std::uint64_t index) const {
    ByteWriter message;
    message.put(bytes_of(what)).put(slot.epoch).put(slot.slot).put(index);
    return hmac_sha256(host_.constants().schedule_secret, message.bytes());
}

std::size_t Planter::count_in(popw::SlotId slot, std::size_t workers) const {
    const auto parts = share_ppm_ * workers;
    const auto draw = load_le<std::uint64_t>(secret_for("planted count", slot, 0).data()) % million;
    return static_cast<std::size_t>(parts / million + (draw < parts % million ? 1 : 0));
}

Bytes Planter::exchange(std::size_t number, std::string method, const std::string& target, ByteView body) const {
    const ServerRequest request{.http = {.method = std::move(method),
                                         .authority = "",
                                         .target = checker_path(number) + target,
                                         .headers = {},
                                         .body = std::string(text_of(body))},
                                .address = "",
                                .received_at = clock_.now()};
    const auto answer = host_.answer(request);
    const auto* response = std::get_if<HttpResponse>(&answer);
    if (response == nullptr || response->status >= 300)
        throw Error(ErrorKind::network, "a checker did not take part in a planted proof");
    const auto view = bytes_of(response->body);
    return {view.begin(), view.end()};
}

void Planter::collect(Planted& planted, BeaconPhase phase, Bytes32& value) {
    std::vector<popw::Contribution> contributions;
    const auto target =
        fmt::format("/popw/v1/beacon/{}/{}/{}", planted.slot.epoch, planted.slot.slot, static_cast<char>(phase));
    for (const auto number : planted.members) {
        planted.beacons.push_back(exchange(number, "GET", target, {}));
        const auto beacon = popw::decode_beacon(planted.beacons.back());
        check(beacon.has_value(), "checkers hand out decodable beacons");
        contributions.push_back({popw::id_of_key(beacon->issuer), beacon->value});
    }
    value = combine_beacon(phase, planted.slot, planted.word, planted.node_id, contributions);
}

std::vector<Bytes32> Planter::make_leaves(const Planted& planted, std::uint32_t round) const {
    std::vector<Bytes32> leaves(planted.profile.tiles());
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        ByteWriter message;
        message.put(planted.secret).put(round).put(static_cast<std::uint64_t>(i));
        leaves[i] = sha256(message.bytes());
    }
    return leaves;
}

Planter::Planted Planter::begin(popw::SlotId slot, std::uint64_t index) {
    const auto& constants = host_.constants();
    // One identity for the whole epoch, so that it looks like any other worker.
    auto node = Ed25519Key::from_seed(secret_for("planted node", {slot.epoch, 0}, index));
    const auto node_id = popw::id_of_key(node.public_key());
    Planted planted{.slot = slot,
                    .secret = secret_for("planted tiles", slot, index),
                    .node = std::move(node),
                    .node_id = node_id,
                    .members = {},
                    .beacons = {},
                    .word = schedule_word(constants.schedule_secret, constants.network_id, slot),
                    .mark = {},
                    .encoded_mark = {},
                    .receipts = {},
                    .profile = *popw::find_profile(constants.params.profiles.front()),
                    .roots = {},
                    .hasher = popw::TreeHasher(primitives_)};
    std::vector<Bytes32> committee;
    store_.write([&](RecordWriter& records) {
        committee = committee_of(records, constants, slot_key(node_id, slot.epoch, slot.slot));
        if (!records.find_worker(node_id))
            records.insert_worker({.node_id = node_id,
                                   .public_key = planted.node.public_key(),
                                   .name = std::string(worker_name),
                                   .owner = "",
                                   .state = WorkerState::registered,
                                   .created_at = clock_.now(),
                                   .changed_at = clock_.now()});
    });
    if (committee.empty()) throw Error(ErrorKind::network, "no checker gets tasks in this epoch");
    for (const auto& key : committee)
        planted.members.push_back(
            static_cast<std::size_t>(std::ranges::find(constants.checker_keys, key) - constants.checker_keys.begin()));
    const auto target = fmt::format("/popw/v1/beacon/{}/{}/S", slot.epoch, slot.slot);
    planted.beacons.push_back(exchange(planted.members.front(), "GET", target, {}));
    collect(planted, BeaconPhase::start, planted.mark.beacon_value);
    const auto rounds = std::min(fewest_rounds + load_le<std::uint32_t>(planted.secret.data()) % further_rounds,
                                 constants.params.round_limit);
    for (std::uint32_t round = 0; round < rounds; ++round) {
        auto leaves = make_leaves(planted, round);
        planted.roots.push_back(planted.hasher.fold(leaves));
    }
    return planted;
}

void Planter::send_marks(Planted& planted) {
    const auto& params_hash = host_.constants().params_hash;
    auto& mark = planted.mark;
    const auto uid = sha256({bytes_of("planted device"), planted.node_id});
    const auto slot_seed = popw::slot_seed(params_hash, planted.slot, planted.node_id, mark.beacon_value);
    const auto seed = popw::device_seed(slot_seed, 0, popw::DeviceKind::cpu, uid, planted.profile.id);
    mark.phase = popw::MarkPhase::compute;
    mark.mode = popw::BeaconMode::committee;
    mark.epoch = planted.slot.epoch;
    mark.slot = planted.slot.slot;
    mark.node_id = planted.node_id;
    mark.committee_bitmap = ~std::uint64_t{0} >> (64 - planted.members.size());
    mark.devices.push_back({.index = 0,
                            .kind = popw::DeviceKind::cpu,
                            .shape = static_cast<std::uint8_t>(planted.profile.id),
                            .count = static_cast<std::uint32_t>(planted.roots.size()),
                            .pages = 0,
                            .uid = uid,
                            .commit = popw::compute_commit(seed, planted.profile.id, planted.roots)});
    planted.encoded_mark = encode_mark(mark, planted.node);
    for (const auto number : planted.members)
        planted.receipts.push_back(exchange(number, "POST", "/popw/v1/mark", planted.encoded_mark));
}

Bytes Planter::make_proof(Planted& planted) {
    const auto& params = host_.constants().params;
    Bytes32 value{};
    collect(planted, BeaconPhase::query, value);
    const auto query = popw::query_seed(value, popw::mark_hash(planted.encoded_mark), 0);
    const auto count = popw::tile_openings(params, popw::BeaconMode::committee);
    popw::ComputePart part{.roots = planted.roots, .openings = {}};
    for (const auto& asked : popw::draw_tile_queries(
             primitives_, query, static_cast<std::uint32_t>(planted.roots.size()), planted.profile, count)) {
        auto leaves = make_leaves(planted, asked.round);
        popw::TileOpening opening{.leaf = leaves[asked.leaf], .siblings = {}};
        planted.hasher.append_path(std::move(leaves), asked.leaf, opening.siblings);
        part.openings.push_back(std::move(opening));
    }
    const popw::Proof proof{.epoch = planted.slot.epoch,
                            .slot = planted.slot.slot,
                            .device_index = 0,
                            .node_id = planted.node_id,
                            .marks = {planted.encoded_mark},
                            .beacons = planted.beacons,
                            .receipts = planted.receipts,
                            .compute = std::move(part),
                            .memory = {}};
    return encode_proof(proof, planted.node);
}

void Planter::plant(popw::SlotId slot, std::size_t count, const std::stop_token& stop) {
    const auto& constants = host_.constants();
    const auto& params = constants.params;
    const auto word = schedule_word(constants.schedule_secret, constants.network_id, slot);
    if (count == 0 || !is_active(params, word)) return;
    const auto t0 = t0_of(params, slot);
    if (!clock_.sleep_until(t0, stop)) return;
    std::vector<Planted> all;
    for (std::size_t index = 0; index < count; ++index) all.push_back(begin(slot, index));
    if (!clock_.sleep_until(t0 + params.compute_window - params.safety_margin, stop)) return;
    for (auto& planted : all) send_marks(planted);
    const auto query_at = has_memory_phase(params, word) ? params.memory_query_at : params.compute_query_at;
    if (!clock_.sleep_until(t0 + query_at, stop)) return;
    for (auto& planted : all) {
        const auto proof = make_proof(planted);
        for (const auto number : planted.members) exchange(number, "POST", "/popw/v1/proof", proof);
        unreviewed_.push_back(slot_key(planted.node_id, slot.epoch, slot.slot));
    }
}

void Planter::review(Instant now) {
    const auto is_over = [&](const SlotKey& key) {
        return t0_of(host_.constants().params, {key.epoch, key.slot}) + host_.constants().params.proof_deadline <= now;
    };
    for (const auto& key : unreviewed_) {
        if (!is_over(key)) continue;
        store_.write([&](RecordWriter& records) {
            for (const auto& ballot : records.ballots_of(key, 0)) {
                const auto vote = popw::decode_verdict(ballot.verdict);
                if (!vote) continue;
                if (vote->code == popw::VerdictCode::tile_mismatch)
                    records.drop_wrong_vote(ballot.checker, ballot.proof_hash); // the majority was wrong
                else
                    records.put_wrong_vote(ballot.checker, ballot.proof_hash, now);
            }
        });
    }
    std::erase_if(unreviewed_, is_over);
}

void Planter::run(const std::stop_token& stop) {
    const auto& params = host_.constants().params;
    while (!stop.stop_requested()) {
        const auto slot = upcoming_slot(params, clock_.now());
        try {
            review(clock_.now());
            std::size_t workers = 0;
            store_.read([&](const RecordReader& records) {
                workers =
                    static_cast<std::size_t>(std::ranges::count_if(records.workers(), [](const StoredWorker& worker) {
                        return worker.state == WorkerState::registered && worker.name != worker_name;
                    }));
            });
            plant(slot, count_in(slot, workers), stop);
        } catch (const Error&) {
            // A checker or the store had no time for it: this slot goes without.
        }
        clock_.sleep_until(t0_of(params, slot) + std::chrono::milliseconds(1), stop);
    }
}

} // namespace kaisar::checker
