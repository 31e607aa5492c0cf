// Workloads that live in registers and first-level cache: the two hash-like kernels of the proof.
#include "bytes/bytes.h"
#include "kernels/chacha8/variants.h"
#include "kernels/sha256/variants.h"
#include "workloads/job.h"

#include <algorithm>
#include <array>
#include <memory>

namespace kaisar {
namespace {

using kernels::best_variant;
using kernels::require_variant;

/// A thread's own memory with a random content, for messages and streams.
std::vector<std::unique_ptr<Pages<std::uint8_t>>> random_buffers(Team& team, std::size_t size_bytes) {
    std::vector<std::unique_ptr<Pages<std::uint8_t>>> buffers;
    for (unsigned t = 0; t < team.size(); ++t) buffers.push_back(std::make_unique<Pages<std::uint8_t>>(size_bytes));
    team.run([&](unsigned t) {
        Splitmix random(t);
        for (std::size_t i = 0; i < size_bytes; ++i) (*buffers[t])[i] = static_cast<std::uint8_t>(random.next());
    });
    return buffers;
}

/// Whole blocks of 64 bytes, at least one: 1 MiB where nothing was asked for, which second-level caches hold.
std::size_t choose_blocks(const JobSettings& s) {
    constexpr std::size_t block_bytes = 64, default_bytes = 1 << 20;
    return std::max<std::size_t>(1, (s.size_bytes != 0 ? s.size_bytes : default_bytes) / block_bytes);
}

constexpr std::array<std::uint32_t, 8> sha256_start = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

} // namespace

Job make_sha256(const JobSettings& s) {
    struct State {
        std::vector<std::unique_ptr<Pages<std::uint8_t>>> messages;
        std::vector<std::array<std::uint32_t, 16>> digests; // eight words used: one cache line each
    };
    const auto table = kernels::sha256_variants();
    const auto& variant =
        s.variant.empty() ? best_variant(table, s.features) : require_variant(table, s.features, s.variant);
    const auto blocks = choose_blocks(s);
    require_memory(64 * blocks * s.team.size(), "sha256");
    const auto state = std::make_shared<State>();
    state->messages = random_buffers(s.team, 64 * blocks);
    state->digests.resize(s.team.size());
    Job job;
    job.variant = variant.name;
    job.bytes = 64 * blocks * s.team.size();
    job.work_per_round = static_cast<double>(job.bytes);
    job.run = [state, blocks, compress = variant.function](unsigned thread, std::uint64_t rounds) {
        auto* const digest = state->digests[thread].data();
        for (; rounds != 0; --rounds) {
            std::copy(sha256_start.begin(), sha256_start.end(), digest);
            compress(digest, state->messages[thread]->data(), blocks);
        }
    };
    job.poison = [state] {
        for (auto& digest : state->digests) digest.fill(0x5a5a5a5a);
    };
    job.has_right_answers = [state, blocks] {
        for (std::size_t t = 0; t < state->digests.size(); ++t) {
            auto expected = sha256_start;
            kernels::sha256_reference(expected.data(), state->messages[t]->data(), blocks);
            if (!std::equal(expected.begin(), expected.end(), state->digests[t].begin())) return false;
        }
        return true;
    };
    return job;
}

Job make_chacha8(const JobSettings& s) {
    struct State {
        Bytes32 key{};
        std::vector<std::unique_ptr<Pages<std::uint8_t>>> streams;
        std::vector<std::uint64_t> last_counters;
    };
    const auto table = kernels::chacha8_variants();
    const auto& variant =
        s.variant.empty() ? best_variant(table, s.features) : require_variant(table, s.features, s.variant);
    const auto blocks = choose_blocks(s);
    require_memory(64 * blocks * s.team.size(), "chacha8");
    const auto state = std::make_shared<State>();
    Splitmix random(14);
    for (auto& byte : state->key) byte = static_cast<std::uint8_t>(random.next());
    state->streams = random_buffers(s.team, 64 * blocks);
    state->last_counters.resize(s.team.size());
    Job job;
    job.variant = variant.name;
    job.bytes = 64 * blocks * s.team.size();
    job.work_per_round = static_cast<double>(job.bytes);
    job.run = [state, blocks, generate = variant.function](unsigned thread, std::uint64_t rounds) {
        for (std::uint64_t round = 0; round < rounds; ++round)
            generate(state->key.data(), thread, round * blocks, state->streams[thread]->data(), blocks);
        state->last_counters[thread] = (rounds - 1) * blocks;
    };
    job.poison = [state] {
        for (auto& stream : state->streams) std::fill_n(stream->data(), stream->size(), std::uint8_t{0x5a});
    };
    job.has_right_answers = [state, blocks] {
        Bytes expected(64 * blocks);
        for (std::size_t t = 0; t < state->streams.size(); ++t) {
            kernels::chacha8_reference(state->key.data(), t, state->last_counters[t], expected.data(), blocks);
            if (!std::equal(expected.begin(), expected.end(), state->streams[t]->data())) return false;
        }
        return true;
    };
    return job;
}

} // namespace kaisar
