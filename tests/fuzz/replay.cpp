// Runs a fuzzer's function over every file of the folder that is named on the command line, and over the empty input.
//
// Each seed is also given cut short at every length up to a limit and with single bits turned over, so that a decoder
// meets damaged input in every test run and not only when somebody runs the fuzzer itself.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Seed = std::vector<std::uint8_t>;

// Enough to cut inside every field of a message; large seeds (proofs) are sampled, or a run would take minutes.
constexpr std::size_t damages_per_seed = 512;

void run(const Seed& seed) { LLVMFuzzerTestOneInput(seed.data(), seed.size()); }

void run_damaged(const Seed& seed) {
    const std::size_t step = std::max<std::size_t>(1, seed.size() / damages_per_seed);
    for (std::size_t place = 0; place < seed.size(); place += step) {
        run(Seed(seed.begin(), seed.begin() + static_cast<std::ptrdiff_t>(place)));
        Seed turned = seed;
        turned[place] = static_cast<std::uint8_t>(turned[place] ^ (1u << (place % 8)));
        run(turned);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s SEEDS-FOLDER\n", argv[0]);
        return 2;
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    if (files.empty()) {
        std::fprintf(stderr, "%s holds no seeds\n", argv[1]);
        return 1;
    }
    run({});
    for (const auto& file : files) {
        std::printf("%s\n", file.filename().c_str());
        std::fflush(stdout); // a seed that crashes is the last one named
        std::ifstream stream(file, std::ios::binary);
        const Seed seed{std::istreambuf_iterator<char>(stream), {}};
        run(seed);
        run_damaged(seed);
    }
    std::printf("%zu seeds replayed\n", files.size());
}
