#include "devices/device_jobs.h"

#include "devices/device_inputs.h"
#include "devices/known_cases.h"
#include "kernels/sha256_many/contract.h"
#include "kernels/walk/contract.h"
#include "render/renderer.h"

#include <array>
#include <memory>
#include <optional>

namespace kaisar {
namespace {

using kernels::DeviceAddress;
using kernels::DeviceArray;
using kernels::DeviceStream;
using kernels::Lane;
using on_device::all_right;
using on_device::block;
using on_device::choose_bytes;
using on_device::download;
using on_device::Generator;
using on_device::queued;

__extension__ using Wide = unsigned __int128;

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

/// Rays of some passes, as the renderer draws them on the host, apart by what is asked of them.
class RecordedRays {
public:
    void add(const render::Rays& rays) {
        for (std::size_t axis = 0; axis < 3; ++axis) {
            append(parts_[axis], rays.origin[axis], rays.count);
            append(parts_[3 + axis], rays.direction[axis], rays.count);
        }
        append(parts_[6], rays.reach, rays.count);
    }
    std::size_t count() const { return parts_[6].size(); }
    kernels::RayTraceRays one(std::size_t i) const {
        const auto& p = parts_;
        return {{&p[0][i], &p[1][i], &p[2][i]}, {&p[3][i], &p[4][i], &p[5][i]}, &p[6][i], 1};
    }
    void upload(DeviceStream& device, DeviceAddress to) const {
        for (std::size_t part = 0; part < parts_.size(); ++part)
            device.upload(to + part * part_bytes(), parts_[part].data(), parts_[part].size() * sizeof(float));
    }
    std::uint64_t size_bytes() const { return parts_.size() * part_bytes(); }
    kernels::DeviceRays at(DeviceAddress memory) const {
        const auto part = [&](std::size_t i) { return memory + i * part_bytes(); };
        return {{part(0), part(1), part(2)}, {part(3), part(4), part(5)}, part(6), count()};
    }

private:
    static void append(std::vector<float>& to, const float* from, std::size_t count) {
        to.insert(to.end(), from, from + count);
    }
    std::uint64_t part_bytes() const { return (count() * sizeof(float) + block - 1) / block * block; }
    std::array<std::vector<float>, 7> parts_; // origin, direction, reach
};

/// Eye and bounce ask for the nearest triangle, the sun whether anything is before it.
class Tracing {
public:
    Tracing(const DeviceJobSettings& s, const render::Scene& scene)
        : device_(s.device), generator_(s.device, s.features), tree_(scene) {
        record(scene, s.features);
        nodes_.emplace(device_, tree_.nodes().size() * sizeof(kernels::RayTraceNode));
        blocks_.emplace(device_, tree_.blocks().size() * sizeof(kernels::RayTraceBlock));
        device_.upload(*nodes_, tree_.nodes().data(), tree_.nodes().size() * sizeof(kernels::RayTraceNode));
        device_.upload(*blocks_, tree_.blocks().data(), tree_.blocks().size() * sizeof(kernels::RayTraceBlock));
        for (auto* kind : {&nearest_, &blocked_}) {
            kind->memory.emplace(device_, kind->rays.size_bytes());
            kind->rays.upload(device_, *kind->memory);
        }
        hits_.emplace(device_, 4 * hit_part());
        flags_.emplace(device_, flag_bytes());
    }

    std::size_t count() const { return nearest_.rays.count() + blocked_.rays.count(); }
    std::uint64_t tree_bytes() const { return tree_.size_bytes(); }
    void queue() {
        device_.trace_nearest(Lane::product, {*nodes_, *blocks_}, nearest_.rays.at(*nearest_.memory), hits());
        device_.trace_blocked(Lane::product, {*nodes_, *blocks_}, blocked_.rays.at(*blocked_.memory), *flags_);
    }
    void poison() {
        generator_.fill(*hits_, 4 * hit_part(), 3);
        generator_.fill(*flags_, flag_bytes(), 3);
    }
    /// Rays at random places, by the plain kernel.
    bool is_right() {
        return all_right(nearest_.rays.count(), [&](std::size_t i) { return has_right_hit(i); }) &&
               all_right(blocked_.rays.count(), [&](std::size_t i) {
                   std::uint8_t wanted = 0;
                   kernels::ray_trace_blocked_reference(tree_.view(), blocked_.rays.one(i), &wanted);
                   return download<std::uint8_t>(device_, *flags_, i) == wanted;
               });
    }

private:
    struct Kind {
        RecordedRays rays;
        std::optional<DeviceArray> memory;
    };

    void record(const render::Scene& scene, CpuFeatures features) {
        constexpr std::uint64_t passes = 8; // about a million rays
        const render::Renderer renderer(scene, tree_,
                                        kernels::best_variant(kernels::ray_trace_variants(), features).function);
        const auto rays = std::make_unique<render::TileRays>();
        std::array<render::Vector, render::Film::tile_pixels> light;
        for (std::uint64_t pass = 0; pass < passes; ++pass)
            for (std::size_t tile = 0; tile < render::Film::tiles; ++tile) {
                renderer.render(pass, tile, *rays, light);
                nearest_.rays.add(rays->eye), nearest_.rays.add(rays->bounce);
                blocked_.rays.add(rays->sun), blocked_.rays.add(rays->sun_of_bounce);
            }
    }
    bool has_right_hit(std::size_t i) {
        float distance = 0, u = 0, v = 0;
        std::uint32_t triangle = 0;
        kernels::ray_trace_nearest_reference(tree_.view(), nearest_.rays.one(i), {&distance, &triangle, &u, &v});
        const auto at = hits();
        return download<float>(device_, at.distance, i) == distance &&
               download<std::uint32_t>(device_, at.triangle, i) == triangle && download<float>(device_, at.u, i) == u &&
               download<float>(device_, at.v, i) == v;
    }
    kernels::DeviceHits hits() const {
        const DeviceAddress first = *hits_;
        return {first, first + hit_part(), first + 2 * hit_part(), first + 3 * hit_part()};
    }
    std::uint64_t hit_part() const { return (4 * nearest_.rays.count() + block - 1) / block * block; }
    std::uint64_t flag_bytes() const { return (blocked_.rays.count() + block - 1) / block * block; }

    DeviceStream& device_;
    Generator generator_;
    render::Tree tree_;
    Kind nearest_, blocked_;
    std::optional<DeviceArray> nodes_, blocks_, hits_, flags_;
};

Job make_device_render(const DeviceJobSettings& s) {
    const auto tracing = std::make_shared<Tracing>(s, render::make_scene());
    Job job;
    job.timed_by = TimedBy::wall;
    job.variant = "cuda";
    job.bytes = tracing->tree_bytes();
    job.work_per_round = static_cast<double>(tracing->count());
    job.run = queued(s.device, [tracing] { tracing->queue(); });
    job.poison = [tracing] { tracing->poison(); };
    job.has_right_answers = [tracing] { return tracing->is_right(); };
    job.run(0, 1);
    if (!job.has_right_answers()) throw_wrong_answer(s.device, "ray_trace");
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
                         {"render", make_device_render},
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
