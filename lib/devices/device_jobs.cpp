#include "devices/device_jobs.h"

#include "devices/device_inputs.h"
#include "kernels/sha256_many/contract.h"
#include "kernels/walk/contract.h"

#include <cmath>
#include <memory>
#include <utility>

namespace kaisar {
namespace {

using kernels::DeviceAddress;
using kernels::DeviceArray;
using kernels::DevicePass;
using kernels::DeviceStream;
using kernels::Lane;
using on_device::all_right;
using on_device::block;
using on_device::choose_bytes;
using on_device::clear_sum;
using on_device::download;
using on_device::Generator;
using on_device::queued;

__extension__ using Wide = unsigned __int128;

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
    const auto a = s.generator.read<double>(1, i);
    if (pass == DevicePass::write) return found == factor;
    if (pass == DevicePass::copy) return std::memcmp(&found, &a, sizeof a) == 0;
    return is_same(found, std::fma(factor, s.generator.read<double>(2, i), a));
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
        clear_sum(device, streams->sum);
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

struct Row {
    std::string_view name;
    MakeDeviceJob make;
    MakeDeviceJob make_ceiling = nullptr;
};
constexpr Row table[] = {{"peak-s8", make_device_peak_s8},
                         {"gemm-s8", make_device_gemm_s8, make_device_peak_s8},
                         {"peak-f32", make_device_peak_f32},
                         {"gemm-f32", make_device_gemm_f32, make_device_peak_f32},
                         {"peak-f64", make_device_peak_f64},
                         {"peak-bf16", make_device_peak_bf16},
                         {"gemm-bf16", make_device_gemm_bf16, make_device_peak_bf16},
                         {"sha256", make_device_sha256},
                         {"chacha8", make_device_chacha8},
                         {"memory-read", make_device_memory_read},
                         {"memory-write", make_device_memory_write},
                         {"memory-copy", make_device_memory_copy},
                         {"memory-triad", make_device_memory_triad},
                         {"memory-random", make_device_memory_random},
                         {"memory-latency", make_device_memory_latency},
                         {"pcie-h2d", make_device_pcie_h2d},
                         {"pcie-d2h", make_device_pcie_d2h},
                         {"pcie-both", make_device_pcie_both}};

template <MakeDeviceJob Row::*maker>
MakeDeviceJob find_maker(std::string_view name) {
    for (const auto& row : table)
        if (row.name == name) return row.*maker;
    return nullptr;
}

} // namespace

MakeDeviceJob find_device_workload(std::string_view name) { return find_maker<&Row::make>(name); }
MakeDeviceJob find_device_ceiling(std::string_view name) { return find_maker<&Row::make_ceiling>(name); }

} // namespace kaisar
