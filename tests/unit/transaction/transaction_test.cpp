#include "bytes/hex.h"
#include "transaction/rlp.h"
#include "transaction/transaction.h"

#include <catch2/catch.hpp>

using namespace kaisar;

TEST_CASE("RLP as the Ethereum Wiki's examples have it") {
    CHECK(encode_hex(encode_rlp(bytes_of("dog"))) == "83646f67");
    CHECK(encode_hex(encode_rlp_list({encode_rlp(bytes_of("cat")), encode_rlp(bytes_of("dog"))})) ==
          "c88363617483646f67");
    CHECK(encode_hex(encode_rlp(ByteView{})) == "80");
    CHECK(encode_hex(encode_rlp_list({})) == "c0");
    CHECK(encode_hex(encode_rlp(Uint256())) == "80");
    CHECK(encode_hex(encode_rlp(Uint256(15))) == "0f");
    CHECK(encode_hex(encode_rlp(Uint256(1024))) == "820400");
    CHECK(encode_hex(encode_rlp(Bytes{0})) == "00");
    CHECK(encode_hex(encode_rlp_list(
              {encode_rlp_list({}), encode_rlp_list({encode_rlp_list({})}),
               encode_rlp_list({encode_rlp_list({}), encode_rlp_list({encode_rlp_list({})})})})) == "c7c0c1c0c3c0c1c0");
    CHECK(encode_hex(encode_rlp(bytes_of("Lorem ipsum dolor sit amet, consectetur adipisicing elit"))) ==
          "b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720"
          "656c6974");
}

TEST_CASE("RLP's lengths change form at 55 and 256 bytes") {
    CHECK(encode_rlp(Bytes(55, 1)).size() == 56);
    CHECK(encode_rlp(Bytes(56, 1)).size() == 58);
    CHECK(encode_hex(ByteView(encode_rlp(Bytes(256, 1))).first(3)) == "b90100");
    CHECK(encode_hex(ByteView(encode_rlp_list({Bytes(300, 1)})).first(3)) == "f9012c");
}

TEST_CASE("the digest of EIP-155's example is the one in the proposal") {
    const Transaction transaction{.market = FeeMarket::legacy,
                                  .chain_id = 1,
                                  .nonce = 9,
                                  .tip_per_gas = {},
                                  .max_fee_per_gas = Uint256(20'000'000'000),
                                  .gas_limit = 21'000,
                                  .to = parse_address("3535353535353535353535353535353535353535"),
                                  .value = Uint256(1'000'000'000'000'000'000),
                                  .data = {}};
    CHECK(encode_hex(signing_digest(transaction)) ==
          "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
}
