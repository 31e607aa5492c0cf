// The small cases that a device answers before it is used.
#include "devices/gpus.h"
#include "error/error.h"
#include "kernels/chacha8/contract.h"
#include "kernels/gemm_s8/contract.h"
#include "kernels/page_fill/contract.h"
#include "kernels/peak/contract.h"
#include "kernels/sha256_many/contract.h"
#include "kernels/walk/contract.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kaisar {
namespace {

using kernels::DeviceAddress;
using kernels::DeviceStream;
using kernels::Lane;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t key[32] = {7, 11, 13, 17, 19, 23, 29, 31};

Bytes some_bytes(std::uint64_t nonce, std::size_t blocks) {
    Bytes bytes(64 * blocks);
    kernels::chacha8_reference(key, nonce, 0, bytes.data(), blocks);
    return bytes;
}

/// Memory of the device for the time of one case.
class Array {
public:
    Array(DeviceStream& device, std::size_t size_bytes)
        : device_(device), size_bytes_(size_bytes), address_(device, size_bytes) {
        device_.upload(address_, Bytes(size_bytes_, 0x5a).data(), size_bytes_); // so that what is not written shows
    }
    Array(DeviceStream& device, const Bytes& content) : Array(device, content.size()) {
        device_.upload(address_, content.data(), content.size());
    }

    operator DeviceAddress() const { return address_; }
    Bytes content() const {
        Bytes bytes(size_bytes_);
        device_.download(bytes.data(), address_, size_bytes_);
        return bytes;
    }

private:
    DeviceStream& device_;
    std::size_t size_bytes_;
    kernels::DeviceArray address_;
};

bool chacha8_is_right(DeviceStream& device) {
    constexpr std::size_t count = 1001;
    constexpr std::uint64_t counter = 0xffffff00; // across the carry into the upper half
    const Array out(device, 64 * count);
    Bytes expected(64 * count);
    device.chacha8(Lane::product, key, 2, counter, out, count);
    kernels::chacha8_reference(key, 2, counter, expected.data(), count);
    return out.content() == expected;
}

// The second half of both operands holds extremes only.
bool gemm_s8_is_right(DeviceStream& device, std::size_t m, std::size_t n, std::size_t k) {
    constexpr std::size_t padding = 64, c_padding = 4;
    auto a = some_bytes(3, m * (k + padding) / 64), b = some_bytes(4, n * (k + padding) / 64);
    for (auto* operand : {&a, &b})
        for (auto i = operand->size() / 2; i < operand->size(); ++i)
            (*operand)[i] = (*operand)[i] % 2 == 0 ? 0x80 : 0x7f;
    const Array on_a(device, a), on_b(device, b), on_c(device, 4 * m * (n + c_padding));
    device.gemm_s8(Lane::product, {m, n, k, on_a, k + padding, on_b, k + padding, on_c, n + c_padding});
    Bytes expected(4 * m * (n + c_padding), 0x5a);
    kernels::gemm_s8_reference({m, n, k, reinterpret_cast<const std::int8_t*>(a.data()), k + padding,
                                reinterpret_cast<const std::int8_t*>(b.data()), k + padding,
                                reinterpret_cast<std::int32_t*>(expected.data()), n + c_padding, nullptr});
    return on_c.content() == expected;
}

// More tiles than any device works on at once, so that a thread block takes several; some columns of each are looked
// at.
bool many_tiles_are_right(DeviceStream& device) {
    constexpr std::size_t m = 128, tiles = 150, tile_columns = 256, n = tiles * tile_columns, k = 192, seen = 4;
    const auto a = some_bytes(12, m * k / 64), b = some_bytes(13, n * k / 64);
    const Array on_a(device, a), on_b(device, b), on_c(device, 4 * m * n);
    device.gemm_s8(Lane::product, {m, n, k, on_a, k, on_b, k, on_c, n});
    const auto found = on_c.content();
    for (std::size_t tile = 0; tile < tiles; ++tile) {
        const auto first = tile * tile_columns + tile % (tile_columns / seen) * seen;
        std::array<std::int32_t, m * seen> expected;
        kernels::gemm_s8_reference({m, seen, k, reinterpret_cast<const std::int8_t*>(a.data()), k,
                                    reinterpret_cast<const std::int8_t*>(b.data()) + first * k, k, expected.data(),
                                    seen, nullptr});
        for (std::size_t row = 0; row < m; ++row)
            if (std::memcmp(&expected[row * seen], &found[4 * (row * n + first)], 4 * seen) != 0) return false;
    }
    return true;
}

kernels::DeviceHash some_hash() {
    kernels::DeviceHash hash{};
    const auto bytes = some_bytes(5, 2);
    for (std::size_t i = 0; i < 8; ++i) hash.initial[i] = 0x01010101u * bytes[i] + bytes[8 + i];
    std::copy_n(bytes.data() + 64, 64, hash.last.data());
    return hash;
}

Bytes expected_digests(const kernels::DeviceHash& hash, const std::vector<const std::uint8_t*>& messages,
                       std::size_t stride, std::size_t blocks) {
    Bytes digests(32 * messages.size());
    kernels::sha256_many_reference(
        {hash.initial.data(), messages.data(), stride, blocks, hash.last.data(), digests.data(), messages.size()});
    return digests;
}

bool sha256_is_right(DeviceStream& device) {
    const auto hash = some_hash();
    constexpr std::size_t count = 133, blocks = 3;
    const auto content = some_bytes(6, count * blocks);
    std::vector<const std::uint8_t*> messages;
    for (std::size_t i = 0; i < count; ++i) messages.push_back(content.data() + 64 * blocks * i);
    const Array on_messages(device, content), digests(device, 32 * count);
    device.hash_messages(Lane::hash, hash, on_messages, blocks, count, digests);
    return digests.content() == expected_digests(hash, messages, 64, blocks);
}

bool tiles_are_right(DeviceStream& device) {
    const auto hash = some_hash();
    constexpr std::size_t rows = 256, columns = 384, ldc = columns + 16;
    const auto content = some_bytes(7, rows * ldc / 16);
    std::vector<const std::uint8_t*> tiles;
    for (std::size_t superblock = 0; superblock < rows / 128 * (columns / 128); ++superblock)
        for (std::size_t inside = 0; inside < 64; ++inside) {
            const auto row = superblock / (columns / 128) * 128 + inside / 8 * 16;
            const auto column = superblock % (columns / 128) * 128 + inside % 8 * 16;
            tiles.push_back(content.data() + 4 * (row * ldc + column));
        }
    const Array on_c(device, content), digests(device, 32 * tiles.size());
    device.hash_tiles(Lane::hash, hash, {on_c, ldc, rows, columns}, digests);
    return digests.content() == expected_digests(hash, tiles, 4 * ldc, 16);
}

bool page_fill_is_right(DeviceStream& device, std::size_t blocks, std::size_t passes) {
    constexpr std::size_t count = 37;
    const auto starts = some_bytes(8, count);
    const Array on_starts(device, starts), pages(device, 64 * blocks * count);
    Bytes expected(64 * blocks * count);
    device.page_fill(Lane::product, on_starts, blocks, passes, pages, count);
    kernels::page_fill_reference({starts.data(), blocks, passes, expected.data(), count});
    return pages.content() == expected;
}

bool walk_is_right(DeviceStream& device) {
    constexpr std::size_t blocks = 777, walkers = 999, steps = 8;
    alignas(64) std::array<std::uint8_t, 64 * blocks> memory;
    kernels::chacha8_reference(key, 9, 0, memory.data(), blocks);
    auto states = some_bytes(10, walkers / 8 + 1);
    states.resize(8 * walkers);
    const Array on_memory(device, Bytes(memory.begin(), memory.end())), on_states(device, states);
    device.walk(Lane::product, on_memory, blocks, on_states, walkers, steps);
    std::vector<std::uint64_t> expected(walkers);
    std::copy_n(states.data(), states.size(), reinterpret_cast<std::uint8_t*>(expected.data()));
    kernels::walk_reference({memory.data(), blocks, expected.data(), walkers, steps});
    const auto ends = on_states.content();
    return std::equal(ends.begin(), ends.end(), reinterpret_cast<const std::uint8_t*>(expected.data()));
}

// Whole numbers, so that every result is exact.
bool passes_are_right(DeviceStream& device) {
    constexpr std::size_t n = 5002;
    constexpr double factor = 3;
    Bytes a(8 * n), b(8 * n);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto x = std::bit_cast<std::array<std::uint8_t, 8>>(static_cast<double>(i * i + 1));
        const auto y = std::bit_cast<std::array<std::uint8_t, 8>>(static_cast<double>(7 * i + 5));
        std::copy(x.begin(), x.end(), a.begin() + static_cast<std::ptrdiff_t>(8 * i));
        std::copy(y.begin(), y.end(), b.begin() + static_cast<std::ptrdiff_t>(8 * i));
        sum += std::bit_cast<std::uint64_t>(x);
    }
    const Array on_a(device, a), on_b(device, b), on_c(device, 8 * n), on_sum(device, Bytes(8));
    const kernels::DevicePassArguments arguments{on_a, on_b, on_c, factor, n, on_sum};
    device.pass(Lane::product, kernels::DevicePass::copy, arguments);
    bool is_right = on_c.content() == a;
    device.pass(Lane::product, kernels::DevicePass::triad, arguments);
    const auto triad = on_c.content();
    for (std::size_t i = 0; i < n; ++i) {
        const auto wanted =
            std::bit_cast<std::array<std::uint8_t, 8>>(static_cast<double>(i * i + 1 + 3 * (7 * i + 5)));
        is_right = is_right && std::equal(wanted.begin(), wanted.end(), &triad[8 * i]);
    }
    device.pass(Lane::product, kernels::DevicePass::write, arguments);
    const auto written = on_c.content();
    const auto three = std::bit_cast<std::array<std::uint8_t, 8>>(factor);
    for (std::size_t i = 0; i < n; ++i) is_right = is_right && std::equal(three.begin(), three.end(), &written[8 * i]);
    device.pass(Lane::product, kernels::DevicePass::read, arguments);
    const auto found = on_sum.content();
    return is_right && std::equal(found.begin(), found.end(), reinterpret_cast<const std::uint8_t*>(&sum));
}

bool peak_is_right(DeviceStream& device) {
    const auto numbers = some_bytes(11, 1);
    const auto* const a = reinterpret_cast<const std::int8_t*>(numbers.data());
    const Array on_sum(device, Bytes(4));
    const double operations = device.peak_s8(Lane::product, 5, a, a + 16, on_sum);
    std::uint32_t product = 0;
    for (std::size_t i = 0; i < 16; ++i) product += static_cast<std::uint32_t>(a[i] * a[16 + i]);
    const auto expected = static_cast<std::uint32_t>(static_cast<std::uint64_t>(operations / 32)) * product;
    const auto found = on_sum.content();
    return std::equal(found.begin(), found.end(), reinterpret_cast<const std::uint8_t*>(&expected));
}

} // namespace

void require_working(DeviceStream& device) {
    const auto require = [&](bool is_right, const char* kernel) {
        if (is_right) return;
        throw Error(ErrorKind::mismatch,
                    "cuda:" + std::to_string(device.facts().index) + " (" + device.facts().name +
                        ") gives a wrong answer to a known case of " + kernel,
                    "the device is left out; its memory or its driver may be faulty");
    };
    require(chacha8_is_right(device), "chacha8");
    require(gemm_s8_is_right(device, 128, 384, 448), "gemm_s8"); // the narrow tile, then the wide one
    require(gemm_s8_is_right(device, 256, 512, 64), "gemm_s8");
    require(gemm_s8_is_right(device, 128, 256, 1216), "gemm_s8"); // more steps than any kernel has operands for at once
    require(many_tiles_are_right(device), "gemm_s8");
    require(sha256_is_right(device), "sha256");
    require(tiles_are_right(device), "sha256 of tiles");
    require(page_fill_is_right(device, 32, 3), "page_fill");
    require(page_fill_is_right(device, 5, 2), "page_fill");
    require(walk_is_right(device), "walk");
    require(passes_are_right(device), "memory");
    require(peak_is_right(device), "peak_s8");
}

} // namespace kaisar
