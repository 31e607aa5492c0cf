/// The portal's side of registration, steps 2, 3, 5, 6 and 10: request, setup plan, binding, peer, certificate.
#pragma once

#include "accounting/network_settings.h"
#include "ledger/chain.h"
#include "portal/caller.h"

namespace kaisar::portal {

class RegistrationDesk {
public:
    /// All of them must outlive the desk.
    RegistrationDesk(network::Store& store, const Clock& clock, const network::NetworkKeys& keys, network::Chain& chain,
                     const accounting::NetworkSettings& settings);

    HttpResponse take_request(const Caller& caller, const std::string& body);
    HttpResponse make_plan(const Caller& caller);
    HttpResponse take_binding(const Caller& caller, const std::string& body);
    network::ServerAnswer assign_peer(const Caller& caller, Instant received_at);
    HttpResponse issue_certificate(const Caller& caller);

private:
    std::string make_certificate(const network::StoredWorker& worker, const network::RecordReader& records,
                                 const Bytes32& peer_id) const;

    network::Store& store_;
    const Clock& clock_;
    const network::NetworkKeys& keys_;
    network::Chain& chain_;
    const accounting::NetworkSettings& settings_;
};

} // namespace kaisar::portal
