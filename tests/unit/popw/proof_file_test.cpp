#include "golden/golden_vectors.h"
#include "popw/proof_file.h"
#include "staged_proof.h"

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::staged;

TEST_CASE("a proof file decodes to what it was") {
    const auto file = make_proof_file({});
    CHECK(decode_proof_file(encode_proof_file(file)) == file);
    CHECK(proof_file_name(verify_proof_file(file, primitives()).identity) == "20000-17-3.kpw");
}

TEST_CASE("a proof file that is cut, padded, of another version or inconsistent is refused") {
    const auto bytes = encode_proof_file(make_proof_file({}));
    for (std::size_t size = 0; size < bytes.size(); size += 11)
        CHECK_FALSE(decode_proof_file(ByteView(bytes).first(size)));
    auto longer = bytes;
    longer.push_back(0);
    CHECK_FALSE(decode_proof_file(longer));
    for (std::size_t at : {0u, 4u, 6u, 8u, 12u, 40u}) {
        auto other = bytes;
        other[at] ^= 1;
        INFO("byte " << at);
        CHECK_FALSE(decode_proof_file(other));
    }
    auto file = make_proof_file({});
    for (const std::size_t quorum : {0u, 1u, 4u}) { // of three members
        file.quorum = quorum;
        CHECK_FALSE(decode_proof_file(encode_proof_file(file)));
    }
    CHECK_FALSE(decode_proof_file(Bytes(proof_file_limit_bytes + 1)));
}
