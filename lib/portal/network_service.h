/// The whole network side behind one function: requests come in, answers go out.
#pragma once

#include "accounting/settlement.h"
#include "accounting/standing.h"
#include "portal/line_desk.h"
#include "portal/peer_desk.h"
#include "portal/registration_desk.h"

#include "checker/checker_host.h"
#include "network/token_bucket.h"

namespace kaisar::portal {

class NetworkService {
public:
    /// All of them must outlive the service; `settings` names the keys' public halves and the address that workers use.
    /// Without a chain, the ledger is the one that is embedded in the store.
    NetworkService(network::Store& store, const Clock& clock, const network::NetworkKeys& keys,
                   const accounting::NetworkSettings& settings, const popw::Primitives& primitives,
                   std::unique_ptr<network::Chain> chain = nullptr);

    network::ServerAnswer answer(const network::ServerRequest& request);
    /// How many bytes a request to that target may bring.
    std::uint64_t body_limit(std::string_view target) const;

    /// Verifies proofs until asked to stop; meant for a thread of low priority.
    void run_verification(std::stop_token stop) { checkers_.run_verification(std::move(stop)); }
    /// Plants bad proofs among the good ones until asked to stop, `share_ppm` in a million.
    void run_planting(const std::stop_token& stop, std::uint64_t share_ppm);
    /// Brings to the chain what it is to hold, until asked to stop.
    void run_chain(const std::stop_token& stop) { chain_->run(stop); }
    /// Closes epochs when their time has come, until asked to stop.
    void run_settlement(std::stop_token stop);

private:
    std::variant<Caller, HttpResponse> authenticate(const network::ServerRequest& request);
    network::ServerAnswer answer_signed(const network::ServerRequest& request,
                                        const std::vector<std::string_view>& path);
    network::ServerAnswer answer_worker(const network::ServerRequest& request, const Caller& caller,
                                        std::string_view resource);
    network::ServerAnswer answer_session(const network::ServerRequest& request, const Caller& caller,
                                         const std::vector<std::string_view>& path);
    HttpResponse show_worker(const Caller& caller) const;
    network::ServerAnswer show_committee(const network::ServerRequest& request, std::string_view epoch) const;
    HttpResponse answer_rewards(const HttpRequest& request, std::string_view owner);
    HttpResponse show_health() const;

    network::Store& store_;
    const Clock& clock_;
    const network::NetworkKeys& keys_;
    const popw::Primitives& primitives_;
    const accounting::NetworkSettings& settings_;
    std::unique_ptr<network::Chain> chain_;
    checker::CheckerHost checkers_;
    accounting::Standings standings_;
    RegistrationDesk registration_;
    PeerDesk peer_;
    LineDesk line_;
    std::mutex mutex_;
    network::TokenBuckets callers_;
};

} // namespace kaisar::portal
