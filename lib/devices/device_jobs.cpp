#include "devices/device_jobs.h"

#include "kernels/chacha8/variants.h"
#include "kernels/sha256_many/contract.h"
#include "kernels/walk/contract.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <utility>

namespace kaisar {
namespace {

using kernels::DeviceAddress;
using kernels::DeviceArray;
using kernels::DevicePass;
using kernels::DeviceStream;
using kernels::Lane;

__extension__ using Wide = unsigned __int128;

constexpr std::size_t block = 64;                         // bytes of the generator's unit
constexpr std::size_t array_bytes = std::size_t{1} << 30; // far beyond the second-level cache
constexpr unsigned checks = 256;                          // places that are looked at, drawn at random

/// The stream that inputs and poison are made of; the nonce says which.
class Generator {
public:
    Generator(DeviceStream& device, CpuFeatures features)
        : device_(device), host_(kernels::best_variant(kernels::chacha8_variants(), features).function) {}

    void fill(DeviceAddress to, std::size_t bytes, std::uint64_t nonce) const {
        device_.chacha8(Lane::product, key, nonce, 0, to, bytes / block);
    }
    /// `blocks` blocks of that stream from block `first` on, as the host finds them.
    Bytes expected(std::uint64_t nonce, std::uint64_t first, std::size_t blocks) const {
        Bytes bytes(block * blocks);
        host_(key, nonce, first, bytes.data(), blocks);
        return bytes;
    }
    double number(std::uint64_t nonce, std::size_t i) const { return read<double>(nonce, i); }
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
    DeviceStream& device_;
    kernels::Chacha8Blocks host_;
};

template <class Value>
Value download(DeviceStream& device, DeviceAddress from, std::size_t i) {
    Value value;
    device.download(&value, from + i * sizeof value, sizeof value);
    return value;
}

/// Calls is_right(i) for the first, the last and random i below count.
template <class Check>
bool all_right(std::size_t count, Check is_right) {
    Splitmix random(9);
    bool right = is_right(std::size_t{0}) && is_right(count - 1);
    for (unsigned i = 0; i < checks && right; ++i) right = is_right(random.next() % count);
    return right;
}

/// A multiple of 4 KiB: what was asked for, or at most a tenth of what is free, `arrays` times.
std::size_t choose_bytes(const DeviceJobSettings& s, std::size_t arrays) {
    const auto most = std::min<std::uint64_t>(array_bytes, s.device.free_bytes() / 10 / arrays);
    const auto wanted = s.size_bytes != 0 ? s.size_bytes : most;
    return std::max<std::size_t>(wanted / 4096 * 4096, 4096);
}

/// Runs `launch` that often and waits for the last.
template <class Launch>
auto queued(DeviceStream& device, Launch launch) {
    return [&device, launch](unsigned, std::uint64_t rounds) {
        for (; rounds != 0; --rounds) launch();
        device.synchronize();
    };
}

struct Product {
    Product(const DeviceJobSettings& s, const Job& job)
        : generator(s.device, s.features), a(s.device, job.m * job.k), b(s.device, job.n * job.k),
          c(s.device, 4 * job.m * job.n) {
        generator.fill(a, job.m * job.k, 1);
        generator.fill(b, job.n * job.k, 2);
    }
    Generator generator;
    DeviceArray a, b, c;
};

struct Streams {
    Streams(const DeviceJobSettings& s, std::size_t bytes_)
        : generator(s.device, s.features), bytes(bytes_), a(s.device, bytes), b(s.device, bytes), c(s.device, bytes),
          sum(s.device, block) {
        generator.fill(a, bytes, 1);
        generator.fill(b, bytes, 2);
        std::uint64_t word = 0;
        constexpr std::size_t at_once = 1 << 14;
        for (std::size_t first = 0; first < bytes / block; first += at_once) {
            const auto part = generator.expected(1, first, std::min(at_once, bytes / block - first));
            for (std::size_t i = 0; i < part.size(); i += sizeof word) {
                std::memcpy(&word, part.data() + i, sizeof word);
                right_sum += word;
            }
        }
    }
    Generator generator;
    std::size_t bytes;
    DeviceArray a, b, c, sum;
    std::uint64_t right_sum = 0, rounds = 0;
};

constexpr double factor = 3;

bool is_same(double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); }

bool has_right_element(DeviceStream& device, const Streams& s, DevicePass pass, std::size_t i) {
    const auto found = download<double>(device, s.c, i);
    const auto a = s.generator.number(1, i);
    if (pass == DevicePass::write) return found == factor;
    if (pass == DevicePass::copy) return std::memcmp(&found, &a, sizeof a) == 0;
    return is_same(found, std::fma(factor, s.generator.number(2, i), a));
}

Job make_stream(const DeviceJobSettings& s, DevicePass pass, std::size_t arrays) {
    auto& device = s.device;
    const auto streams = std::make_shared<Streams>(s, choose_bytes(s, 3));
    const auto n = streams->bytes / sizeof(double);
    const kernels::DevicePassArguments arguments{streams->a, streams->b, streams->c, factor, n, streams->sum};
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = arrays * streams->bytes;
    job.work_per_round = static_cast<double>(job.bytes);
    job.run = [&device, streams, arguments, pass](unsigned, std::uint64_t rounds) {
        streams->rounds = rounds;
        device.pass(Lane::product, DevicePass::write, {{}, {}, streams->sum, 0.0, 2, {}});
        for (; rounds != 0; --rounds) device.pass(Lane::product, pass, arguments);
        device.synchronize();
    };
    job.poison = [streams] { streams->generator.fill(streams->c, streams->bytes, 3); };
    job.has_right_answers = [&device, streams, pass, n] {
        if (pass == DevicePass::read)
            return download<std::uint64_t>(device, streams->sum, 0) == streams->rounds * streams->right_sum;
        return all_right(n, [&](std::size_t i) { return has_right_element(device, *streams, pass, i); });
    };
    return job;
}

enum class Direction { to_device, to_host };

Job make_transfer(const DeviceJobSettings& s, Direction direction) {
    auto& device = s.device;
    const auto bytes = std::min<std::size_t>(choose_bytes(s, 1), std::size_t{256} << 20);
    const auto generator = std::make_shared<Generator>(device, s.features);
    const auto array = std::make_shared<DeviceArray>(device, bytes);
    auto* const host = static_cast<std::uint8_t*>(device.allocate_pinned(bytes));
    if (host == nullptr)
        throw Error(ErrorKind::environment, fmt::format("the system locks no {} bytes of memory for the GPU", bytes),
                    "raise the limit of locked memory (ulimit -l), or make it less with --size");
    const auto content = generator->expected(1, 0, bytes / block);
    std::copy(content.begin(), content.end(), host);
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = bytes;
    job.work_per_round = static_cast<double>(bytes);
    const auto fill_device = [=](std::uint64_t nonce) { generator->fill(*array, bytes, nonce); };
    if (direction == Direction::to_host) fill_device(1);
    job.run = queued(device, [&device, array, host, bytes, direction] {
        direction == Direction::to_device ? device.copy_in(Lane::product, *array, host, bytes)
                                          : device.copy_out(Lane::product, host, *array, bytes);
    });
    job.poison = [=] { direction == Direction::to_device ? fill_device(3) : (void)std::fill_n(host, bytes, 0x5a); };
    job.has_right_answers = [=, &device] {
        return all_right(bytes / block, [&](std::size_t i) {
            auto found = Bytes(host + block * i, host + block * (i + 1));
            if (direction == Direction::to_device)
                device.download(found.data(), static_cast<DeviceAddress>(*array) + block * i, block);
            return found == generator->expected(1, i, 1);
        });
    };
    return job;
}

} // namespace

Job make_device_peak_s8(const DeviceJobSettings& s) {
    constexpr std::size_t rounds_at_once = 4096;
    auto& device = s.device;
    struct State {
        State(const DeviceJobSettings& settings)
            : operands(Generator(settings.device, settings.features).expected(1, 0, 1)), sum(settings.device, block) {}
        Bytes operands;
        DeviceArray sum;
        std::uint64_t rounds = 0;
    };
    const auto state = std::make_shared<State>(s);
    const auto* const a = reinterpret_cast<const std::int8_t*>(state->operands.data());
    const auto launch = [&device, state, a] {
        return device.peak_s8(Lane::product, rounds_at_once, a, a + 16, state->sum);
    };
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = device.gemm_variant();
    job.work_per_round = launch();
    job.run = [&device, state, launch](unsigned, std::uint64_t rounds) {
        state->rounds = rounds;
        device.pass(Lane::product, DevicePass::write, {{}, {}, state->sum, 0.0, 2, {}});
        for (; rounds != 0; --rounds) launch();
        device.synchronize();
    };
    job.poison = [] {}; // every run begins its sum anew
    job.has_right_answers = [&device, state, a, per_round = static_cast<std::uint64_t>(job.work_per_round / 32)] {
        std::uint32_t product = 0;
        for (std::size_t i = 0; i < 16; ++i) product += static_cast<std::uint32_t>(a[i] * a[16 + i]);
        return download<std::uint32_t>(device, state->sum, 0) ==
               static_cast<std::uint32_t>(per_round * state->rounds) * product;
    };
    return job;
}

namespace {

Job make_device_gemm_s8(const DeviceJobSettings& s) {
    constexpr std::size_t default_edge = 8192, side = 128, depth = 64;
    auto& device = s.device;
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = device.gemm_variant();
    job.m = s.m != 0 ? s.m : default_edge;
    job.n = s.n != 0 ? s.n : default_edge;
    job.k = s.k != 0 ? s.k : default_edge;
    if (job.m % side != 0 || job.n % side != 0 || job.k % depth != 0)
        throw Error(ErrorKind::usage, fmt::format("no GPU kernel multiplies {} x {} x {}", job.m, job.n, job.k),
                    "m and n are multiples of 128 there, k of 64");
    job.bytes = (job.m + job.n) * job.k + 4 * job.m * job.n;
    job.work_per_round = 2.0 * static_cast<double>(job.m) * static_cast<double>(job.n) * static_cast<double>(job.k);
    const auto p = std::make_shared<Product>(s, job);
    const auto m = job.m, n = job.n, k = job.k;
    job.run = queued(device, [&device, p, m, n, k] {
        device.gemm_s8(Lane::product, {m, n, k, p->a, k, p->b, k, p->c, n});
    });
    job.poison = [p, m, n] { p->generator.fill(p->c, 4 * m * n, 3); };
    job.has_right_answers = [&device, p, m, n, k] {
        return all_right(m * n, [&](std::size_t i) {
            const auto row = p->generator.expected(1, i / n * (k / block), k / block);
            const auto column = p->generator.expected(2, i % n * (k / block), k / block);
            std::uint32_t sum = 0;
            for (std::size_t l = 0; l < k; ++l)
                sum +=
                    static_cast<std::uint32_t>(static_cast<std::int8_t>(row[l]) * static_cast<std::int8_t>(column[l]));
            return download<std::uint32_t>(device, p->c, i) == sum;
        });
    };
    return job;
}

Job make_device_sha256(const DeviceJobSettings& s) {
    constexpr std::size_t blocks = 16; // a message is as long as a proof's tile
    auto& device = s.device;
    const auto count = std::max<std::size_t>(choose_bytes(s, 2) / (block * blocks), 1);
    struct State {
        State(const DeviceJobSettings& settings, std::size_t count_)
            : generator(settings.device, settings.features), messages(settings.device, block * blocks * count_),
              digests(settings.device, 64 * ((count_ + 1) / 2)) {
            generator.fill(messages, block * blocks * count_, 1);
            hash.last[0] = 0x80;
            hash.last[62] = static_cast<std::uint8_t>(8 * block * blocks >> 8);
        }
        Generator generator;
        DeviceArray messages, digests;
        kernels::DeviceHash hash{
            {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}, {}};
    };
    const auto state = std::make_shared<State>(s, count);
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = block * blocks * count;
    job.work_per_round = static_cast<double>(job.bytes);
    job.run = queued(device, [&device, state, count] {
        device.hash_messages(Lane::product, state->hash, state->messages, blocks, count, state->digests);
    });
    job.poison = [state, count] { state->generator.fill(state->digests, 32 * count / block * block, 3); };
    job.has_right_answers = [&device, state, count] {
        return all_right(count, [&](std::size_t i) {
            const auto message = state->generator.expected(1, i * blocks, blocks);
            const auto* const first = message.data();
            ByteArray<32> wanted;
            kernels::sha256_many_reference(
                {state->hash.initial.data(), &first, block, blocks, state->hash.last.data(), wanted.data(), 1});
            return download<ByteArray<32>>(device, state->digests, i) == wanted;
        });
    };
    return job;
}

Job make_device_chacha8(const DeviceJobSettings& s) {
    auto& device = s.device;
    const auto bytes = choose_bytes(s, 1);
    const auto generator = std::make_shared<Generator>(device, s.features);
    const auto out = std::make_shared<DeviceArray>(device, bytes);
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = bytes;
    job.work_per_round = static_cast<double>(bytes);
    job.run = queued(device, [generator, out, bytes] { generator->fill(*out, bytes, 1); });
    job.poison = [generator, out, bytes] { generator->fill(*out, bytes, 3); };
    job.has_right_answers = [&device, generator, out, bytes] {
        return all_right(bytes / 8, [&](std::size_t i) {
            return download<std::uint64_t>(device, *out, i) == generator->read<std::uint64_t>(1, i);
        });
    };
    return job;
}

Job make_device_memory_read(const DeviceJobSettings& s) { return make_stream(s, DevicePass::read, 1); }
Job make_device_memory_write(const DeviceJobSettings& s) { return make_stream(s, DevicePass::write, 1); }
Job make_device_memory_copy(const DeviceJobSettings& s) { return make_stream(s, DevicePass::copy, 2); }
Job make_device_memory_triad(const DeviceJobSettings& s) { return make_stream(s, DevicePass::triad, 3); }

Job make_device_memory_random(const DeviceJobSettings& s) {
    constexpr std::size_t walkers = std::size_t{1} << 20, steps = 8;
    auto& device = s.device;
    const auto bytes = choose_bytes(s, 1);
    struct State {
        State(const DeviceJobSettings& settings, std::size_t bytes_)
            : generator(settings.device, settings.features), memory(settings.device, bytes_),
              states(settings.device, 8 * walkers) {
            generator.fill(memory, bytes_, 1);
        }
        Generator generator;
        DeviceArray memory, states;
    };
    const auto state = std::make_shared<State>(s, bytes);
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = bytes;
    job.work_per_round = static_cast<double>(walkers * steps);
    job.run = queued(device, [&device, state, bytes] {
        state->generator.fill(state->states, 8 * walkers, 2);
        device.walk(Lane::product, state->memory, bytes / block, state->states, walkers, steps);
    });
    job.poison = [state] { state->generator.fill(state->states, 8 * walkers, 3); };
    job.has_right_answers = [&device, state, bytes] {
        return all_right(walkers, [&](std::size_t i) {
            auto word = state->generator.read<std::uint64_t>(2, i);
            for (std::size_t step = 0; step < steps; ++step) {
                // The walker's next block alone, as a memory of one block.
                const auto at = static_cast<std::uint64_t>(static_cast<Wide>(word) * (bytes / block) >> 64);
                const auto read = state->generator.expected(1, at, 1);
                kernels::walk_reference({read.data(), 1, &word, 1, 1});
            }
            return download<std::uint64_t>(device, state->states, i) == word;
        });
    };
    return job;
}

Job make_device_pcie_h2d(const DeviceJobSettings& s) { return make_transfer(s, Direction::to_device); }
Job make_device_pcie_d2h(const DeviceJobSettings& s) { return make_transfer(s, Direction::to_host); }

constexpr std::pair<std::string_view, MakeDeviceJob> table[] = {{"peak-s8", make_device_peak_s8},
                                                                {"gemm-s8", make_device_gemm_s8},
                                                                {"sha256", make_device_sha256},
                                                                {"chacha8", make_device_chacha8},
                                                                {"memory-read", make_device_memory_read},
                                                                {"memory-write", make_device_memory_write},
                                                                {"memory-copy", make_device_memory_copy},
                                                                {"memory-triad", make_device_memory_triad},
                                                                {"memory-random", make_device_memory_random},
                                                                {"pcie-h2d", make_device_pcie_h2d},
                                                                {"pcie-d2h", make_device_pcie_d2h}};

} // namespace

MakeDeviceJob find_device_workload(std::string_view name) {
    for (const auto& [known, make] : table)
        if (known == name) return make;
    return nullptr;
}

} // namespace kaisar
