#include "transaction/transaction.h"

#include "crypto/keccak.h"
#include "error/error.h"
#include "transaction/rlp.h"

namespace kaisar {
namespace {

constexpr std::uint8_t eip1559_type = 0x02;
constexpr std::uint8_t least_v = 27;
constexpr std::uint64_t eip155_offset = 35;

Bytes encode_receiver(const Transaction& transaction) {
    return transaction.to ? encode_rlp(ByteView(transaction.to->bytes)) : encode_rlp(ByteView{});
}

Bytes typed(const Bytes& list) {
    Bytes encoded{eip1559_type};
    append(encoded, list);
    return encoded;
}

Uint256 r_of(const Signature65& signature) { return Uint256::from_word(array_of<32>(ByteView(signature).first(32))); }

Uint256 s_of(const Signature65& signature) {
    return Uint256::from_word(array_of<32>(ByteView(signature).subspan(32, 32)));
}

std::uint64_t parity_of(const Signature65& signature) {
    check(signature[64] == least_v || signature[64] == least_v + 1, "a signature's v is 27 or 28");
    return signature[64] - least_v;
}

} // namespace

Bytes32 signing_digest(const Transaction& transaction) {
    const auto& tx = transaction;
    if (tx.market == FeeMarket::legacy)
        return keccak256(encode_rlp_list({encode_rlp(Uint256(tx.nonce)), encode_rlp(tx.max_fee_per_gas),
                                          encode_rlp(Uint256(tx.gas_limit)), encode_receiver(tx), encode_rlp(tx.value),
                                          encode_rlp(ByteView(tx.data)), encode_rlp(Uint256(tx.chain_id)),
                                          encode_rlp(Uint256()), encode_rlp(Uint256())}));
    return keccak256(typed(
        encode_rlp_list({encode_rlp(Uint256(tx.chain_id)), encode_rlp(Uint256(tx.nonce)), encode_rlp(tx.tip_per_gas),
                         encode_rlp(tx.max_fee_per_gas), encode_rlp(Uint256(tx.gas_limit)), encode_receiver(tx),
                         encode_rlp(tx.value), encode_rlp(ByteView(tx.data)), encode_rlp_list({})})));
}

Bytes encode_signed(const Transaction& transaction, const Signature65& signature) {
    const auto& tx = transaction;
    const auto parity = parity_of(signature);
    if (tx.market == FeeMarket::legacy)
        return encode_rlp_list({encode_rlp(Uint256(tx.nonce)), encode_rlp(tx.max_fee_per_gas),
                                encode_rlp(Uint256(tx.gas_limit)), encode_receiver(tx), encode_rlp(tx.value),
                                encode_rlp(ByteView(tx.data)),
                                encode_rlp(Uint256(tx.chain_id) * 2 + Uint256(eip155_offset + parity)),
                                encode_rlp(r_of(signature)), encode_rlp(s_of(signature))});
    return typed(
        encode_rlp_list({encode_rlp(Uint256(tx.chain_id)), encode_rlp(Uint256(tx.nonce)), encode_rlp(tx.tip_per_gas),
                         encode_rlp(tx.max_fee_per_gas), encode_rlp(Uint256(tx.gas_limit)), encode_receiver(tx),
                         encode_rlp(tx.value), encode_rlp(ByteView(tx.data)), encode_rlp_list({}),
                         encode_rlp(Uint256(parity)), encode_rlp(r_of(signature)), encode_rlp(s_of(signature))}));
}

Bytes32 transaction_hash(ByteView encoded) { return keccak256(encoded); }

Address contract_address(const Address& creator, std::uint64_t nonce) {
    const auto hash = keccak256(encode_rlp_list({encode_rlp(ByteView(creator.bytes)), encode_rlp(Uint256(nonce))}));
    return {array_of<20>(ByteView(hash).last(20))};
}

} // namespace kaisar
