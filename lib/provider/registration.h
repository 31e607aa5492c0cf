/// Registration as a persisted state machine: ten steps, each done once and written down before the next begins.
///
/// Interrupted anywhere, the next run goes on from the last step that was written; run again when all are done, nothing
/// changes.
#pragma once

#include "client/portal_client.h"
#include "evm/binding.h"
#include "hardware/inventory.h"
#include "popw_work/hashing.h"
#include "protocol/certificate.h"
#include "protocol/portal_messages.h"
#include "protocol/setup_plan.h"
#include "settings/data_directory.h"
#include "settings/network_profile.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kaisar {

/// The ten steps, by what is true once they are done.
enum class RegistrationStep : unsigned {
    none = 0,
    described = 1,   ///< node key and inventory exist
    requested = 2,   ///< the portal knows the request
    planned = 3,     ///< the signed setup plan is here
    prepared = 4,    ///< its scripts ran
    bound = 5,       ///< the owner's binding is accepted
    peered = 6,      ///< the chain assigned a peer
    connected = 7,   ///< both sides proved their keys
    benchmarked = 8, ///< the on-demand challenge is answered by a proof in the outbox
    reported = 9,    ///< checkers verified it
    ready = 10,      ///< the certificate is here
};

/// As JSON and people read it: "requested".
std::string_view name_of(RegistrationStep step);

/// registration.json: all that is remembered between runs.
struct RegistrationRecord {
    RegistrationStep step = RegistrationStep::none;
    std::string name;
    std::vector<std::string> claims;
    Bytes32 node_id{};
    Bytes32 inventory_hash{};
    std::string request_id;
    std::string owner;
    Bytes32 transaction_hash{};
    PeerRecord peer;
    std::uint64_t rtt_us = 0;
    std::string job_id;
    Bytes32 proof_hash{};
    /// The `kaisar.bench/1` document that goes with the proof.
    std::string report;
    AttestedFigures attested;
    ClaimedFigures claimed;
};

/// Nothing when this machine never began to register.
std::optional<RegistrationRecord> find_registration(const Path& path);
void save_registration(const Path& path, const RegistrationRecord& record);

enum class PlanMode { run, show_only };

/// What a person, or the options standing in for one, decides on the way.
struct RegistrationChoices {
    std::string name;
    std::vector<std::string> claims;
    PlanMode plan_mode = PlanMode::run;
    /// Gives the owner's signature for this request: asks for a password, or reads a file made elsewhere.
    std::function<SignedBinding(const BindingRequest& request)> obtain_binding;
    /// Where the owner pays: brings what it signed to the chain, before a peer is asked for. Else the portal does.
    std::function<void(const SignedBinding& binding)> bring_to_chain;
    std::function<bool(const SetupPlan& plan)> agrees_to_plan;
    std::function<bool(const SetupStep& step)> agrees_to_step;
    /// Runs the workloads that the peer asks for and gives the `kaisar.bench/1` document.
    std::function<std::string(const std::vector<std::string>& workloads)> run_benchmark;
    std::function<void(RegistrationStep step, std::string_view what)> on_step;
    Path program;
    CpuFeatures cpu;
    /// That the compute proof may use.
    unsigned threads = 1;
};

struct RegistrationResult {
    RegistrationRecord record;
    /// With show_only: the plan, and nothing of it was run.
    std::optional<SetupPlan> plan;
    bool was_registered_before = false;
};

/// Walks the steps that are left. Everything that fails says what to do and leaves the steps before it done.
RegistrationResult register_worker(const DataDirectory& directory, const NetworkProfile& profile,
                                   const Connection& connection, const RegistrationChoices& choices);

/// `kaisar.register/1`.
std::string registration_json(const RegistrationResult& result, const Path& certificate);

} // namespace kaisar
