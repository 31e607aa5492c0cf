// ChaCha8 and the hash of a 1 KiB leaf on one core, all variants and the libraries in turns. No library has ChaCha8:
// their ChaCha20 is also shown as if its rounds were all it does, 20/8 times as fast, which is more than a library
// could reach. A leaf is 17 compressions for everybody: the tag is hashed beforehand here, and a message of 1 KiB has
// one block of padding.
#include "interleaved.h"
#include "popw_work/hashing.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <sodium.h>

using namespace kaisar;
using namespace kaisar::tests;

namespace {

constexpr std::size_t stream_bytes = 32768, leaf_bytes = 1024, leaf_count = 64;

/// Cycles, counted by a chain of multiplications of three cycles each.
Contender clock_contender() {
    constexpr int rounds = 40000;
    return {"clock", 24.0 * rounds, [] {
                std::uint64_t x = 3;
                for (int i = 0; i < rounds; ++i)
                    __asm__ volatile("imul %0, %0\n imul %0, %0\n imul %0, %0\n imul %0, %0\n"
                                     "imul %0, %0\n imul %0, %0\n imul %0, %0\n imul %0, %0\n"
                                     : "+r"(x));
            }};
}

void print(const std::vector<Timing>& timings, const char* unit, double scale) {
    for (std::size_t i = 1; i < timings.size(); ++i)
        fmt::print("  {:34} {:8.3f} {}, {:8.3f} cycles\n", timings[i].name,
                   scale > 0 ? timings[i].rate * scale : -scale / timings[i].rate, unit, 1 / timings[i].to_first);
    std::fflush(stdout);
}

void compare_streams(CpuFeatures features) {
    Bytes out(stream_bytes), zeros(stream_bytes);
    const std::array<std::uint8_t, 32> key{1, 2, 3};
    const std::array<std::uint8_t, 16> nonce{};
    std::vector<Contender> contenders{clock_contender()};
    for (const auto& variant : kernels::chacha8_variants())
        if (features.includes(variant.required))
            contenders.push_back({"chacha8 " + std::string(variant.name), stream_bytes,
                                  [&] { variant.function(key.data(), 1, 0, out.data(), stream_bytes / 64); }});
    auto* const context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_chacha20(), nullptr, key.data(), nonce.data());
    const auto openssl = [&] {
        int length = 0;
        EVP_EncryptUpdate(context, out.data(), &length, zeros.data(), stream_bytes);
    };
    const auto sodium = [&] { crypto_stream_chacha20(out.data(), stream_bytes, nonce.data(), key.data()); };
    contenders.push_back({"OpenSSL chacha20", stream_bytes, openssl});
    contenders.push_back({"OpenSSL chacha20, times 20/8", stream_bytes * 2.5, openssl});
    contenders.push_back({"libsodium chacha20", stream_bytes, sodium});
    contenders.push_back({"libsodium chacha20, times 20/8", stream_bytes * 2.5, sodium});
    fmt::print("ChaCha, {} bytes at a time; cycles a byte\n", stream_bytes);
    print(time_in_turns(contenders, 41, 1e-3), "GB/s", 1e-9);
    EVP_CIPHER_CTX_free(context);
}

void compare_leaves(CpuFeatures features) {
    Bytes memory(leaf_bytes * leaf_count);
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<std::uint8_t>(i * 167 >> 3);
    std::array<const std::uint8_t*, leaf_count> tiles;
    for (std::size_t i = 0; i < leaf_count; ++i) tiles[i] = memory.data() + leaf_bytes * i;
    std::array<Bytes32, leaf_count> digests;
    std::vector<Contender> contenders{clock_contender()};
    std::vector<std::unique_ptr<popw::TreeHasher>> hashers;
    for (const auto& variant : kernels::sha256_many_variants()) {
        if (!features.includes(variant.required)) continue;
        auto primitives = popw::choose_primitives(features);
        primitives.sha256_many = variant.function;
        hashers.push_back(std::make_unique<popw::TreeHasher>(primitives));
        contenders.push_back({"sha256_many " + std::string(variant.name), leaf_count,
                              [&, hasher = hashers.back().get()] { hasher->leaves(tiles, 64, digests.data()); }});
    }
    const auto* const algorithm = EVP_sha256();
    contenders.push_back({"OpenSSL SHA-256", leaf_count, [&] {
                              for (std::size_t i = 0; i < leaf_count; ++i)
                                  EVP_Digest(tiles[i], leaf_bytes, digests[i].data(), nullptr, algorithm, nullptr);
                          }});
    contenders.push_back({"libsodium SHA-256", leaf_count, [&] {
                              for (std::size_t i = 0; i < leaf_count; ++i)
                                  crypto_hash_sha256(digests[i].data(), tiles[i], leaf_bytes);
                          }});
    fmt::print("Leaves of {} bytes; cycles a leaf\n", leaf_bytes);
    print(time_in_turns(contenders, 41, 1e-3), "ns", -1e9);
}

} // namespace

int main() {
    if (sodium_init() < 0) return 1;
    const auto features = detect_cpu_features();
    compare_streams(features);
    compare_leaves(features);
}
