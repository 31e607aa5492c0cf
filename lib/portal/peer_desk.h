/// The peer's side of registration, steps 7 to 9: a session in which both keys are proved, the challenge, and its
/// result.
#pragma once

#include "checker/checker.h"
#include "ledger/chain.h"
#include "portal/caller.h"
#include "protocol/portal_messages.h"

#include <map>
#include <mutex>

namespace kaisar::portal {

class PeerDesk {
public:
    /// All of them must outlive the desk.
    PeerDesk(network::Store& store, const Clock& clock, const network::NetworkKeys& keys, network::Chain& chain,
             checker::Checker& checker);

    HttpResponse open_session(const Caller& caller, const std::string& body);
    /// The session's worker proves its key; the first round-trip exchange is the answer.
    HttpResponse prove_session(const Caller& caller, const std::string& session_id, const std::string& body);
    HttpResponse take_rtt(const Caller& caller, const std::string& session_id, const std::string& body,
                          Instant received_at);
    HttpResponse issue_job(const Caller& caller);
    network::ServerAnswer take_result(const Caller& caller, const std::string& body, Instant received_at);

private:
    /// Kept in memory: a session takes seconds, and one that a restart ended is opened again.
    struct Session {
        SessionOpening opening;
        SessionOffer offer;
        Instant opened_at{};
        bool is_proved = false;
        unsigned exchanges = 0;
        Bytes32 last_answer{};
        RttStep step;
        Instant sent_at{};
    };

    Session* find_session(const Caller& caller, const std::string& session_id);
    HttpResponse begin_exchange(Session& session);
    HttpResponse keep_result(const Caller& caller, const BenchmarkResult& result,
                             const network::VerdictRecord& verdict);

    network::Store& store_;
    const Clock& clock_;
    const network::NetworkKeys& keys_;
    network::Chain& chain_;
    checker::Checker& checker_;
    std::mutex mutex_;
    std::map<std::string, Session> sessions_;
};

} // namespace kaisar::portal
