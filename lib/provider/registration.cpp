#include "provider/registration.h"

#include "crypto/hash.h"
#include "error/error.h"
#include "provider/registration_walk.h"
#include "settings/node_key.h"

namespace kaisar {
namespace {

constexpr std::string_view step_names[] = {"new",    "described", "requested",   "planned",  "prepared", "bound",
                                           "peered", "connected", "benchmarked", "reported", "ready"};

} // namespace

std::string_view name_of(RegistrationStep step) { return step_names[static_cast<unsigned>(step)]; }

RegistrationResult register_worker(const DataDirectory& directory, const NetworkProfile& profile,
                                   const Connection& connection, const RegistrationChoices& choices) {
    auto record = find_registration(directory.registration()).value_or(RegistrationRecord{});
    if (record.step == RegistrationStep::ready) return {.record = record, .plan = {}, .was_registered_before = true};
    auto key = find_node_key(directory.node_key());
    if (!key) key = make_node_key(directory.node_key());
    const auto node_id = sha256(key->public_key());
    if (record.step != RegistrationStep::none && record.node_id != node_id)
        throw Error(ErrorKind::environment,
                    directory.registration().string() + " belongs to another node key than node.key",
                    "restore the pair from one backup, or start afresh with kaisar register --replace");
    record.node_id = node_id;
    save_network_profile(directory.network(), profile);
    RegistrationWalk walk(directory, profile, connection, choices, *key, std::move(record));
    return walk.finish();
}

} // namespace kaisar
