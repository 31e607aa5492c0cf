// gemm_bf16 against the register-only ceiling of its instruction set and oneDNN's matmul, in turns on one core. Both
// may use the same instruction set and no more. oneDNN takes B as it lies, and packed beforehand as it likes it, which
// is not counted.
//
//     compare_gemm_bf16 [variant [size …]]
#include "compare_floats.h"
#include "kernels/gemm_bf16/variants.h"

#include <dnnl.hpp>
#include <map>
#include <omp.h>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::tests;

namespace {

enum class Packing { counted, beforehand };

/// oneDNN's product of one size, made ready; its first call, in which it compiles itself, is not counted either.
class Matmul {
public:
    Matmul(std::size_t n, Packing packing) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
        using tag = dnnl::memory::format_tag;
        using type = dnnl::memory::data_type;
        const auto edge = static_cast<dnnl::memory::dim>(n);
        const dnnl::memory::dims shape{edge, edge};
        rows_ = dnnl::memory::desc(shape, type::bf16, tag::ab);
        const dnnl::memory::desc result(shape, type::f32, tag::ab);
        const dnnl::memory::desc b =
            packing == Packing::counted ? rows_ : dnnl::memory::desc(shape, type::bf16, tag::any);
        const dnnl::matmul::primitive_desc chosen({rows_, b, result}, engine_);
        product_ = dnnl::matmul(chosen);
        packed_ = dnnl::memory(chosen.weights_desc(), engine_);
        a_ = dnnl::memory(rows_, engine_, nullptr), b_ = dnnl::memory(rows_, engine_, nullptr);
        c_ = dnnl::memory(result, engine_, nullptr);
        packs_ = packing == Packing::beforehand;
    }

    void multiply(const std::uint16_t* a, const std::uint16_t* b, float* c) {
        a_.set_data_handle(const_cast<std::uint16_t*>(a));
        b_.set_data_handle(const_cast<std::uint16_t*>(b));
        c_.set_data_handle(c);
        if (packs_ && packed_from_ != b) {
            dnnl::reorder(b_, packed_).execute(stream_, b_, packed_);
            packed_from_ = b;
        }
        product_.execute(stream_, {{DNNL_ARG_SRC, a_}, {DNNL_ARG_WEIGHTS, packs_ ? packed_ : b_}, {DNNL_ARG_DST, c_}});
        stream_.wait();
    }

private:
    dnnl::engine engine_;
    dnnl::stream stream_;
    dnnl::memory::desc rows_;
    dnnl::matmul product_;
    dnnl::memory a_, b_, c_, packed_;
    bool packs_ = false;
    const std::uint16_t* packed_from_ = nullptr;
};

Rival<std::uint16_t, float> onednn(std::string name, Packing packing) {
    const auto products = std::make_shared<std::map<std::size_t, Matmul>>();
    return {std::move(name),
            [products, packing](std::size_t n, const std::uint16_t* a, const std::uint16_t* b, float* c) {
                products->try_emplace(n, n, packing).first->second.multiply(a, b, c);
            }};
}

double from_bf16(std::uint16_t value) {
    const std::uint32_t bits = std::uint32_t{value} << 16;
    float number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return double{number};
}

dnnl::cpu_isa instruction_set(std::string_view variant) {
    return variant == "avx2"         ? dnnl::cpu_isa::avx2
           : variant == "avx512"     ? dnnl::cpu_isa::avx512_core
           : variant == "avx512bf16" ? dnnl::cpu_isa::avx512_core_bf16
                                     : dnnl::cpu_isa::all;
}

} // namespace

int main(int count, char** words) {
    omp_set_num_threads(1);
    const auto features = detect_cpu_features();
    const std::string_view name = count > 1 ? words[1] : best_variant(gemm_bf16_variants(), features).name;
    const auto gemm = require_variant(gemm_bf16_variants(), features, name).function;
    const auto& peak = require_variant(peak_variants(), features, name).function;
    dnnl::set_max_cpu_isa(instruction_set(name));
    std::vector<Rival<std::uint16_t, float>> rivals;
    if (name == "avx2")
        fmt::print("oneDNN is left out: it multiplies no bfloat16 without AVX-512\n");
    else
        rivals = {onednn("oneDNN", Packing::counted), onednn("prepack", Packing::beforehand)};
    const Elements<std::uint16_t, float> kind{
        [](std::uint64_t word) { return static_cast<std::uint16_t>((word & 0x80ff) + 0x3f00); }, from_bf16, 0x1p-23};
    const Ceilings ceilings{bf16_ceiling(peak, 4e-4), bf16_ceiling(peak, 2e-2)};
    print_heading(fmt::format("gemm_bf16 {}", name), rivals);
    for (const auto n : sizes_of(count, words))
        compare_square(
            n, gemm.workspace_bytes(n, n, n), kind,
            [&](std::size_t edge, const std::uint16_t* a, const std::uint16_t* b, float* c, std::uint8_t* workspace) {
                gemm.multiply({edge, edge, edge, a, edge, b, edge, c, edge, workspace});
            },
            ceilings, rivals);
}
