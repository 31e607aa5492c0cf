/// A test double of a GPU: the interface of DeviceStream, computed by the plain kernels in this machine's memory.
#pragma once

#include "error/error.h"
#include "kernels/chacha8/variants.h"
#include "kernels/device_stream.h"
#include "kernels/gemm_s8/contract.h"
#include "kernels/page_fill/contract.h"
#include "kernels/sha256_many/contract.h"
#include "kernels/sha256_many/device_math.h"
#include "kernels/walk/contract.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>

namespace kaisar::tests {

class HostDevice : public kernels::DeviceStream {
public:
    using Address = kernels::DeviceAddress;
    using Lane = kernels::Lane;

    /// Called before each kernel with its name and how many ran before; may throw, as a device that is lost does.
    std::function<void(const std::string& kernel, int before)> on_kernel;
    /// The kernel whose first byte of output comes out wrong from its n-th run on.
    std::string faulty_kernel;
    int faulty_from = 0;
    std::uint64_t memory_bytes = std::uint64_t{64} << 20;

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
        used_ -= memory_[at(address)];
        memory_.erase(at(address));
        std::free(at(address));
    }
    void upload(Address to, const void* from, std::size_t bytes) override { std::memcpy(at(to), from, bytes); }
    void download(void* to, Address from, std::size_t bytes) override { std::memcpy(to, at(from), bytes); }
    void synchronize() override {}
    void follow(Lane, Lane) override {}

    void chacha8(Lane, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, Address out,
                 std::size_t count) override {
        begin("chacha8");
        kernels::best_variant(kernels::chacha8_variants(), detect_cpu_features())
            .function(key, nonce, counter, at(out), count);
        spoil("chacha8", out);
    }
    void gemm_s8(Lane, const kernels::DeviceGemmS8& g) override {
        begin("gemm_s8");
        kernels::gemm_s8_reference({g.m, g.n, g.k, reinterpret_cast<std::int8_t*>(at(g.a)), g.lda,
                                    reinterpret_cast<std::int8_t*>(at(g.b)), g.ldb,
                                    reinterpret_cast<std::int32_t*>(at(g.c)), g.ldc, nullptr});
        spoil("gemm_s8", g.c);
    }
    void hash_tiles(Lane, const kernels::DeviceHash& hash, const kernels::DeviceTiles& tiles, Address out) override {
        begin("sha256");
        std::vector<const std::uint8_t*> messages;
        for (std::size_t leaf = 0; leaf < tiles.rows / 16 * (tiles.columns / 16); ++leaf)
            messages.push_back(at(tiles.c) + 4 * kernels::device::tile_offset(leaf, tiles.columns, tiles.ldc));
        digest(hash, messages, 4 * tiles.ldc, 16, out);
    }
    void hash_messages(Lane, const kernels::DeviceHash& hash, Address messages, std::size_t blocks, std::size_t count,
                       Address out) override {
        begin("sha256");
        std::vector<const std::uint8_t*> all;
        for (std::size_t i = 0; i < count; ++i) all.push_back(at(messages) + 64 * blocks * i);
        digest(hash, all, 64, blocks, out);
    }
    void page_fill(Lane, Address starts, std::size_t blocks, std::size_t passes, Address pages,
                   std::size_t count) override {
        begin("page_fill");
        kernels::page_fill_reference({at(starts), blocks, passes, at(pages), count});
        spoil("page_fill", pages);
    }
    void walk(Lane, Address memory, std::uint64_t blocks, Address states, std::size_t count,
              std::size_t steps) override {
        begin("walk");
        kernels::walk_reference({at(memory), blocks, reinterpret_cast<std::uint64_t*>(at(states)), count, steps});
        spoil("walk", states);
    }
    void pass(Lane, kernels::DevicePass pass, const kernels::DevicePassArguments& g) override {
        begin("memory");
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
        spoil("memory", pass == kernels::DevicePass::read ? g.sum : g.c);
    }
    double peak_s8(Lane, std::size_t rounds, const std::int8_t* a, const std::int8_t* b, Address sum) override {
        begin("peak");
        for (std::size_t i = 0; i < 16 * rounds; ++i)
            *reinterpret_cast<std::uint32_t*>(at(sum)) += static_cast<std::uint32_t>(a[i % 16] * b[i % 16]);
        spoil("peak", sum);
        return 32.0 * static_cast<double>(rounds);
    }
    void* allocate_pinned(std::size_t bytes) override {
        pinned_.emplace_back(bytes);
        return pinned_.back().data();
    }
    void copy_in(Lane, Address to, const void* from, std::size_t bytes) override { upload(to, from, bytes); }
    void copy_out(Lane, void* to, Address from, std::size_t bytes) override { download(to, from, bytes); }

private:
    static std::uint8_t* at(Address address) { return reinterpret_cast<std::uint8_t*>(address); }
    static double* numbers(Address address) { return reinterpret_cast<double*>(address); }

    void begin(const std::string& kernel) {
        if (on_kernel) on_kernel(kernel, runs_[kernel]);
        ++runs_[kernel];
    }
    void spoil(const std::string& kernel, Address out) {
        if (kernel == faulty_kernel && runs_[kernel] > faulty_from) *at(out) = static_cast<std::uint8_t>(*at(out) ^ 1);
    }
    void digest(const kernels::DeviceHash& hash, const std::vector<const std::uint8_t*>& messages, std::size_t stride,
                std::size_t blocks, Address out) {
        kernels::sha256_many_reference(
            {hash.initial.data(), messages.data(), stride, blocks, hash.last.data(), at(out), messages.size()});
        spoil("sha256", out);
    }

    kernels::DeviceFacts facts_{.index = 3, .name = "double", .uuid = "GPU-double", .capability = 90};
    std::map<void*, std::uint64_t> memory_;
    std::vector<std::vector<std::uint8_t>> pinned_;
    std::map<std::string, int> runs_;
    std::uint64_t used_ = 0;
};

} // namespace kaisar::tests
