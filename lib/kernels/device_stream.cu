// DeviceStream by CUDA's runtime, linked in statically: without a driver it answers with an error code.
#include "kernels/device_stream.h"

#include "error/error.h"
#include "kernels/cuda_launch.h"

#include <cuda.h>
#include <cuda_runtime.h>
#include <dlfcn.h>
#include <set>

namespace kaisar::kernels {
namespace {

enum class Choice { by_rank, by_trial };

/// Implementations of gemm_s8, fastest first, each for the compute capabilities that have its instructions.
struct GemmVariant {
    const char* name;
    unsigned first, last;
    int (*launch)(void* stream, const DeviceGemm& arguments);
    decltype(&device::launch_peak_s8_dp4a) peak; ///< of the same instruction
    Choice choice = Choice::by_rank;
};
constexpr unsigned all_newer = ~0u;
constexpr GemmVariant gemm_variants[] = {
    {"cuda_wgmma", 90, 90, device::launch_gemm_s8_wgmma, device::launch_peak_s8_wgmma},
    {"cuda_mma", 80, all_newer, device::launch_gemm_s8_mma, device::launch_peak_s8_mma},
    {"cuda_turing", 75, all_newer, device::launch_gemm_s8_turing, device::launch_peak_s8_turing},
    {"cuda_dp4a", 61, all_newer, device::launch_gemm_s8_dp4a, device::launch_peak_s8_dp4a},
    {"cuda_mma_f16", 80, all_newer, device::launch_gemm_s8_mma_f16, device::launch_peak_s8_mma_f16, Choice::by_trial}};

/// The same of gemm_bf16.
struct GemmBf16Variant {
    const char* name;
    unsigned first, last;
    int (*launch)(void* stream, const DeviceGemm& arguments);
    decltype(&device::launch_peak_bf16_mma) peak;
};
constexpr GemmBf16Variant gemm_bf16_table[] = {
    {"cuda_wgmma", 90, 90, device::launch_gemm_bf16_wgmma, device::launch_peak_bf16_wgmma},
    {"cuda_mma", 80, all_newer, device::launch_gemm_bf16_mma, device::launch_peak_bf16_mma}};

template <class Variant>
bool has_it(const Variant& variant, const DeviceFacts& facts) {
    return facts.capability >= variant.first && facts.capability <= variant.last;
}

std::vector<std::string> names_of(const DeviceFacts& facts, Choice choice) {
    std::vector<std::string> names;
    for (const auto& variant : gemm_variants)
        if (has_it(variant, facts) && variant.choice == choice) names.emplace_back(variant.name);
    return names;
}

const GemmVariant& require_gemm(const DeviceFacts& facts, const std::string& name) {
    for (const auto& variant : gemm_variants)
        if (has_it(variant, facts) && (name.empty() || name == variant.name)) return variant;
    if (name.empty())
        throw Error(ErrorKind::environment,
                    "cuda:" + std::to_string(facts.index) + " (" + facts.name + ") has no int8 dot products",
                    "GPUs from compute capability 6.1 on have them");
    throw Error(ErrorKind::usage, "cuda:" + std::to_string(facts.index) + " cannot run gemm_s8/" + name,
                "kaisar bench without --variant takes the fastest that the GPU has");
}

void* pointer(DeviceAddress address) { return reinterpret_cast<void*>(address); }

std::string version_text(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string uuid_text(const cudaUUID_t& uuid) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text = "GPU-";
    for (int i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        const auto byte = static_cast<unsigned char>(uuid.bytes[i]);
        text += digits[byte >> 4], text += digits[byte & 15];
    }
    return text;
}

// The driver tells the instances of a partitioned GPU apart where the runtime may give the card's UUID for all of them.
// The program is not linked with the driver.
cudaUUID_t find_uuid(int index, const cudaUUID_t& otherwise) {
    void* const driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (driver == nullptr) return otherwise;
    const auto get = reinterpret_cast<decltype(&cuDeviceGet)>(dlsym(driver, "cuDeviceGet"));
    const auto get_uuid = reinterpret_cast<decltype(&cuDeviceGetUuid)>(dlsym(driver, "cuDeviceGetUuid_v2"));
    CUdevice device = 0;
    CUuuid uuid{};
    const bool is_found = get != nullptr && get_uuid != nullptr && get(&device, index) == CUDA_SUCCESS &&
                          get_uuid(&uuid, device) == CUDA_SUCCESS;
    dlclose(driver);
    return is_found ? uuid : otherwise;
}

std::string explain(cudaError_t error) {
    int driver = 0, built_for = 0;
    if (error == cudaErrorNoDevice) return "the NVIDIA driver shows this process no GPU";
    if (error != cudaErrorInsufficientDriver) return std::string("CUDA says: ") + cudaGetErrorString(error);
    cudaDriverGetVersion(&driver), cudaRuntimeGetVersion(&built_for);
    if (driver == 0) return "there is no NVIDIA driver";
    return "the NVIDIA driver is for CUDA " + version_text(driver) + ", this version needs one for CUDA " +
           version_text(built_for) + " or newer";
}

class CudaStream final : public DeviceStream {
public:
    CudaStream(const DeviceFacts& facts, const std::string& variant)
        : facts_(facts), gemm_(require_gemm(facts, variant)) {
        for (const auto& row : gemm_bf16_table)
            if (has_it(row, facts)) bf16_.push_back(&row);
        // A thread that waits for a GPU sleeps: the processor has proofs of its own to make. One that is in use already
        // keeps its way of waiting, which is no fault.
        if (cudaInitDevice(static_cast<int>(facts.index), cudaDeviceScheduleBlockingSync,
                           cudaInitDeviceFlagsAreValid) != cudaSuccess)
            cudaGetLastError();
        require(cudaSetDevice(static_cast<int>(facts.index)), "use it");
        int least = 0, greatest = 0;
        require(cudaDeviceGetStreamPriorityRange(&least, &greatest), "ask for its priorities");
        // Hashing is short and what the next product waits for: its blocks go first when a multiprocessor is free.
        require(cudaStreamCreateWithPriority(&at_lane(Lane::product), cudaStreamNonBlocking, least), "create a stream");
        require(cudaStreamCreateWithPriority(&at_lane(Lane::hash), cudaStreamNonBlocking, greatest), "create a stream");
        for (auto& event : events_)
            require(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "create an event");
    }
    ~CudaStream() override {
        cudaSetDevice(static_cast<int>(facts_.index));
        for (auto* memory : memory_) cudaFree(memory);
        for (auto* memory : pinned_) cudaFreeHost(memory);
        for (auto event : events_) cudaEventDestroy(event);
        for (auto lane : lanes_) cudaStreamDestroy(lane);
    }

    const DeviceFacts& facts() const override { return facts_; }
    std::string gemm_variant() const override { return gemm_.name; }

    std::uint64_t free_bytes() override {
        select();
        std::size_t free = 0, total = 0;
        require(cudaMemGetInfo(&free, &total), "ask for its memory");
        return free;
    }
    DeviceAddress allocate(std::uint64_t bytes) override {
        select();
        void* memory = nullptr;
        if (const auto error = cudaMalloc(&memory, bytes); error != cudaSuccess) {
            cudaGetLastError(); // no memory is no lasting fault
            throw Error(ErrorKind::environment,
                        name() + " has not " + std::to_string(bytes >> 20) +
                            " MiB to give: " + cudaGetErrorString(error),
                        "end what else uses this GPU (nvidia-smi names it)");
        }
        memory_.insert(memory);
        return static_cast<DeviceAddress>(reinterpret_cast<std::uint64_t>(memory));
    }
    void release(DeviceAddress memory) noexcept override {
        cudaSetDevice(static_cast<int>(facts_.index));
        if (memory_.erase(pointer(memory)) > 0) cudaFree(pointer(memory));
    }

    // In a lane: a plain cudaMemcpy from pageable memory may return before the data have arrived, and lanes do not wait
    // for it.
    void upload(DeviceAddress to, const void* from, std::size_t bytes) override {
        synchronize();
        copy_in(Lane::product, to, from, bytes);
        synchronize();
    }
    void download(void* to, DeviceAddress from, std::size_t bytes) override {
        synchronize();
        copy_out(Lane::product, to, from, bytes);
        synchronize();
    }
    void synchronize() override {
        select();
        for (auto lane : lanes_) require(cudaStreamSynchronize(lane), "finish its work");
    }
    void follow(Lane lane, Lane other) override {
        select();
        const auto event = events_[static_cast<std::size_t>(other)];
        require(cudaEventRecord(event, at(other)), "record an event");
        require(cudaStreamWaitEvent(at(lane), event, 0), "wait for an event");
    }

    void chacha8(Lane lane, const std::uint8_t* key, std::uint64_t nonce, std::uint64_t counter, DeviceAddress out,
                 std::size_t count) override {
        select();
        launched(device::launch_chacha8(at(lane), key, nonce, counter, pointer(out), count), "chacha8");
    }
    void gemm_s8(Lane lane, const DeviceGemm& g) override {
        select();
        launched(gemm_.launch(at(lane), g), "gemm_s8");
    }
    void gemm_f32(Lane lane, const DeviceGemm& g) override {
        select();
        launched(device::launch_gemm_f32(at(lane), g), "gemm_f32");
    }
    void gemm_bf16(Lane lane, std::size_t variant, const DeviceGemm& g) override {
        select();
        launched(bf16_.at(variant)->launch(at(lane), g), "gemm_bf16");
    }
    std::vector<std::string> gemm_bf16_variants() const override {
        std::vector<std::string> names;
        for (const auto* variant : bf16_) names.emplace_back(variant->name);
        return names;
    }
    void hash_tiles(Lane lane, const DeviceHash& hash, const DeviceTiles& tiles, DeviceAddress digests) override {
        select();
        launched(device::launch_hash_tiles(at(lane), hash, tiles, pointer(digests)), "sha256");
    }
    void hash_messages(Lane lane, const DeviceHash& hash, DeviceAddress messages, std::size_t blocks, std::size_t count,
                       DeviceAddress digests) override {
        select();
        launched(device::launch_hash_messages(at(lane), hash, pointer(messages), blocks, count, pointer(digests)),
                 "sha256");
    }
    void page_fill(Lane lane, DeviceAddress starts, std::size_t blocks, std::size_t passes, DeviceAddress pages,
                   std::size_t count) override {
        select();
        launched(device::launch_page_fill(at(lane), pointer(starts), blocks, passes, pointer(pages), count),
                 "page_fill");
    }
    void walk(Lane lane, DeviceAddress memory, std::uint64_t blocks, DeviceAddress states, std::size_t count,
              std::size_t steps) override {
        select();
        launched(device::launch_walk(at(lane), pointer(memory), blocks, pointer(states), count, steps), "walk");
    }
    void pass(Lane lane, DevicePass pass, const DevicePassArguments& arguments) override {
        select();
        launched(device::launch_pass(at(lane), pass, arguments), "memory");
    }
    void mask(Lane lane, DeviceAddress words, std::size_t count, std::uint32_t keep, std::uint32_t set) override {
        select();
        launched(device::launch_mask(at(lane), pointer(words), count, keep, set), "mask");
    }
    void chase(Lane lane, DeviceAddress start, std::size_t steps, DeviceAddress out) override {
        select();
        launched(device::launch_chase(at(lane), start, steps, pointer(out)), "chase");
    }
    double peak_s8(Lane lane, std::size_t rounds, const std::int8_t* a, const std::int8_t* b,
                   DeviceAddress sum) override {
        select();
        double operations = 0;
        launched(gemm_.peak(at(lane), facts_.multiprocessors, rounds, a, b, pointer(sum), &operations), "peak");
        return operations;
    }
    double peak_fma(Lane lane, DeviceNumber number, std::size_t rounds, double factor, double term,
                    DeviceAddress sum) override {
        select();
        double operations = 0;
        launched(device::launch_peak_fma(at(lane), facts_.multiprocessors, number, rounds, factor, term, pointer(sum),
                                         &operations),
                 "peak_fma");
        return operations;
    }
    double peak_bf16(Lane lane, std::size_t variant, std::size_t rounds, const std::uint16_t* a, const std::uint16_t* b,
                     DeviceAddress sum) override {
        select();
        double operations = 0;
        launched(bf16_.at(variant)->peak(at(lane), facts_.multiprocessors, rounds, a, b, pointer(sum), &operations),
                 "peak_bf16");
        return operations;
    }
    void trace_nearest(Lane lane, const DeviceTree& tree, const DeviceRays& rays, const DeviceHits& hits) override {
        select();
        launched(device::launch_trace_nearest(at(lane), tree, rays, hits), "ray_trace");
    }
    void trace_blocked(Lane lane, const DeviceTree& tree, const DeviceRays& rays, DeviceAddress blocked) override {
        select();
        launched(device::launch_trace_blocked(at(lane), tree, rays, pointer(blocked)), "ray_trace");
    }

    void* allocate_pinned(std::size_t bytes) override {
        select();
        void* memory = nullptr;
        if (cudaMallocHost(&memory, bytes) != cudaSuccess) {
            cudaGetLastError();
            return nullptr;
        }
        pinned_.insert(memory);
        return memory;
    }
    void copy_in(Lane lane, DeviceAddress to, const void* from, std::size_t bytes) override {
        select();
        require(cudaMemcpyAsync(pointer(to), from, bytes, cudaMemcpyHostToDevice, at(lane)), "take data");
    }
    void copy_out(Lane lane, void* to, DeviceAddress from, std::size_t bytes) override {
        select();
        require(cudaMemcpyAsync(to, pointer(from), bytes, cudaMemcpyDeviceToHost, at(lane)), "give data");
    }

private:
    std::string name() const { return "cuda:" + std::to_string(facts_.index) + " (" + facts_.name + ")"; }
    cudaStream_t& at_lane(Lane lane) { return lanes_[static_cast<std::size_t>(lane)]; }
    cudaStream_t at(Lane lane) const { return lanes_[static_cast<std::size_t>(lane)]; }

    // The runtime's current device belongs to the calling thread.
    void select() const { require(cudaSetDevice(static_cast<int>(facts_.index)), "use it"); }
    void launched(int error, const char* kernel) const { require(static_cast<cudaError_t>(error), kernel); }
    void require(cudaError_t error, const char* what) const {
        if (error == cudaSuccess) return;
        throw Error(ErrorKind::environment, name() + " failed (" + what + "): " + cudaGetErrorString(error),
                    "look for Xid messages of the driver in the kernel's log; the device is left out");
    }

    DeviceFacts facts_;
    const GemmVariant& gemm_;
    std::vector<const GemmBf16Variant*> bf16_;
    std::array<cudaStream_t, 2> lanes_{};
    std::array<cudaEvent_t, 2> events_{};
    std::set<void*> memory_, pinned_;
};

} // namespace

DeviceList detect_cuda_devices() {
    int count = 0; // stays unwritten where there is no driver
    if (const auto error = cudaGetDeviceCount(&count); error != cudaSuccess) {
        cudaGetLastError();
        return {.devices = {}, .reason = explain(error)};
    }
    DeviceList list;
    for (int index = 0; index < count; ++index) {
        cudaDeviceProp properties{};
        if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) continue; // it fell off the bus
        list.devices.push_back({.index = static_cast<unsigned>(index),
                                .name = properties.name,
                                .uuid = uuid_text(find_uuid(index, properties.uuid)),
                                .capability = static_cast<unsigned>(10 * properties.major + properties.minor),
                                .memory_bytes = properties.totalGlobalMem,
                                .multiprocessors = static_cast<unsigned>(properties.multiProcessorCount),
                                .passed_over = {}});
    }
    if (list.devices.empty()) list.reason = explain(cudaErrorNoDevice);
    return list;
}

std::vector<std::string> cuda_gemm_variants(const DeviceFacts& facts) { return names_of(facts, Choice::by_rank); }
std::vector<std::string> cuda_gemm_rivals(const DeviceFacts& facts) { return names_of(facts, Choice::by_trial); }

std::unique_ptr<DeviceStream> open_cuda_device(const DeviceFacts& facts, const std::string& variant) {
    return std::make_unique<CudaStream>(facts, variant);
}

void forget_cuda_device(const DeviceFacts& facts) noexcept {
    if (cudaSetDevice(static_cast<int>(facts.index)) == cudaSuccess) cudaDeviceReset();
    cudaGetLastError();
}

} // namespace kaisar::kernels
