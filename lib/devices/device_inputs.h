/// What all workloads on a GPU need: inputs that the host knows without having seen them, and looks at the outputs.
#pragma once

#include "devices/device_jobs.h"
#include "kernels/chacha8/variants.h"

#include <algorithm>
#include <cstring>

namespace kaisar::on_device {

inline constexpr std::size_t block = 64; // bytes of the generator's unit

/// The stream that inputs and poison are made of; the nonce says which.
class Generator {
public:
    Generator(kernels::DeviceStream& device, CpuFeatures features)
        : device_(device), host_(kernels::best_variant(kernels::chacha8_variants(), features).function) {}

    void fill(kernels::DeviceAddress to, std::size_t bytes, std::uint64_t nonce) const {
        device_.chacha8(kernels::Lane::product, key, nonce, 0, to, bytes / block);
    }
    /// `blocks` blocks of that stream from block `first` on, as the host finds them.
    Bytes expected(std::uint64_t nonce, std::uint64_t first, std::size_t blocks) const {
        Bytes bytes(block * blocks);
        host_(key, nonce, first, bytes.data(), blocks);
        return bytes;
    }
    template <class Value>
    Value read(std::uint64_t nonce, std::size_t i) const {
        constexpr auto in_block = block / sizeof(Value);
        const auto bytes = expected(nonce, i / in_block, 1);
        Value value;
        std::memcpy(&value, bytes.data() + i % in_block * sizeof(Value), sizeof value);
        return value;
    }

private:
    static constexpr std::uint8_t key[32] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
    kernels::DeviceStream& device_;
    kernels::Chacha8Blocks host_;
};

template <class Value>
Value download(kernels::DeviceStream& device, kernels::DeviceAddress from, std::size_t i) {
    Value value;
    device.download(&value, from + i * sizeof value, sizeof value);
    return value;
}

/// Calls is_right(i) for the first, the last and random i below count.
template <class Check>
bool all_right(std::size_t count, Check is_right) {
    constexpr unsigned checks = 256;
    Splitmix random(9);
    bool right = is_right(std::size_t{0}) && is_right(count - 1);
    for (unsigned i = 0; i < checks && right; ++i) right = is_right(random.next() % count);
    return right;
}

/// A multiple of 4 KiB: what was asked for, or at most a tenth of what is free, `arrays` times.
inline std::size_t choose_bytes(const DeviceJobSettings& s, std::size_t arrays) {
    constexpr std::size_t array_bytes = std::size_t{1} << 30; // far beyond the second-level cache
    const auto most = std::min<std::uint64_t>(array_bytes, s.device.free_bytes() / 10 / arrays);
    const auto wanted = s.size_bytes != 0 ? s.size_bytes : most;
    return std::max<std::size_t>(wanted / 4096 * 4096, 4096);
}

/// Runs `launch` that often and waits for the last.
template <class Launch>
auto queued(kernels::DeviceStream& device, Launch launch) {
    return [&device, launch](unsigned, std::uint64_t rounds) {
        for (; rounds != 0; --rounds) launch();
        device.synchronize();
    };
}

/// Zeroes sixteen bytes that a kernel adds to.
inline void clear_sum(kernels::DeviceStream& device, kernels::DeviceAddress sum) {
    device.pass(kernels::Lane::product, kernels::DevicePass::write, {{}, {}, sum, 0.0, 2, {}});
}

} // namespace kaisar::on_device
