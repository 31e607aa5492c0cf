/// Transactions as they are signed and sent: EIP-1559, and EIP-155 for chains without a base fee.
#pragma once

#include "crypto/secp256k1.h"
#include "evm/address.h"
#include "transaction/uint256.h"

#include <optional>

namespace kaisar {

enum class FeeMarket {
    base_fee, ///< EIP-1559: a cap, and a tip within it
    legacy,   ///< one gas price, replay protection by EIP-155
};

struct Transaction {
    FeeMarket market = FeeMarket::base_fee;
    std::uint64_t chain_id = 0;
    std::uint64_t nonce = 0;
    Uint256 tip_per_gas;     ///< base_fee only
    Uint256 max_fee_per_gas; ///< with `legacy` the gas price
    std::uint64_t gas_limit = 0;
    std::optional<Address> to; ///< nothing: makes a contract
    Uint256 value;
    Bytes data;
};

/// What the account signs.
Bytes32 signing_digest(const Transaction& transaction);

/// What is sent to the chain.
Bytes encode_signed(const Transaction& transaction, const Signature65& signature);

/// The name by which a chain knows the encoded transaction.
Bytes32 transaction_hash(ByteView encoded);

/// Where the contract that an account makes with this nonce will be.
Address contract_address(const Address& creator, std::uint64_t nonce);

} // namespace kaisar
