#include "kernels/gemm_bf16/variants.h"
#include "kernels/gemm_f32/variants.h"
#include "kernels/gemm_f64/variants.h"
#include "kernels/gemm_s8/variants.h"
#include "workloads/job.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

namespace kaisar {
namespace {

using kernels::best_variant;
using kernels::require_variant;

constexpr std::size_t checked_entries = 256; // of the product, at random places, corners always among them

/// How an element is filled, poisoned and checked.
struct Int8Elements {
    using Input = std::int8_t;
    using Output = std::int32_t;
    static Input random(std::uint64_t word) { return static_cast<Input>(word >> 56); }
    static constexpr Output poison = 0x5a5a5a5a;
};

/// Floating-point products are checked in a wider type, against the bound of the kernel's contract.
struct SingleElements {
    using Input = float;
    using Output = float;
    using Exact = double;
    static Input random(std::uint64_t word) {
        return static_cast<float>(static_cast<std::int64_t>(word) >> 39) * 0x1p-24f;
    }
    static Exact value(Input input) { return input; }
    static constexpr Output poison = std::numeric_limits<float>::quiet_NaN();
    static constexpr Exact error_per_term = 0x1p-23;
};

struct DoubleElements {
    using Input = double;
    using Output = double;
    using Exact = long double;
    static Input random(std::uint64_t word) {
        return static_cast<double>(static_cast<std::int64_t>(word) >> 10) * 0x1p-53;
    }
    static Exact value(Input input) { return input; }
    static constexpr Output poison = std::numeric_limits<double>::quiet_NaN();
    static constexpr Exact error_per_term = 0x1p-52L;
};

struct Bfloat16Elements {
    using Input = std::uint16_t;
    using Output = float;
    using Exact = double;
    /// Between 1/256 and 1, or the negative: seven bits after the point, all exponents equally often.
    static Input random(std::uint64_t word) {
        const auto exponent = static_cast<unsigned>(word >> 8 & 7) + 119;
        return static_cast<Input>((word & 0x8000) | exponent << 7 | (word & 0x7f));
    }
    static Exact value(Input input) {
        const std::uint32_t bits = std::uint32_t{input} << 16;
        float number = 0;
        std::memcpy(&number, &bits, sizeof number);
        return double{number};
    }
    static constexpr Output poison = std::numeric_limits<float>::quiet_NaN();
    static constexpr Exact error_per_term = 0x1p-23; // and 2^-125, which numbers of this size do not need
};

template <class Elements>
struct Product {
    using Input = typename Elements::Input;
    using Output = typename Elements::Output;

    Product(const JobSettings& s, std::size_t m_, std::size_t n_, std::size_t k_, std::size_t workspace_bytes)
        : m(m_), n(n_), k(k_), a(m * k), b(k * n), c(m * n) {
        for (unsigned t = 0; t < s.team.size(); ++t)
            workspaces.push_back(std::make_unique<Pages<std::uint8_t>>(workspace_bytes));
        s.team.run([&](unsigned t) {
            fill(a, t, s.team.size(), 1);
            fill(b, t, s.team.size(), 2);
            overwrite(t, s.team.size());
        });
    }

    static void fill(Pages<Input>& values, unsigned thread, unsigned threads, std::uint64_t seed) {
        Splitmix random(seed << 32 | thread);
        const auto end = part_begin(values.size(), thread + 1, threads);
        for (auto i = part_begin(values.size(), thread, threads); i < end; ++i)
            values[i] = Elements::random(random.next());
    }

    void overwrite(unsigned thread, unsigned threads) {
        const auto end = part_begin(m, thread + 1, threads) * n;
        for (auto i = part_begin(m, thread, threads) * n; i < end; ++i) c[i] = Elements::poison;
    }

    /// Calls `is_right(i, j)` for the corners and for random entries.
    template <class Check>
    bool all_right(Check is_right) const {
        Splitmix random(3);
        if (m == 0 || n == 0) return true;
        if (!is_right(0, 0) || !is_right(0, n - 1) || !is_right(m - 1, 0) || !is_right(m - 1, n - 1)) return false;
        for (std::size_t check = 0; check < checked_entries; ++check)
            if (!is_right(random.next() % m, random.next() % n)) return false;
        return true;
    }

    std::size_t m, n, k;
    Pages<Input> a, b;
    Pages<Output> c;
    std::vector<std::unique_ptr<Pages<std::uint8_t>>> workspaces;
};

/// The sizes asked for, and the default where nothing was.
void choose_sizes(Job& job, const JobSettings& s, std::size_t edge) {
    job.m = s.m != 0 ? s.m : edge;
    job.n = s.n != 0 ? s.n : edge;
    job.k = s.k != 0 ? s.k : edge;
    job.work_per_round = 2.0 * static_cast<double>(job.m) * static_cast<double>(job.n) * static_cast<double>(job.k);
}

template <class Elements>
std::uint64_t bytes_of_product(const Job& job) {
    return (job.m * job.k + job.k * job.n) * sizeof(typename Elements::Input) +
           job.m * job.n * sizeof(typename Elements::Output);
}

/// Kernel rows [begin, end) of the product belong to this thread.
template <class Elements, class Arguments>
Arguments slice(Product<Elements>& p, unsigned thread, unsigned threads, std::size_t ldb) {
    const auto begin = part_begin(p.m, thread, threads), end = part_begin(p.m, thread + 1, threads);
    return {end - begin, p.n,
            p.k,         p.a.data() + begin * p.k,
            p.k,         p.b.data(),
            ldb,         p.c.data() + begin * p.n,
            p.n,         p.workspaces[thread]->data()};
}

template <class Elements, class Kernel>
std::shared_ptr<Product<Elements>> prepare(Job& job, const JobSettings& s, const Kernel& kernel,
                                           std::string_view name) {
    job.bytes = bytes_of_product<Elements>(job);
    require_memory(job.bytes, name);
    return std::make_shared<Product<Elements>>(s, job.m, job.n, job.k, kernel.workspace_bytes(job.m, job.n, job.k));
}

/// A product of which all three matrices lie in rows.
template <class Elements, class Arguments, class Kernel>
Job make_float_product(const JobSettings& s, std::span<const kernels::Variant<Kernel>> table, std::string_view name,
                       std::size_t default_edge) {
    using Exact = typename Elements::Exact;
    const auto& variant =
        s.variant.empty() ? best_variant(table, s.features) : require_variant(table, s.features, s.variant);
    Job job;
    job.variant = variant.name;
    choose_sizes(job, s, default_edge);
    const auto kernel = variant.function;
    const auto p = prepare<Elements>(job, s, kernel, name);
    const unsigned threads = s.team.size();
    job.run = [p, kernel, threads](unsigned thread, std::uint64_t rounds) {
        const auto arguments = slice<Elements, Arguments>(*p, thread, threads, p->n);
        for (; rounds != 0; --rounds) kernel.multiply(arguments);
    };
    job.poison = [p] { p->overwrite(0, 1); };
    job.has_right_answers = [p] {
        return p->all_right([&](std::size_t i, std::size_t j) {
            Exact exact = 0, magnitude = 0;
            for (std::size_t l = 0; l < p->k; ++l) {
                const Exact product = Elements::value(p->a[i * p->k + l]) * Elements::value(p->b[l * p->n + j]);
                exact += product, magnitude += std::abs(product);
            }
            const Exact bound = static_cast<Exact>(p->k) * Elements::error_per_term * magnitude;
            return std::abs(p->c[i * p->n + j] - exact) <= bound;
        });
    };
    return job;
}

} // namespace

Job make_gemm_s8(const JobSettings& s) {
    constexpr std::size_t default_edge = 2048;
    const auto table = kernels::gemm_s8_variants();
    const auto& variant =
        s.variant.empty() ? best_variant(table, s.features) : require_variant(table, s.features, s.variant);
    Job job;
    job.variant = variant.name;
    choose_sizes(job, s, default_edge);
    const auto kernel = variant.function;
    const auto p = prepare<Int8Elements>(job, s, kernel, "gemm-s8");
    const unsigned threads = s.team.size();
    job.run = [p, kernel, threads](unsigned thread, std::uint64_t rounds) {
        const auto arguments = slice<Int8Elements, kernels::GemmS8Arguments>(*p, thread, threads, p->k);
        for (; rounds != 0; --rounds) kernel.multiply(arguments);
    };
    job.poison = [p] { p->overwrite(0, 1); };
    job.has_right_answers = [p] {
        return p->all_right([&](std::size_t i, std::size_t j) {
            std::uint32_t sum = 0;
            for (std::size_t l = 0; l < p->k; ++l)
                sum += static_cast<std::uint32_t>(p->a[i * p->k + l] * p->b[j * p->k + l]);
            return p->c[i * p->n + j] == static_cast<std::int32_t>(sum);
        });
    };
    return job;
}

Job make_gemm_f32(const JobSettings& s) {
    return make_float_product<SingleElements, kernels::GemmF32Arguments>(s, kernels::gemm_f32_variants(), "gemm-f32",
                                                                         1536);
}

Job make_gemm_f64(const JobSettings& s) {
    return make_float_product<DoubleElements, kernels::GemmF64Arguments>(s, kernels::gemm_f64_variants(), "gemm-f64",
                                                                         1024);
}

Job make_gemm_bf16(const JobSettings& s) {
    return make_float_product<Bfloat16Elements, kernels::GemmBf16Arguments>(s, kernels::gemm_bf16_variants(),
                                                                            "gemm-bf16", 2048);
}

} // namespace kaisar
