/// A network of one checker that stands in for the real one, and writes down what a worker sends to it.
#pragma once

#include "bytes/hex.h"
#include "hardware/cpu_features.h"
#include "popw_rules/committee.h"
#include "proving/prove.h"

#include <catch2/catch.hpp>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <map>

namespace kaisar {

enum class MemoryPhases { never, always };

/// The test constants, with or without a memory phase in each slot and with time to spare in it for a busy machine.
/// Nothing depends on how late a message comes: the receipts' times are those of a worker that is just in time.
inline popw::Params played_params(MemoryPhases memory) {
    auto params = *popw::find_params("test");
    params.slot = std::chrono::seconds(3);
    params.hold_window = std::chrono::milliseconds(1700);
    params.walk_cutoff = std::chrono::milliseconds(2600);
    params.memory_query_at = std::chrono::milliseconds(2700);
    params.memory_threshold = memory == MemoryPhases::always ? ~std::uint64_t{0} : 0;
    return params;
}

class PlayedNetwork final : public Transport {
public:
    explicit PlayedNetwork(popw::Params params) : params_(std::move(params)) {}

    NetworkProfile profile() const {
        return {.name = "played",
                .network_id = network_id,
                .portal_url = "http://127.0.0.1:1",
                .portal_key = portal_.public_key(),
                .checkers = {{.url = "http://127.0.0.1:1", .public_key = checker_.public_key()}},
                .params = popw::encode_params(params_)};
    }

    /// Called when a beacon is asked for, before it is given.
    std::function<void(popw::BeaconPhase)> on_beacon = [](popw::BeaconPhase) {};
    /// Called when a mark has come, before its receipt is given.
    std::function<void(popw::MarkPhase)> on_mark = [](popw::MarkPhase) {};
    std::vector<popw::MarkPhase> marks;
    std::map<popw::MarkPhase, std::vector<std::uint16_t>> devices; ///< that the phase's mark names
    std::vector<popw::MarkStatus> statuses;
    std::vector<Bytes> proofs;
    std::vector<std::string> others; ///< what else was asked for
    std::optional<std::uint16_t> refused_device;

    HttpResponse send(const Url&, const HttpRequest& request, const TransportLimits&, const std::stop_token&) override {
        if (request.target == "/v1/health") return tell_time();
        if (request.target.starts_with("/popw/v1/beacon/")) return give_beacon(request.target);
        if (request.target == "/popw/v1/mark") return take_mark(request.body);
        if (request.target == "/popw/v1/proof") {
            proofs.emplace_back(request.body.begin(), request.body.end());
            return {.status = 202};
        }
        if (request.target.starts_with("/popw/v1/verdict/")) return give_verdict();
        // It does not measure lines.
        others.push_back(request.target);
        return {.status = 404, .body = R"({"code": "not-found", "message": "", "hint": ""})"};
    }

private:
    static constexpr std::uint32_t network_id = 77;
    /// A worker that takes longer until it decides for a slot gets the next one.
    static constexpr std::chrono::milliseconds lead{500};

    static HttpResponse answer_with(const Bytes& bytes) { return {.body = std::string(text_of(bytes))}; }

    /// Its clock shows that a slot is about to begin, whenever it is asked.
    HttpResponse tell_time() {
        const auto slot = popw::upcoming_slot(params_, SystemClock().now());
        t0_ = SystemClock().now() + lead;
        const auto shown = popw::t0_of(params_, slot) - lead;
        return {.body = fmt::format("{{\"now_us\": {}}}", shown.time_since_epoch().count())};
    }

    /// `target` ends with epoch, slot and phase.
    HttpResponse give_beacon(const std::string& target) {
        popw::SlotId slot;
        char letter = 0;
        REQUIRE(std::sscanf(target.c_str(), "/popw/v1/beacon/%" SCNu64 "/%" SCNu32 "/%c", &slot.epoch, &slot.slot,
                            &letter) == 3);
        const auto phase = static_cast<popw::BeaconPhase>(letter);
        on_beacon(phase);
        if (phase == popw::BeaconPhase::schedule) SystemClock().sleep_until(t0_, {});
        const auto& key = phase == popw::BeaconPhase::schedule ? portal_ : checker_;
        return answer_with(popw::encode_beacon({.network_id = network_id,
                                                .phase = phase,
                                                .epoch = slot.epoch,
                                                .slot = slot.slot,
                                                .params_hash = popw::params_hash(params_),
                                                .issuer = key.public_key(),
                                                .value = Bytes32{static_cast<std::uint8_t>(letter)}},
                                               key));
    }

    HttpResponse take_mark(const std::string& body) {
        const auto mark = popw::decode_mark(bytes_of(body));
        REQUIRE(mark);
        marks.push_back(mark->phase);
        for (const auto& device : mark->devices) devices[mark->phase].push_back(device.index);
        statuses.push_back(mark->status);
        on_mark(mark->phase);
        return answer_with(popw::encode_receipt({.epoch = mark->epoch,
                                                 .slot = mark->slot,
                                                 .phase = mark->phase,
                                                 .issuer = checker_.public_key(),
                                                 .mark_hash = popw::mark_hash(bytes_of(body)),
                                                 .received_us = static_cast<std::uint64_t>(due(mark->phase).count())},
                                                checker_));
    }

    popw::Microseconds due(popw::MarkPhase phase) const {
        switch (phase) {
        case popw::MarkPhase::heartbeat: return popw::Microseconds(1000);
        case popw::MarkPhase::compute: return params_.compute_window;
        case popw::MarkPhase::hold: return params_.walk_at + popw::Microseconds(1000);
        case popw::MarkPhase::walk: return params_.walk_at + params_.walk_window;
        }
        return {};
    }

    HttpResponse give_verdict() {
        const auto identity = popw::find_proof_identity(proofs.back());
        REQUIRE(identity);
        const bool is_refused = identity->device_index == refused_device;
        return answer_with(
            popw::encode_verdict({.epoch = identity->epoch,
                                  .slot = identity->slot,
                                  .device_index = identity->device_index,
                                  .code = is_refused ? popw::VerdictCode::tile_mismatch : popw::VerdictCode::ok,
                                  .node_id = identity->node_id,
                                  .issuer = checker_.public_key(),
                                  .proof_hash = popw::proof_hash(proofs.back())},
                                 checker_));
    }

    popw::Params params_;
    Instant t0_{}; ///< of the slot that is about to begin, on this machine's clock
    const Ed25519Key portal_ = Ed25519Key::generate();
    const Ed25519Key checker_ = Ed25519Key::generate();
};

/// A worker with a data directory of its own, which goes with it.
class PlayedWorker {
public:
    PlayedWorker(PlayedNetwork& network, const popw::Primitives& primitives,
                 std::vector<kernels::DeviceStream*> gpus = {})
        : network_(network), profile_(network.profile()),
          worker_(make_proving_worker(key_, profile_, primitives, 1, std::uint64_t{64} << 20, {})) {
        std::string pattern = (std::filesystem::temp_directory_path() / "kaisar-XXXXXX").string();
        check(::mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
        root_ = pattern;
        directory().prepare();
        worker_.held_memory_limit_bytes = std::uint64_t{16} << 20;
        worker_.gpus = std::move(gpus);
    }
    PlayedWorker(const PlayedWorker&) = delete;
    PlayedWorker& operator=(const PlayedWorker&) = delete;
    ~PlayedWorker() { std::filesystem::remove_all(root_); }

    DataDirectory directory() const { return DataDirectory(root_); }
    ProveReport prove(const ProveChoices& choices = {}) const {
        const SystemClock clock;
        return prove_slot(directory(), worker_, {network_, clock, std::chrono::seconds(20), {}}, choices);
    }
    ProveReport prove_without_processor() const {
        auto worker = worker_;
        worker.host = HostUse::only_checks;
        const SystemClock clock;
        return prove_slot(directory(), worker, {network_, clock, std::chrono::seconds(20), {}}, {});
    }
    std::size_t spooled() const { return look_at_outbox(directory()).pending; }

private:
    PlayedNetwork& network_;
    const NetworkProfile profile_;
    const Ed25519Key key_ = Ed25519Key::generate();
    ProvingWorker worker_;
    Path root_;
};

} // namespace kaisar
