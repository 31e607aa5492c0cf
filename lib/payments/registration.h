/// A worker's registration as a transaction, whoever brings it to the chain.
#pragma once

#include "evm/binding.h"
#include "payments/sender.h"

namespace kaisar {

/// Registers the worker as its owner signed.
PaymentIntent registration_intent(const Address& registry, const SignedBinding& binding);

/// Whether the registry holds this very binding: registering it again would be refused.
bool has_binding(ChainClient& chain, const Address& registry, const WorkerBinding& binding);

} // namespace kaisar
