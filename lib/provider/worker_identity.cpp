#include "provider/worker_identity.h"

#include "error/error.h"

namespace kaisar {

SignedIdentity make_worker_identity(const RegistrationRecord& record, const NetworkProfile& profile,
                                    const Ed25519Key& node_key) {
    const auto owner = parse_address(record.owner);
    if (!owner)
        throw Error(ErrorKind::environment, "registration.json: \"owner\" is not an EVM address",
                    "restore the file from a backup, or start afresh with kaisar register --replace");
    return sign_identity({.node_public_key = node_key.public_key(),
                          .owner = *owner,
                          .chain_id = profile.chain_id,
                          .registry = Address{profile.registry},
                          .peer_endpoint = record.peer.endpoint,
                          .peer_public_key = record.peer.public_key},
                         node_key);
}

} // namespace kaisar
