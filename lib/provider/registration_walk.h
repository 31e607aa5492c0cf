/// The ten steps themselves, each from one written state to the next.
#pragma once

#include "provider/registration.h"

namespace kaisar {

class RegistrationWalk {
public:
    RegistrationWalk(const DataDirectory& directory, const NetworkProfile& profile, const Connection& connection,
                     const RegistrationChoices& choices, const Ed25519Key& key, RegistrationRecord record);

    /// Does the steps that are left, writing each down.
    RegistrationResult finish();

private:
    void describe();
    void request();
    void receive_plan();
    void prepare();
    void bind();
    void take_peer();
    void connect();
    void benchmark();
    void report();
    void receive_certificate();

    SetupPlan load_plan() const;
    std::string worker_target(std::string_view resource) const;
    PortalClient peer_client() const;
    std::uint64_t measure_rtt(PortalClient& peer, const std::string& session_id, const std::string& first_step) const;

    const DataDirectory& directory_;
    const NetworkProfile& profile_;
    const Connection& connection_;
    const RegistrationChoices& choices_;
    const Ed25519Key& key_;
    RegistrationRecord record_;
    PortalClient portal_;
};

} // namespace kaisar
