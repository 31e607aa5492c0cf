// Every variant of sha256_many against one message at a time, with its own padding, on the plain sha256 kernel.
#include "each_variant.h"
#include "guarded_memory.h"
#include "kernels/sha256/contract.h"
#include "kernels/sha256_many/variants.h"

#include <cstring>
#include <random>
#include <vector>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

namespace {

std::vector<std::uint8_t> expected_digests(const Sha256ManyArguments& a) {
    std::vector<std::uint8_t> digests;
    for (std::size_t i = 0; i < a.count; ++i) {
        std::uint32_t state[8];
        std::memcpy(state, a.initial, sizeof(state));
        for (std::size_t b = 0; b < a.blocks; ++b) sha256_reference(state, a.messages[i] + b * a.stride, 1);
        sha256_reference(state, a.last, 1);
        for (auto word : state)
            for (int shift = 24; shift >= 0; shift -= 8) digests.push_back(static_cast<std::uint8_t>(word >> shift));
    }
    return digests;
}

} // namespace

TEST_CASE("many messages hash as each does alone, whatever their number, length, distance and place in memory") {
    std::mt19937_64 random(23);
    GuardedMemory memory(1 << 18), out(1 << 16);
    for_each_variant<Sha256Many>("sha256_many", sha256_many_variants(), [&](Sha256Many variant) {
        for (std::size_t count : {0u, 1u, 2u, 3u, 15u, 16u, 17u, 31u, 32u, 33u, 64u, 100u})
            for (std::size_t blocks : {0u, 1u, 2u, 16u, 17u})
                for (std::size_t stride : {64u, 100u, 0u})
                    for (auto guard : {Guard::after, Guard::before}) {
                        const std::size_t span = blocks == 0 ? 0 : (blocks - 1) * stride + 64;
                        const std::size_t size = span + (count == 0 ? 0 : count - 1) * 3;
                        auto* bytes = memory.place<std::uint8_t>(size, guard);
                        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(random());
                        std::vector<const std::uint8_t*> messages;
                        for (std::size_t i = 0; i < count; ++i) messages.push_back(bytes + 3 * i);
                        std::uint32_t initial[8];
                        std::uint8_t last[64];
                        for (auto& word : initial) word = static_cast<std::uint32_t>(random());
                        for (auto& byte : last) byte = static_cast<std::uint8_t>(random());
                        auto* digests = out.place<std::uint8_t>(32 * count, guard);
                        const Sha256ManyArguments arguments{initial, messages.data(), stride, blocks,
                                                            last,    digests,         count};
                        variant(arguments);
                        INFO("count " << count << ", blocks " << blocks << ", stride " << stride);
                        REQUIRE(std::vector<std::uint8_t>(digests, digests + 32 * count) ==
                                expected_digests(arguments));
                    }
    });
}

TEST_CASE("digests may take the place of messages that were read, as a tree that shrinks in place does") {
    std::mt19937_64 random(29);
    for_each_variant<Sha256Many>("sha256_many", sha256_many_variants(), [&](Sha256Many variant) {
        for (std::size_t count : {1u, 16u, 33u, 64u}) {
            std::vector<std::uint8_t> nodes(64 * count);
            for (auto& byte : nodes) byte = static_cast<std::uint8_t>(random());
            const auto before = nodes;
            std::vector<const std::uint8_t*> messages, copies;
            for (std::size_t i = 0; i < count; ++i) {
                messages.push_back(nodes.data() + 64 * i);
                copies.push_back(before.data() + 64 * i);
            }
            const std::uint32_t initial[8] = {1, 2, 3, 4, 5, 6, 7, 8};
            const std::uint8_t last[64] = {0x80};
            const auto expected = expected_digests({initial, copies.data(), 64, 1, last, nullptr, count});
            variant({initial, messages.data(), 64, 1, last, nodes.data(), count});
            nodes.resize(32 * count);
            REQUIRE(nodes == expected);
        }
    });
}
