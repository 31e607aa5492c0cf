// Writes proofs with random edits, as the fuzzer of the verifier makes them, for another implementation to judge.
//
// usage: edited_proofs SEED COUNT FOLDER. A line of output for each FOLDER/<number>.kpw: its number, the verdict's
// code, when the proof came in (microseconds since 1970, or 0 if that is not known) and what is wrong.
#include "fuzz/verifier_knowledge.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

namespace {

using namespace kaisar;
using namespace kaisar::popw;
using namespace kaisar::popw::edited;

// An input with up to three edits, mostly of single bits and mostly repaired. Mode self is left out: it takes the other
// implementation four times as long and has the fewest checks.
Bytes draw_input(std::mt19937& random) {
    const auto draw = [&](std::uint32_t below) { return static_cast<std::uint8_t>(random() % below); };
    constexpr std::uint8_t knowledge[] = {other_network, arrives_early, arrives_late};
    Bytes input{draw(3), draw(4) > 0 ? std::uint8_t{127} : draw(128),
                draw(8) > 0 ? std::uint8_t{0} : knowledge[draw(3)]};
    for (int edits = 1 + draw(3); edits > 0; --edits) {
        input.push_back(draw(static_cast<std::uint32_t>(Target::count)));
        input.push_back(draw(255));
        input.push_back(draw(255));
        input.push_back(draw(3) > 0 ? std::uint8_t{0} : draw(255));
        input.push_back(draw(3) > 0 ? static_cast<std::uint8_t>(1 << draw(8)) : draw(255));
    }
    return input;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: edited_proofs SEED COUNT FOLDER\n");
        return 2;
    }
    std::mt19937 random(static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)));
    const auto count = std::strtoul(argv[2], nullptr, 10);
    for (unsigned long number = 0; number < count; ++number) {
        const auto bytes = draw_input(random);
        const auto input = read_input(bytes);
        auto file = input.original->file;
        file.proof = Editor(input).run();
        const auto context = context_of(input, file.proof);
        file.network_id = context.network_id;
        const auto found = verify_proof(file.proof, context, staged::primitives());
        const auto encoded = encode_proof_file(file);
        std::ofstream(std::string(argv[3]) + "/" + std::to_string(number) + ".kpw", std::ios::binary)
            .write(reinterpret_cast<const char*>(encoded.data()), static_cast<std::streamsize>(encoded.size()));
        std::printf("%lu %d %lld %s\n", number, static_cast<int>(found.code),
                    context.received_at ? static_cast<long long>(context.received_at->time_since_epoch().count()) : 0,
                    found.detail.c_str());
    }
}
