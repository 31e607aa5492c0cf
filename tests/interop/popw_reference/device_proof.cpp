// Writes a proof that a GPU's prover makes, products, trees, pages and walk, on a test double of one.
//
// usage: device_proof FILE
#include "doubles/host_device.h"
#include "popw_devices/gpu_device.h"
#include "popw_devices/rehearsal.h"

#include <cstdio>
#include <fstream>

using namespace kaisar;

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: device_proof FILE\n");
        return 2;
    }
    const auto primitives = popw::choose_primitives(detect_cpu_features());
    auto params = *popw::find_params("devnet"); // seven seconds for the mark, so that a busy machine is not late
    params.round_limit = 5;
    params.profiles = {0};
    params.walkers_log2_min = 7;
    params.walkers_log2_max = 10; // the other implementation is slow
    params.device_pages.hold_accesses_log2 = 13;
    params.device_pages.passes = 8;
    params.walk_window = std::chrono::milliseconds(50);
    params.batch_limit = 4;
    tests::HostDevice stream(0);
    stream.memory_bytes = 1 << 20;
    popw::GpuDevice device({.primitives = primitives, .params = params}, stream);
    const auto rehearsal = popw::rehearse({.params = params,
                                           .device = &device,
                                           .checkers = 3,
                                           .memory_limit_bytes = 1,
                                           .now = Instant(std::chrono::seconds(1790000000))},
                                          primitives);
    const auto encoded = popw::encode_proof_file(rehearsal.file);
    std::ofstream(argv[1], std::ios::binary)
        .write(reinterpret_cast<const char*>(encoded.data()), static_cast<std::streamsize>(encoded.size()));
    std::printf("%s %u %llu\n", std::string(popw::name_of(rehearsal.verification.code)).c_str(), rehearsal.rounds,
                static_cast<unsigned long long>(rehearsal.verification.held_bytes));
}
