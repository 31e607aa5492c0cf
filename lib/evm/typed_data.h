/// EIP-712: what an account signs when it signs a structure instead of bytes.
#pragma once

#include "evm/address.h"

#include <string_view>

namespace kaisar {

/// Where a signature is meant to count: one contract on one chain.
struct TypedDataDomain {
    std::string_view name;
    std::string_view version;
    std::uint64_t chain_id = 0;
    Address verifying_contract;
};

/// hashStruct of EIP712Domain(string name,string version,uint256 chainId,address verifyingContract).
Bytes32 domain_separator(const TypedDataDomain& domain);

/// keccak256(0x1901 || domain separator || hashStruct(message)).
Bytes32 typed_data_digest(const Bytes32& separator, const Bytes32& struct_hash);

/// EIP-191 version 0x45 ("personal_sign"): the digest that is signed for a message of plain bytes.
Bytes32 personal_message_digest(ByteView message);

} // namespace kaisar
