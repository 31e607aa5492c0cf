/// A test double of a GPU: the interface of DeviceStream, computed by this processor's kernels in this machine's
/// memory.
///
/// What is queued runs when it is waited for, the two lanes interleaved by chance as far as follow() leaves it open, so
/// that a lane which forgets to wait for the other computes nonsense here too.
#pragma once

#include "error/error.h"
#include "kernels/chacha8/variants.h"
#include "kernels/device_stream.h"
#include "kernels/gemm_s8/variants.h"
#include "kernels/page_fill/variants.h"
#include "kernels/ray_trace/variants.h"
#include "kernels/sha256_many/device_math.h"
#include "kernels/sha256_many/variants.h"
#include "kernels/walk/variants.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>

namespace kaisar::tests {

/// This processor's best variant.
template <class Table>
auto best(const Table& variants) {
    static const auto features = detect_cpu_features();
    return kernels::best_variant(variants, features).function;
}

class HostDevice : public kernels::DeviceStream {
public:
    using Address = kernels::DeviceAddress;
    using Lane = kernels::Lane;

    HostDevice() = default;
    explicit HostDevice(unsigned index)
        : facts_{.index = index, .name = "double", .uuid = "GPU-" + std::to_string(index), .capability = 90} {}

    /// Which interleaving of the lanes is taken.
    void seed_order(unsigned seed) { random_.seed(seed); }

    /// Called before each kernel with its name and how many ran before; may throw, as a device that is lost does.
    std::function<void(const std::string& kernel, int before)> on_kernel;
    /// The kernel of whose output a byte, the first one, comes out wrong from its n-th run on.
    std::string faulty_kernel;
    int faulty_from = 0;
    std::size_t faulty_byte = 0;
    std::uint64_t memory_bytes = std::uint64_t{128} << 20;
    std::vector<std::string> bf16_variants{"double"}; ///< kernels of others bear their names

    ~HostDevice() override {
        for (auto& [address, bytes] : memory_) std::free(address);
    }
    const kernels::DeviceFacts& facts() const override { return facts_; }
    std::string gemm_variant() const override { return "double"; }
    std::uint64_t free_bytes() override { return memory_bytes - used_; }

    Address allocate(std::uint64_t bytes) override {
        if (used_ + bytes > memory_bytes) throw Error(ErrorKind::environment, "the double has no more memory");
        used_ += bytes;
        auto* const memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
        memory_[memory] = bytes;
        return static_cast<Address>(reinterpret_cast<std::uint64_t>(memory));
    }
    void release(Address address) noexcept override {
        finish();
        used_ -= memory_[at(address)];
        memory_.erase(at(address));
        std::free(at(address));
    }
    void upload(Address to, const void* from, std::size_t bytes) override {
        finish();
        std::memcpy(at(to), from, bytes);
    }
    void download(void* to, Address from, std::size_t bytes) override {
        finish();
        std::memcpy(to, at(from), bytes);
    }
    void synchronize() override { finish(); }
    void follow(Lane lane, Lane other) override {
        auto& queue = queued_[static_cast<std::size_t>(lane)];
        const auto position = static_cast<std::size_t>(other);
        queue.push_back({{}, position, queued_[position].size()});
    }

    void chacha8(Lane lane, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, Address out,
                 std::size_t count) override {
        std::array<std::uint8_t, 32> copy;
        std::memcpy(copy.data(), key, copy.size());
        queue(lane, "chacha8", out,
              [=] { best(kernels::chacha8_variants())(copy.data(), nonce, counter, at(out), count); });
    }
    void gemm_s8(Lane lane, const kernels::DeviceGemm& g) override {
        queue(lane, "gemm_s8", g.c, [g] {
            const auto gemm = best(kernels::gemm_s8_variants());
            std::vector<std::uint8_t> workspace(gemm.workspace_bytes(g.m, g.n, g.k) + 64);
            auto* const aligned = workspace.data() + (64 - reinterpret_cast<std::uintptr_t>(workspace.data()) % 64);
            gemm.multiply({g.m, g.n, g.k, reinterpret_cast<std::int8_t*>(at(g.a)), g.lda,
                           reinterpret_cast<std::int8_t*>(at(g.b)), g.ldb, reinterpret_cast<std::int32_t*>(at(g.c)),
                           g.ldc, aligned});
        });
    }
    void gemm_f32(Lane lane, const kernels::DeviceGemm& g) override {
        queue(lane, "gemm_f32", g.c, [g] {
            const auto *a = singles(g.a), *b = singles(g.b);
            product(g,
                    [=](std::size_t i, std::size_t j, std::size_t l) { return a[i * g.lda + l] * b[j * g.ldb + l]; });
        });
    }
    void gemm_bf16(Lane lane, std::size_t variant, const kernels::DeviceGemm& g) override {
        queue(lane, bf16_variants.at(variant) == "double" ? "gemm_bf16" : "gemm_bf16 " + bf16_variants[variant], g.c,
              [g] {
                  const auto *a = reinterpret_cast<const std::uint16_t*>(at(g.a)),
                             *b = reinterpret_cast<const std::uint16_t*>(at(g.b));
                  product(g, [=](std::size_t i, std::size_t j, std::size_t l) {
                      return widened(a[i * g.lda + l]) * widened(b[j * g.ldb + l]);
                  });
              });
    }
    std::vector<std::string> gemm_bf16_variants() const override { return bf16_variants; }
    void hash_tiles(Lane lane, const kernels::DeviceHash& hash, const kernels::DeviceTiles& tiles,
                    Address out) override {
        queue(lane, "sha256", out, [=] {
            std::vector<const std::uint8_t*> messages;
            for (std::size_t leaf = 0; leaf < tiles.rows / 16 * (tiles.columns / 16); ++leaf)
                messages.push_back(at(tiles.c) + 4 * kernels::device::tile_offset(leaf, tiles.columns, tiles.ldc));
            digest(hash, messages, 4 * tiles.ldc, 16, out);
        });
    }
    void hash_messages(Lane lane, const kernels::DeviceHash& hash, Address messages, std::size_t blocks,
                       std::size_t count, Address out) override {
        queue(lane, "sha256", out, [=] {
            std::vector<const std::uint8_t*> all;
            for (std::size_t i = 0; i < count; ++i) all.push_back(at(messages) + 64 * blocks * i);
            digest(hash, all, 64, blocks, out);
        });
    }
    void page_fill(Lane lane, Address starts, std::size_t blocks, std::size_t passes, Address pages,
                   std::size_t count) override {
        queue(lane, "page_fill", pages, [=] {
            best(kernels::page_fill_variants())({at(starts), blocks, passes, at(pages), count});
        });
    }
    void walk(Lane lane, Address memory, std::uint64_t blocks, Address states, std::size_t count,
              std::size_t steps) override {
        queue(lane, "walk", states, [=] {
            kernels::walk_reference({at(memory), blocks, reinterpret_cast<std::uint64_t*>(at(states)), count, steps});
        });
    }
    void pass(Lane lane, kernels::DevicePass pass, const kernels::DevicePassArguments& g) override {
        queue(lane, "memory", pass == kernels::DevicePass::read ? g.sum : g.c, [=] {
            const auto *a = numbers(g.a), *b = numbers(g.b);
            auto* const c = numbers(g.c);
            for (std::size_t i = 0; i < g.n; ++i) {
                if (pass == kernels::DevicePass::copy) c[i] = a[i];
                if (pass == kernels::DevicePass::write) c[i] = g.factor;
                if (pass == kernels::DevicePass::triad) c[i] = std::fma(g.factor, b[i], a[i]);
                std::uint64_t word = 0;
                if (pass != kernels::DevicePass::read) continue;
                std::memcpy(&word, a + i, 8);
                *reinterpret_cast<std::uint64_t*>(at(g.sum)) += word;
            }
        });
    }
    void mask(Lane lane, Address words, std::size_t count, std::uint32_t keep, std::uint32_t set) override {
        queue(lane, "mask", words, [=] {
            auto* const word = reinterpret_cast<std::uint32_t*>(at(words));
            for (std::size_t i = 0; i < count; ++i) word[i] = (word[i] & keep) | set;
        });
    }
    /// A cycle a step.
    void chase(Lane lane, Address start, std::size_t steps, Address out) override {
        queue(lane, "chase", out, [=] {
            auto now = static_cast<std::uint64_t>(start);
            for (std::size_t i = 0; i < steps; ++i) now = *reinterpret_cast<const std::uint64_t*>(now);
            reinterpret_cast<std::uint64_t*>(at(out))[0] = now;
            reinterpret_cast<std::uint64_t*>(at(out))[1] = steps;
        });
    }
    double peak_s8(Lane lane, std::size_t rounds, const std::int8_t* a, const std::int8_t* b, Address sum) override {
        std::uint32_t product = 0;
        for (std::size_t i = 0; i < 16; ++i) product += static_cast<std::uint32_t>(a[i] * b[i]);
        queue(lane, "peak", sum,
              [=] { *reinterpret_cast<std::uint32_t*>(at(sum)) += static_cast<std::uint32_t>(rounds) * product; });
        return 32.0 * static_cast<double>(rounds);
    }
    double peak_fma(Lane lane, kernels::DeviceNumber number, std::size_t rounds, double factor, double term,
                    Address sum) override {
        queue(lane, "peak_fma", sum, [=] {
            auto& word = *reinterpret_cast<std::uint64_t*>(at(sum));
            float narrow = 0;
            double wide = 0;
            for (std::size_t i = 0; i < rounds; ++i) {
                narrow = std::fma(static_cast<float>(factor), narrow, static_cast<float>(term));
                wide = std::fma(factor, wide, term);
            }
            word += number == kernels::DeviceNumber::f32 ? std::bit_cast<std::uint32_t>(narrow)
                                                         : std::bit_cast<std::uint64_t>(wide);
        });
        return 2.0 * static_cast<double>(rounds);
    }
    double peak_bf16(Lane lane, std::size_t, std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b,
                     Address sum) override {
        float product = 0;
        for (std::size_t i = 0; i < 16; ++i) product += widened(a[i]) * widened(b[i]);
        const auto all = static_cast<std::int64_t>(product) * static_cast<std::int64_t>(rounds);
        queue(lane, "peak_bf16", sum,
              [=] { *reinterpret_cast<std::uint64_t*>(at(sum)) += static_cast<std::uint64_t>(all); });
        return 32.0 * static_cast<double>(rounds);
    }
    void trace_nearest(Lane lane, const kernels::DeviceTree& tree, const kernels::DeviceRays& rays,
                       const kernels::DeviceHits& hits) override {
        queue(lane, "ray_trace", hits.triangle, [=] {
            best(kernels::ray_trace_variants())
                .nearest(tree_of(tree), rays_of(rays),
                         {singles(hits.distance), reinterpret_cast<std::uint32_t*>(at(hits.triangle)), singles(hits.u),
                          singles(hits.v)});
        });
    }
    void trace_blocked(Lane lane, const kernels::DeviceTree& tree, const kernels::DeviceRays& rays,
                       Address blocked) override {
        queue(lane, "ray_trace", blocked,
              [=] { best(kernels::ray_trace_variants()).blocked(tree_of(tree), rays_of(rays), at(blocked)); });
    }
    void* allocate_pinned(std::size_t bytes) override {
        pinned_.emplace_back(bytes);
        return pinned_.back().data();
    }
    void copy_in(Lane lane, Address to, const void* from, std::size_t bytes) override {
        queued_[static_cast<std::size_t>(lane)].push_back({[=] { std::memcpy(at(to), from, bytes); }});
    }
    void copy_out(Lane lane, void* to, Address from, std::size_t bytes) override {
        queued_[static_cast<std::size_t>(lane)].push_back({[=] { std::memcpy(to, at(from), bytes); }});
    }

private:
    static std::uint8_t* at(Address address) { return reinterpret_cast<std::uint8_t*>(address); }
    static double* numbers(Address address) { return reinterpret_cast<double*>(address); }
    static float* singles(Address address) { return reinterpret_cast<float*>(address); }
    static float widened(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
    static kernels::RayTraceTree tree_of(const kernels::DeviceTree& tree) {
        return {reinterpret_cast<const kernels::RayTraceNode*>(at(tree.nodes)),
                reinterpret_cast<const kernels::RayTraceBlock*>(at(tree.blocks))};
    }
    static kernels::RayTraceRays rays_of(const kernels::DeviceRays& rays) {
        return {{singles(rays.origin[0]), singles(rays.origin[1]), singles(rays.origin[2])},
                {singles(rays.direction[0]), singles(rays.direction[1]), singles(rays.direction[2])},
                singles(rays.reach),
                rays.count};
    }
    template <class Term>
    static void product(const kernels::DeviceGemm& g, Term term) {
        for (std::size_t i = 0; i < g.m; ++i)
            for (std::size_t j = 0; j < g.n; ++j) {
                float sum = 0;
                for (std::size_t l = 0; l < g.k; ++l) sum += term(i, j, l);
                singles(g.c)[i * g.ldc + j] = sum;
            }
    }

    /// Work, or the wait for the first `needed` entries of another lane.
    struct Entry {
        std::function<void()> work;
        std::size_t other = 0, needed = 0;
    };

    void queue(Lane lane, const std::string& kernel, Address out, std::function<void()> work) {
        if (on_kernel) on_kernel(kernel, runs_[kernel]);
        ++runs_[kernel];
        const bool is_spoilt = kernel == faulty_kernel && runs_[kernel] > faulty_from;
        queued_[static_cast<std::size_t>(lane)].push_back({[this, out, is_spoilt, work = std::move(work)] {
            work();
            if (is_spoilt) at(out)[faulty_byte] = static_cast<std::uint8_t>(at(out)[faulty_byte] ^ 1);
        }});
    }
    void finish() {
        std::array<std::size_t, 2> done{};
        const auto is_ready = [&](std::size_t lane) {
            if (done[lane] == queued_[lane].size()) return false;
            const auto& next = queued_[lane][done[lane]];
            return next.work || done[next.other] >= next.needed;
        };
        while (is_ready(0) || is_ready(1)) {
            const std::size_t lane = !is_ready(0) ? 1 : !is_ready(1) ? 0 : random_() % 2;
            if (const auto& next = queued_[lane][done[lane]++]; next.work) next.work();
        }
        check(done[0] == queued_[0].size() && done[1] == queued_[1].size(), "no lane waits for ever");
        for (auto& lane : queued_) lane.clear();
    }
    static void digest(const kernels::DeviceHash& hash, const std::vector<const std::uint8_t*>& messages,
                       std::size_t stride, std::size_t blocks, Address out) {
        best(kernels::sha256_many_variants())(
            {hash.initial.data(), messages.data(), stride, blocks, hash.last.data(), at(out), messages.size()});
    }

    kernels::DeviceFacts facts_{.index = 3, .name = "double", .uuid = "GPU-double", .capability = 90};
    std::map<void*, std::uint64_t> memory_;
    std::vector<std::vector<std::uint8_t>> pinned_;
    std::map<std::string, int> runs_;
    std::array<std::vector<Entry>, 2> queued_;
    std::mt19937 random_{1};
    std::uint64_t used_ = 0;
};

} // namespace kaisar::tests
