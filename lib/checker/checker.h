/// The checker: releases beacons at their moment, times marks with receipts, takes proofs and answers with verdicts.
///
/// Nothing here trusts a worker's clock, count or size; docs/popw.md gives the order of the checks and why it is that
/// order.
#pragma once

#include "checker/bandwidth.h"
#include "checker/committee.h"
#include "network/exchange.h"
#include "network/network_keys.h"

#include <functional>
#include <map>
#include <mutex>
#include <span>

namespace kaisar::checker {

/// The slot that a PoPW message is about, as the store names it.
network::SlotKey slot_key(const Bytes32& node_id, std::uint64_t epoch, std::uint32_t slot);

class Checker {
public:
    /// Checker number `number` of those in `keys`. All but the last two must outlive it; `on_proof` is called when a
    /// proof came in.
    Checker(network::Store& store, const Clock& clock, const network::NetworkKeys& keys, std::size_t number,
            const NetworkConstants& constants, const popw::Primitives& primitives, std::function<void()> on_proof);

    /// Requests under /popw/v1/; `path` begins with "popw".
    network::ServerAnswer answer(const network::ServerRequest& request, std::span<const std::string_view> path);

    /// How many bytes a request to that path may bring.
    std::uint64_t body_limit(std::span<const std::string_view> path) const;

    /// A new on-demand challenge, T0 = `now`; nothing when the worker's last one can still be running.
    std::optional<network::ChallengeRecord> try_issue_challenge(const Bytes32& node_id, Instant now);

    /// Votes on the oldest proof that it has not voted on, or else reveals its oldest vote that may be open; false when
    /// there is nothing to do.
    bool decide_next();

    const Bytes32& id() const { return own_id_; }
    const NetworkConstants& constants() const { return constants_; }

private:
    Bytes32 word_of(popw::SlotId slot) const {
        return schedule_word(constants_.schedule_secret, constants_.network_id, slot);
    }
    network::ServerAnswer answer_beacon(std::string_view epoch, std::string_view slot, std::string_view phase,
                                        const network::ServerRequest& request);
    network::ServerAnswer answer_mark(const network::ServerRequest& request);
    network::ServerAnswer answer_proof(const network::ServerRequest& request);
    network::ServerAnswer answer_verdict(std::string_view hash, const network::ServerRequest& request);
    Bytes make_beacon(popw::SlotId slot, popw::BeaconPhase phase, Instant moment);
    std::optional<HttpResponse> find_timing_fault(const popw::Mark& mark, Instant t0, Instant received_at) const;
    std::optional<HttpResponse> find_committee_fault(const popw::Mark& mark,
                                                     const std::optional<popw::Beacon>& challenge,
                                                     const std::vector<Bytes32>& committee) const;
    Bytes32 start_value(const popw::Mark& mark, const std::optional<popw::Beacon>& challenge) const;
    network::ServerAnswer answer_probe(const network::ServerRequest& request, std::span<const std::string_view> path);
    HttpResponse keep_mark(const popw::Mark& mark, ByteView encoded, Instant t0, Instant received_at);
    Bytes32 on_demand_query_value(const popw::Mark& mark) const;
    Bytes make_vote(const network::ProofRecord& proof, const popw::VerifierContext& context) const;
    void keep_vote(const network::ProofRecord& proof, std::size_t members, Bytes verdict);
    bool reveal_next();

    network::Store& store_;
    const Clock& clock_;
    const network::NetworkKeys& keys_;
    const network::CheckerKeys& own_;
    Bytes32 own_key_; ///< public
    Bytes32 own_id_;
    const NetworkConstants& constants_;
    const popw::Primitives& primitives_;
    std::function<void()> on_proof_;
    BandwidthProbes probes_;
    std::mutex mutex_;
    /// Beacons of the latest slots: at T0 every worker asks for the same bytes.
    std::map<std::pair<popw::SlotId, popw::BeaconPhase>, Bytes> beacons_;
    /// Votes of this run that are not revealed yet, by proof; those of an earlier run are made again.
    std::map<Bytes32, Bytes> sealed_;
};

} // namespace kaisar::checker
