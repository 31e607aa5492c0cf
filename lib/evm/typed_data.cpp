#include "evm/typed_data.h"

#include "crypto/keccak.h"
#include "evm/word.h"

#include <string>

namespace kaisar {

Bytes32 domain_separator(const TypedDataDomain& domain) {
    const auto type =
        keccak256(bytes_of("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"));
    return keccak256({type, keccak256(bytes_of(domain.name)), keccak256(bytes_of(domain.version)),
                      word_of(domain.chain_id), word_of(domain.verifying_contract)});
}

Bytes32 typed_data_digest(const Bytes32& separator, const Bytes32& struct_hash) {
    return keccak256({bytes_of("\x19\x01"), separator, struct_hash});
}

Bytes32 personal_message_digest(ByteView message) {
    return keccak256({bytes_of("\x19"
                               "Ethereum Signed Message:\n" +
                               std::to_string(message.size())),
                      message});
}

} // namespace kaisar
