/// A product of ours against the ceiling of its instruction set and against other libraries, in turns on one core.
#pragma once

#include "ceiling.h"
#include "popw_work/huge_array.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace kaisar::tests {

/// Another library's product of square matrices in rows.
template <class Input, class Output>
struct Rival {
    std::string name;
    std::function<void(std::size_t n, const Input* a, const Input* b, Output* c)> multiply;
};

struct Ceilings {
    Contender beside, alone;
};

/// What the words of the command line ask for, and the sizes that are compared where they name none.
inline std::vector<std::size_t> sizes_of(int count, char** words) {
    if (count <= 2) return {255, 256, 333, 384, 500, 512, 768, 1000, 1023, 1024, 1536, 2048, 3072, 4096};
    std::vector<std::size_t> sizes;
    for (int i = 2; i < count; ++i) sizes.push_back(std::strtoul(words[i], nullptr, 10));
    return sizes;
}

/// Some elements of C must lie where a sum in extended precision says, within `error` times the sum of magnitudes.
template <class Input, class Output, class Value>
void require_right(std::size_t n, const Input* a, const Input* b, const Output* c, Value value, double error,
                   const std::string& who) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 64; ++i) {
        const auto row = random() % n, column = random() % n;
        long double sum = 0, magnitude = 0;
        for (std::size_t l = 0; l < n; ++l) {
            const long double product = static_cast<long double>(value(a[row * n + l])) * value(b[l * n + column]);
            sum += product, magnitude += std::abs(product);
        }
        const long double found = c[row * n + column];
        if (std::abs(found - sum) <= static_cast<long double>(n) * error * magnitude) continue;
        fmt::print("{}: element {}, {} is {}, not {}\n", who, row, column, static_cast<double>(found),
                   static_cast<double>(sum));
        std::exit(1);
    }
}

/// How elements are made from random words, read as numbers, and how exact their sums are.
template <class InputType, class OutputType>
struct Elements {
    using Input = InputType;
    using Output = OutputType;
    std::function<Input(std::uint64_t)> random;
    std::function<double(Input)> value;
    double error;
};

template <class Input, class Output>
void print_heading(std::string_view what, const std::vector<Rival<Input, Output>>& rivals) {
    fmt::print(
        "{}, one core, 10^9 operations a second; beside: of the ceiling right after\n{:>6} {:>8} {:>8} {:>8} {:>8}",
        what, "n", "ceiling", "ours", "beside", "alone");
    for (const auto& rival : rivals) fmt::print(" | {:>8} {:>8} {:>8}", rival.name, "beside", "ours/");
    fmt::print("\n");
}

inline constexpr std::size_t first_counted = 2; // of the contenders

/// One line of the table. `multiply(n, a, b, c, workspace)` is ours.
template <class Kind, class Multiply>
void compare_square(std::size_t n, std::size_t workspace_bytes, const Kind& kind, Multiply multiply,
                    const Ceilings& ceilings,
                    const std::vector<Rival<typename Kind::Input, typename Kind::Output>>& rivals) {
    using Input = typename Kind::Input;
    using Output = typename Kind::Output;
    const popw::HugeArray<Input> a(n * n), b(n * n);
    const popw::HugeArray<Output> c(n * n);
    const popw::HugeArray<std::uint8_t> workspace(workspace_bytes + 64);
    std::mt19937_64 random(n);
    for (std::size_t i = 0; i < n * n; ++i) a.data()[i] = kind.random(random()), b.data()[i] = kind.random(random());
    const double work = 2.0 * static_cast<double>(n * n) * static_cast<double>(n);
    const Contender ours{"ours", work, [&] { multiply(n, a.data(), b.data(), c.data(), workspace.data()); }};
    // Whoever came right after the long ceiling would find colder caches than the others: nobody does that counts.
    std::vector<Contender> contenders{ceilings.alone, ours, ours};
    for (const auto& rival : rivals)
        contenders.push_back({rival.name, work, [&] { rival.multiply(n, a.data(), b.data(), c.data()); }});
    contenders[first_counted - 1] = contenders.back();
    for (std::size_t i = first_counted; i < contenders.size(); ++i) {
        std::fill_n(c.data(), n * n, Output{12345});
        contenders[i].call();
        require_right(n, a.data(), b.data(), c.data(), kind.value, kind.error, contenders[i].name);
    }
    const auto timings = time_in_turns(contenders, n > 2500 ? 7 : n > 1600 ? 11 : 31, 2e-3, &ceilings.beside);
    const auto& timing = timings[first_counted];
    fmt::print("{:6} {:8.1f} {:8.1f} {:8.3f} {:8.3f}", n, timings[0].rate / 1e9, timing.rate / 1e9, timing.to_yardstick,
               timing.to_first);
    for (std::size_t i = first_counted + 1; i < timings.size(); ++i)
        fmt::print(" | {:8.1f} {:8.3f} {:8.3f}", timings[i].rate / 1e9, timings[i].to_yardstick,
                   ratio(timing, timings[i]));
    fmt::print("\n");
    std::fflush(stdout);
}

} // namespace kaisar::tests
