/// The checker: releases beacons at their moment, times marks with receipts, takes proofs and answers with verdicts.
///
/// Nothing here trusts a worker's clock, count or size; docs/popw.md gives the order of the checks and why it is that
/// order.
#pragma once

#include "crypto/ed25519.h"
#include "network/exchange.h"
#include "network/network_keys.h"
#include "network/store.h"
#include "popw/verifier.h"

#include <condition_variable>
#include <map>
#include <mutex>

namespace kaisar::checker {

/// What every checker of a network agrees on, and whose keys speak for it.
struct NetworkConstants {
    popw::Params params;
    Bytes32 params_hash{};
    std::uint32_t network_id = 0;
    Bytes32 checker_key{};  ///< public
    Bytes32 schedule_key{}; ///< public; signs schedule words
};

/// The context in which a stored proof is judged: at its arrival, or at any time later with the same outcome.
popw::VerifierContext make_verifier_context(const network::RecordReader& records, const NetworkConstants& constants,
                                            const network::ProofRecord& proof);

/// The slot that a PoPW message is about, as the store names it.
network::SlotKey slot_key(const Bytes32& node_id, std::uint64_t epoch, std::uint32_t slot);

/// The schedule word of a slot, published at its T0.
Bytes32 schedule_word(ByteView secret, std::uint32_t network_id, popw::SlotId slot);

class Checker {
public:
    /// `keys` must outlive the checker.
    Checker(network::Store& store, const Clock& clock, const network::NetworkKeys& keys, NetworkConstants constants,
            const popw::Primitives& primitives);

    /// Requests under /popw/v1/.
    network::ServerAnswer answer(const network::ServerRequest& request);

    /// A new on-demand challenge, T0 = `now`; nothing when the worker's last one can still be running.
    std::optional<network::ChallengeRecord> try_issue_challenge(const Bytes32& node_id, Instant now);

    /// Judges proofs as they come until asked to stop; meant for a thread of its own with low priority.
    void run_verification(std::stop_token stop);
    /// Judges the oldest proof that has no verdict; false when there is none.
    bool decide_next();

    const NetworkConstants& constants() const { return constants_; }

private:
    Bytes32 word_of(popw::SlotId slot) const {
        return schedule_word(keys_.schedule.view(), constants_.network_id, slot);
    }
    network::ServerAnswer answer_beacon(std::string_view epoch, std::string_view slot, std::string_view phase,
                                        const network::ServerRequest& request);
    network::ServerAnswer answer_mark(const network::ServerRequest& request);
    network::ServerAnswer answer_proof(const network::ServerRequest& request);
    network::ServerAnswer answer_verdict(std::string_view hash, const network::ServerRequest& request);
    Bytes make_beacon(popw::SlotId slot, popw::BeaconPhase phase, Instant moment);
    std::optional<HttpResponse> find_timing_fault(const popw::Mark& mark, Instant t0, Instant received_at) const;
    Bytes32 start_value(const popw::Mark& mark, const std::optional<popw::Beacon>& challenge) const;
    HttpResponse keep_mark(const popw::Mark& mark, ByteView encoded, Instant t0, Instant received_at);
    Bytes32 on_demand_query_value(const popw::Mark& mark) const;

    network::Store& store_;
    const Clock& clock_;
    const network::NetworkKeys& keys_;
    NetworkConstants constants_;
    const popw::Primitives& primitives_;
    std::mutex mutex_;
    std::condition_variable_any proof_arrived_;
    std::size_t arrived_ = 0;
    /// Beacons of the latest slots: at T0 every worker asks for the same bytes.
    std::map<std::pair<popw::SlotId, popw::BeaconPhase>, Bytes> beacons_;
};

} // namespace kaisar::checker
