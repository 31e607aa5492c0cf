#include "payments/registration.h"

#include "bytes/hex.h"
#include "registry/registry.h"

namespace kaisar {

PaymentIntent registration_intent(const Address& registry, const SignedBinding& binding) {
    return {.purpose = "register " + encode_hex(binding_digest(binding.binding)),
            .to = registry,
            .value = {},
            .data = register_call(binding)};
}

bool has_binding(ChainClient& chain, const Address& registry, const WorkerBinding& binding) {
    const auto answer =
        chain.read({.from = {}, .to = registry, .value = {}, .data = worker_call(binding.node_id, binding.owner)});
    const auto worker = decode_worker(answer.data);
    return worker && worker->issued_at == binding.issued_at && worker->expires_at == binding.expires_at;
}

} // namespace kaisar
