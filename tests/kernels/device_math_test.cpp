// The GPU kernels' arithmetic on the host: the constexpr code that they are made of, against the plain kernels. What a
// GPU's own instructions do is emulated from the text of the PTX ISA.
#include "kernels/chacha8/contract.h"
#include "kernels/chacha8/device_math.h"
#include "kernels/page_fill/contract.h"
#include "kernels/page_fill/device_math.h"
#include "kernels/sha256/contract.h"
#include "kernels/sha256_many/device_math.h"
#include "kernels/walk/contract.h"
#include "kernels/walk/device_math.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <vector>

using namespace kaisar::kernels;

namespace {

std::vector<std::uint8_t> random_bytes(std::mt19937_64& random, std::size_t count) {
    std::vector<std::uint8_t> bytes(count);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

// What __shfl_sync does within four threads: every row r of thread q becomes that of thread from(q, r).
void exchange(device::PageColumn* columns, unsigned (*from)(unsigned, unsigned)) {
    device::PageColumn before[4];
    std::copy_n(columns, 4, before);
    for (unsigned q = 0; q < 4; ++q)
        for (unsigned row = 1; row < 4; ++row) columns[q].row[row] = before[from(q, row)].row[row];
}

// A page as four threads in step make it: the statements of page_fill/cuda.cu, once for each thread.
class PageOfFour {
public:
    PageOfFour(const std::uint8_t* start, std::uint32_t blocks, std::uint32_t passes) : page_(16 * blocks) {
        for (unsigned q = 0; q < 4; ++q)
            for (unsigned row = 0; row < 4; ++row) std::memcpy(&t_[q].row[row], start + 4 * device::word_of(q, row), 4);
        keep(0);
        for (std::uint32_t j = 1; j < blocks; ++j) make(j, j, 1);
        for (std::uint32_t pass = 1; pass < passes; ++pass)
            for (std::uint32_t j = 0; j < blocks; ++j) make(j, blocks, pass + 1);
    }

    std::vector<std::uint8_t> bytes() const {
        std::vector<std::uint8_t> out(4 * page_.size());
        for (std::size_t word = 0; word < page_.size(); ++word)
            std::memcpy(&out[4 * word], &page_[word / 16 * 16 + device::kept_at(static_cast<unsigned>(word % 16))], 4);
        return out;
    }

private:
    void keep(std::uint32_t j) {
        for (unsigned q = 0; q < 4; ++q) std::memcpy(&page_[16 * j + 4 * q], t_[q].row, 16);
    }
    void take_in(std::uint32_t j) {
        for (unsigned q = 0; q < 4; ++q)
            for (unsigned row = 0; row < 4; ++row) t_[q].row[row] ^= page_[16 * j + 4 * q + row];
    }
    void make(std::uint32_t j, std::uint32_t span, std::uint32_t pass) {
        std::uint32_t chosen[4];
        for (unsigned q = 0; q < 4; ++q) chosen[q] = device::pointed_to(t_[q].row[q], span);
        if (pass > 1) take_in(j);
        for (auto block : chosen) take_in(block);
        device::PageColumn before[4];
        std::copy_n(t_, 4, before);
        for (int i = 0; i < 4; ++i) {
            for (auto& column : t_) device::column_round(column);
            exchange(t_, device::diagonal_from);
            for (auto& column : t_) device::column_round(column);
            exchange(t_, device::column_from);
        }
        for (unsigned q = 0; q < 4; ++q)
            for (unsigned row = 0; row < 4; ++row) t_[q].row[row] += before[q].row[row];
        keep(j);
    }

    std::vector<std::uint32_t> page_;
    device::PageColumn t_[4]{};
};

} // namespace

TEST_CASE("a GPU's block of ChaCha8 is the plain kernel's, at counters beyond 32 bits too") {
    std::mt19937_64 random(41);
    for (int trial = 0; trial < 200; ++trial) {
        const auto key = random_bytes(random, 32);
        const std::uint64_t nonce = random(), counter = trial % 2 == 0 ? random() : 0xffffffff;
        std::uint8_t expected[64];
        chacha8_reference(key.data(), nonce, counter, expected, 1);
        const auto block = device::chacha8_block(device::chacha_input(key.data(), nonce), counter);
        REQUIRE(std::memcmp(expected, block.word, 64) == 0);
    }
}

TEST_CASE("a GPU's SHA-256 compression is the plain kernel's") {
    std::mt19937_64 random(42);
    for (int trial = 0; trial < 200; ++trial) {
        const auto message = random_bytes(random, 64);
        device::Sha256State state{}, expected{};
        for (auto& word : state.h) word = static_cast<std::uint32_t>(random());
        expected = state;
        sha256_reference(expected.h, message.data(), 1);
        device::Sha256Block block{};
        for (std::size_t i = 0; i < 16; ++i) {
            std::memcpy(&block.w[i], &message[4 * i], 4);
            block.w[i] = device::byte_swapped(block.w[i]);
        }
        device::sha256_compress(state, block, device::sha256_constants());
        REQUIRE(std::equal(state.h, state.h + 8, expected.h));
    }
}

TEST_CASE("four threads of a GPU make the page that the plain kernel makes") {
    std::mt19937_64 random(43);
    for (std::uint32_t blocks : {1u, 2u, 3u, 32u, 100u})
        for (std::uint32_t passes : {1u, 2u, 8u}) {
            const auto start = random_bytes(random, 64);
            std::vector<std::uint8_t> expected(64 * blocks);
            page_fill_reference({start.data(), blocks, passes, expected.data(), 1});
            INFO("blocks " << blocks << ", passes " << passes);
            CHECK(PageOfFour(start.data(), blocks, passes).bytes() == expected);
        }
}

TEST_CASE("a GPU's walker ends where the plain kernel's does") {
    std::mt19937_64 random(44);
    constexpr std::uint64_t blocks = 77;
    std::vector<std::uint64_t> memory(8 * blocks), states(100);
    for (auto& word : memory) word = random();
    for (auto& state : states) state = random();
    auto expected = states;
    walk_reference({reinterpret_cast<const std::uint8_t*>(memory.data()), blocks, expected.data(), expected.size(), 8});
    for (auto& state : states)
        for (int step = 0; step < 8; ++step) {
            const auto at = device::aimed_at(state, blocks);
            for (std::size_t i = 0; i < 8; ++i) state = device::taken_in(state, memory[8 * at + i]);
        }
    CHECK(states == expected);
}
