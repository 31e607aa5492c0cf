// Answers that others published or that follow on paper: the plain variants are right, not merely alike.
#include "bytes/hex.h"
#include "each_variant.h"
#include "kernels/chacha8/variants.h"
#include "kernels/gemm_s8/variants.h"
#include "kernels/peak/variants.h"
#include "kernels/sha256/variants.h"

#include <cmath>
#include <cstring>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

namespace {

/// FIPS 180-4 §5.1.1 padding around the variant's compression function.
std::string digest(Sha256Compress compress, std::string_view message) {
    Bytes padded(bytes_of(message).begin(), bytes_of(message).end());
    padded.push_back(0x80);
    while (padded.size() % 64 != 56) padded.push_back(0);
    for (int shift = 56; shift >= 0; shift -= 8)
        padded.push_back(static_cast<std::uint8_t>(std::uint64_t{message.size()} * 8 >> shift));
    std::uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    compress(state, padded.data(), padded.size() / 64);
    Bytes out;
    for (const auto word : state)
        for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(word >> shift));
    return encode_hex(out);
}

} // namespace

TEST_CASE("SHA-256 gives the digests of the standard's examples") { // NIST CSRC, "SHA-256 examples"
    for_each_variant("sha256", sha256_variants(), [](Sha256Compress variant) {
        CHECK(digest(variant, "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        CHECK(digest(variant, "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        CHECK(digest(variant, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        CHECK(digest(variant, std::string(1000000, 'a')) ==
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    });
}

TEST_CASE(
    "ChaCha8 gives the published key stream of the all-zero key") { // draft-strombergson-chacha-test-vectors-01, TC1
    for_each_variant("chacha8", chacha8_variants(), [](Chacha8Blocks variant) {
        const Bytes32 key{};
        ByteArray<64> block{};
        variant(key.data(), 0, 0, block.data(), 1);
        CHECK(encode_hex(block) == "3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e"
                                   "984ce172b9216f419f445367456d5619314a42a3da86b001387bfdb80e0cfe42");
    });
}

TEST_CASE("The int8 product multiplies a matrix that can be checked by hand") {
    for_each_variant("gemm_s8", gemm_s8_variants(), [](const GemmS8& variant) {
        const std::int8_t a[] = {1, 2, 3, -128, 0, 127};  // 2 x 3
        const std::int8_t b[] = {4, 5, 6, -1, -128, 127}; // two columns of three
        std::int32_t c[4] = {};
        alignas(64) static std::uint8_t workspace[1 << 20];
        REQUIRE(variant.workspace_bytes(2, 2, 3) <= sizeof workspace);
        variant.multiply({2, 2, 3, a, 3, b, 3, c, 2, workspace});
        CHECK(c[0] == 4 + 10 + 18);
        CHECK(c[1] == -1 - 256 + 381);
        CHECK(c[2] == -512 + 762);
        CHECK(c[3] == 128 + 127 * 127);
    });
}

TEST_CASE("The ceilings compute what their closed form says, so nothing was optimised away") {
    for_each_variant("peak", peak_variants(), [](const Peak& variant) {
        const std::int8_t a[16] = {-128, 127, 3, -7, 99, 0, 1, -1, 55, -56, 12, 13, -14, 100, -100, 127};
        const std::int8_t b[16] = {-128, -128, 4, 8, -99, 5, 127, -1, 55, 56, 120, -13, -14, 1, 2, 127};
        std::int64_t dot = 0;
        for (int i = 0; i < 16; ++i) dot += a[i] * b[i];
        const std::size_t counts[] = {0, 1, 2, 1000, 99999};
        for (const auto rounds : counts) {
            std::uint32_t sum = 0;
            variant.s8(rounds, a, b, &sum);
            CHECK(sum == static_cast<std::uint32_t>(static_cast<std::uint64_t>(dot) * rounds *
                                                    (variant.s8_op_per_round / 32)));
        }
        const std::uint16_t ones_to_minus_eight[16] = {0x3f80, 0xbf80, 0x4000, 0xc000, 0x4040, 0xc040, 0x4080, 0xc080,
                                                       0x40a0, 0xc0a0, 0x40c0, 0xc0c0, 0x40e0, 0xc0e0, 0x4100, 0xc100};
        const std::uint16_t threes_and_eights[16] = {0x4040, 0x4100, 0x4040, 0x4100, 0x4040, 0x4100, 0x4040, 0x4100,
                                                     0x4040, 0x4100, 0x4040, 0x4100, 0x4040, 0x4100, 0x4040, 0x4100};
        for (const auto rounds : counts) {
            double sum = -1;
            variant.bf16(rounds, ones_to_minus_eight, threes_and_eights, &sum);
            const double bf16_dot = (3 - 8) * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8);
            CHECK(sum == bf16_dot * static_cast<double>(rounds * (variant.bf16_flop_per_round / 32)));
        }
        const float factor[8] = {0.5f, 0.25f, -0.5f, 0.75f, 0.9f, 0, 0.125f, -0.9f};
        const float term[8] = {1, 2, 3, -4, 5, 6, -7, 8};
        float out[8] = {};
        variant.f32(1000, factor, term, out);
        for (int i = 0; i < 8; ++i) CHECK(out[i] == Approx(term[i] / (1 - factor[i])).epsilon(1e-5));
        const double factor64[4] = {0.5, -0.9, 0.875, 0}, term64[4] = {1, -2, 3, 4};
        double out64[4] = {};
        variant.f64(1000, factor64, term64, out64);
        for (int i = 0; i < 4; ++i) CHECK(out64[i] == Approx(term64[i] / (1 - factor64[i])).epsilon(1e-14));
    });
}
