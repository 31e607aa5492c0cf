/// A GPU as proofs and benchmarks see it: memory that only it can address, and exact kernels that run in its lanes.
///
/// Calls queue work and return; what was queued in one lane runs in that order. A device that fails says so at the next
/// synchronize(), upload or download: Error(environment), after which it is of no more use.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kaisar::kernels {

/// What the driver says of a device.
struct DeviceFacts {
    unsigned index = 0; ///< among the devices that this process is shown (CUDA_VISIBLE_DEVICES)
    std::string name;
    std::string uuid;        ///< as NVML spells it: GPU-… or MIG-…
    unsigned capability = 0; ///< 90 for 9.0
    std::uint64_t memory_bytes = 0;
    unsigned multiprocessors = 0;
    std::string passed_over; ///< faster kernels that this device should run and does not run rightly; usually empty
};

/// What can be found out without using a device: all of them, or why there is none.
struct DeviceList {
    std::vector<DeviceFacts> devices;
    std::string reason; ///< empty when there are devices
};

/// An address in a device's memory.
enum class DeviceAddress : std::uint64_t {};
constexpr DeviceAddress operator+(DeviceAddress address, std::uint64_t bytes) {
    return static_cast<DeviceAddress>(static_cast<std::uint64_t>(address) + bytes);
}

/// Two queues, so that hashing can fill what the matrix units leave idle.
enum class Lane { product, hash };

/// A product of two matrices in rows of k: C[i][j] is the sum over l of A[i][l] * B[j][l]. m and n are multiples of
/// 128; rows of k are multiples of 64 bytes; addresses and row distances, which are counted in elements, of 16 bytes.
struct DeviceGemm {
    std::size_t m, n, k;
    DeviceAddress a;
    std::size_t lda;
    DeviceAddress b;
    std::size_t ldb;
    DeviceAddress c;
    std::size_t ldc;
};

/// SHA-256 of messages of one length: the chaining value that all start from and the block of padding that ends them.
struct DeviceHash {
    std::array<std::uint32_t, 8> initial;
    std::array<std::uint8_t, 64> last;
};

/// 16 x 16 tiles of int32, in the order of a proof's leaves: superblocks of 128 x 128 row by row, and 8 x 8 tiles row
/// by row within each.
struct DeviceTiles {
    DeviceAddress c;
    std::size_t ldc;
    std::size_t rows, columns; ///< multiples of 128
};

enum class DevicePass { read, write, copy, triad };

/// The contract of memory, over n doubles, a multiple of 2: copy is c = a, triad c = a + factor * b, write c = factor;
/// read adds the sum of all words of a to the word at `sum`.
struct DevicePassArguments {
    DeviceAddress a, b, c;
    double factor;
    std::size_t n;
    DeviceAddress sum;
};

enum class DeviceNumber { f32, f64 };

/// ray_trace's tree, rays and hits, at addresses of the device.
struct DeviceTree {
    DeviceAddress nodes, blocks;
};
struct DeviceRays {
    DeviceAddress origin[3], direction[3], reach;
    std::size_t count;
};
struct DeviceHits {
    DeviceAddress distance, triangle, u, v;
};

class DeviceStream {
public:
    DeviceStream() = default;
    DeviceStream(const DeviceStream&) = delete;
    DeviceStream& operator=(const DeviceStream&) = delete;
    virtual ~DeviceStream();

    virtual const DeviceFacts& facts() const = 0;
    /// Which implementation of gemm_s8 it runs.
    virtual std::string gemm_variant() const = 0;
    /// What could be allocated now.
    virtual std::uint64_t free_bytes() = 0;

    /// Error(environment) when there is not enough. Released with the stream at the latest.
    virtual DeviceAddress allocate(std::uint64_t bytes) = 0;
    virtual void release(DeviceAddress memory) noexcept = 0;
    /// Both wait for what was queued in every lane.
    virtual void upload(DeviceAddress to, const void* from, std::size_t bytes) = 0;
    virtual void download(void* to, DeviceAddress from, std::size_t bytes) = 0;
    virtual void synchronize() = 0;
    /// What is queued in `lane` from now on waits for what is queued in `other` by now.
    virtual void follow(Lane lane, Lane other) = 0;

    /// As chacha8; `key` is 32 bytes on the host, `out` is a multiple of 16.
    virtual void chacha8(Lane lane, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter,
                         DeviceAddress out, std::size_t count) = 0;
    /// int8 with sums in int32.
    virtual void gemm_s8(Lane lane, const DeviceGemm& arguments) = 0;
    /// All in single precision, within the bound of gemm_f32's contract.
    virtual void gemm_f32(Lane lane, const DeviceGemm& arguments) = 0;
    /// bfloat16 with sums in single precision, within the bound of gemm_bf16's contract; `variant` counts
    /// gemm_bf16_variants().
    virtual void gemm_bf16(Lane lane, std::size_t variant, const DeviceGemm& arguments) = 0;
    /// Fastest first; none where the device has no instruction for it.
    virtual std::vector<std::string> gemm_bf16_variants() const = 0;
    /// One digest of 32 bytes a tile.
    virtual void hash_tiles(Lane lane, const DeviceHash& hash, const DeviceTiles& tiles, DeviceAddress digests) = 0;
    /// One digest for each of `count` messages of `blocks` x 64 bytes, back to back.
    virtual void hash_messages(Lane lane, const DeviceHash& hash, DeviceAddress messages, std::size_t blocks,
                               std::size_t count, DeviceAddress digests) = 0;
    /// As page_fill, with starts on the device; up to 64 blocks a page.
    virtual void page_fill(Lane lane, DeviceAddress starts, std::size_t blocks, std::size_t passes, DeviceAddress pages,
                           std::size_t count) = 0;
    /// As walk.
    virtual void walk(Lane lane, DeviceAddress memory, std::uint64_t blocks, DeviceAddress states, std::size_t count,
                      std::size_t steps) = 0;
    virtual void pass(Lane lane, DevicePass pass, const DevicePassArguments& arguments) = 0;
    /// Each of `count` 32-bit words becomes (word & keep) | set.
    virtual void mask(Lane lane, DeviceAddress words, std::size_t count, std::uint32_t keep, std::uint32_t set) = 0;
    /// One thread follows addresses, from the one at `start` on, so many steps, a multiple of 16: leaves at `out` where
    /// it is, and how many of its clock's cycles that took, two 64-bit words.
    virtual void chase(Lane lane, DeviceAddress start, std::size_t steps, DeviceAddress out) = 0;
    /// Ceilings, by all multiprocessors; all return the operations done, a multiplication and an addition each.
    ///
    /// As the kernel peak_s8: adds the sum to the 32-bit word at `sum`.
    virtual double peak_s8(Lane lane, std::size_t rounds, const std::int8_t* a, const std::int8_t* b,
                           DeviceAddress sum) = 0;
    /// Chains of x = factor * x + term, one fused operation a round, all from zero: adds the bits of each chain's end,
    /// as a whole number, to the 64-bit word at `sum`.
    virtual double peak_fma(Lane lane, DeviceNumber number, std::size_t rounds, double factor, double term,
                            DeviceAddress sum) = 0;
    /// As the kernel peak_bf16, with a variant's instruction and at most 2^24 / 1024 rounds: adds the sum to the 64-bit
    /// word at `sum`.
    virtual double peak_bf16(Lane lane, std::size_t variant, std::size_t rounds, const std::uint16_t* a,
                             const std::uint16_t* b, DeviceAddress sum) = 0;
    /// As ray_trace: bit for bit what every variant gives.
    virtual void trace_nearest(Lane lane, const DeviceTree& tree, const DeviceRays& rays, const DeviceHits& hits) = 0;
    virtual void trace_blocked(Lane lane, const DeviceTree& tree, const DeviceRays& rays, DeviceAddress blocked) = 0;
    /// Page-locked memory of the host, which copies at full speed; null where there is none. Freed with the stream.
    virtual void* allocate_pinned(std::size_t bytes) = 0;
    /// Queues the copy; the host's memory is page-locked.
    virtual void copy_in(Lane lane, DeviceAddress to, const void* from, std::size_t bytes) = 0;
    virtual void copy_out(Lane lane, void* to, DeviceAddress from, std::size_t bytes) = 0;
};

/// A device's memory for as long as this lives.
class DeviceArray {
public:
    DeviceArray(DeviceStream& device, std::uint64_t size_bytes)
        : device_(device), address_(device.allocate(size_bytes)) {}
    DeviceArray(const DeviceArray&) = delete;
    DeviceArray& operator=(const DeviceArray&) = delete;
    ~DeviceArray() { device_.release(address_); }
    operator DeviceAddress() const { return address_; }

private:
    DeviceStream& device_;
    DeviceAddress address_;
};

/// The NVIDIA GPUs that CUDA shows this process, or why there are none: no kernels built in, no driver, no device.
DeviceList detect_cuda_devices();

/// The implementations of gemm_s8 that the device has the instructions for, fastest first.
std::vector<std::string> cuda_gemm_variants(const DeviceFacts& facts);

/// Implementations that are the faster ones where the units that the others use are weak, which only trying tells.
std::vector<std::string> cuda_gemm_rivals(const DeviceFacts& facts);

/// Error(environment) when the device cannot be used, with the driver's reason. Without a name of a variant the first
/// of cuda_gemm_variants(); Error(usage) for one that the device does not have.
std::unique_ptr<DeviceStream> open_cuda_device(const DeviceFacts& facts, const std::string& variant = {});

/// Ends what this process has on the device, so that it can be opened again after a kernel failed. No stream of it may
/// be open.
void forget_cuda_device(const DeviceFacts& facts) noexcept;

} // namespace kaisar::kernels
