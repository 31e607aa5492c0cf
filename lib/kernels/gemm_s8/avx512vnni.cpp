// vpdpbusd multiplies unsigned by signed bytes. A is copied with 128 added to every element (xor 0x80) and is the
// unsigned side, so every sum comes out too large by 128 * (sum of that column of B): the sums start at minus that.
//
// Up to 14 rows of A are copied, 64 bytes of each row, then the next 64: they stay in the first-level cache while all
// the panels of a block of B pass by from the second, and what comes next is fetched meanwhile. A panel is 32 columns
// of B, 4 bytes of each for each group of four l; the first rows of A pack it just before they are multiplied by it.
#include "kernels/gemm_s8/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t rows_max = 14; // 14 x 2 sums, 2 vectors of B, 1 of A: 31 of 32 registers
constexpr std::size_t vector_columns = 16;
constexpr std::size_t panel_columns = 2 * vector_columns;
constexpr std::size_t line = 64;      // bytes of k that are copied, and multiplied, at a time
constexpr std::size_t k_block = 1024; // fourteen copied rows of A (14 KiB) stay in the first-level cache
constexpr std::size_t n_block = 512;  // packed B (512 KiB) stays in the second-level cache

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }
constexpr std::size_t parts(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit; }

__mmask64 first_bytes(std::size_t count) { return count >= 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1; }

/// One line of sixteen columns, `ldb` apart: for each group of four l, 16 x 4 bytes at out + 128 * group. Adds to the
/// columns' sums, in four parts: one alone would take longer than all the rest.
inline void pack_line(const std::int8_t* b, std::size_t ldb, std::size_t groups, std::int8_t* out, __m512i* sums) {
    const __m512i ones = _mm512_set1_epi8(1);
    for (std::size_t q = 0; q < 4; ++q) { // sixteen bytes of each column; lane i of x[r]: those of column 4i + r
        __m512i x[4];
        for (std::size_t r = 0; r < 4; ++r) {
            const auto part = [&](std::size_t i) {
                return _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + (4 * i + r) * ldb + 16 * q));
            };
            x[r] = _mm512_castsi128_si512(part(0));
            x[r] = _mm512_inserti32x4(x[r], part(1), 1);
            x[r] = _mm512_inserti32x4(x[r], part(2), 2);
            x[r] = _mm512_inserti32x4(x[r], part(3), 3);
        }
        const __m512i low01 = _mm512_unpacklo_epi32(x[0], x[1]), high01 = _mm512_unpackhi_epi32(x[0], x[1]);
        const __m512i low23 = _mm512_unpacklo_epi32(x[2], x[3]), high23 = _mm512_unpackhi_epi32(x[2], x[3]);
        const __m512i packed[4] = {_mm512_unpacklo_epi64(low01, low23), _mm512_unpackhi_epi64(low01, low23),
                                   _mm512_unpacklo_epi64(high01, high23), _mm512_unpackhi_epi64(high01, high23)};
        for (std::size_t i = 0; i < 4; ++i) {
            sums[i] = _mm512_dpbusd_epi32(sums[i], ones, packed[i]);
            if (4 * q + i < groups) _mm512_store_si512(out + 128 * (4 * q + i), packed[i]);
        }
    }
}

/// Sixteen columns of B, `depth` long (zeros beyond), of which `columns` exist. Returns -128 times their sums.
__m512i pack_columns(const std::int8_t* b, std::size_t ldb, std::size_t columns, std::size_t depth, std::int8_t* out) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i sums[4] = {zero, zero, zero, zero};
    std::size_t l = 0;
    if (columns >= vector_columns)
        for (; l + line <= depth; l += line) pack_line(b + l, ldb, 16, out + 32 * l, sums);
    for (; l < depth; l += line) { // what is missing is zero
        alignas(64) std::int8_t some[vector_columns * line];
        for (std::size_t j = 0; j < vector_columns; ++j)
            _mm512_store_si512(some + j * line,
                               j < columns ? _mm512_maskz_loadu_epi8(first_bytes(depth - l), b + j * ldb + l) : zero);
        pack_line(some, line, parts(least(depth - l, line), 4), out + 32 * l, sums);
    }
    const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3]));
    return _mm512_slli_epi32(_mm512_sub_epi32(zero, sum), 7);
}

/// Copies a panel of A, 128 added: the first line of every row, then the next.
void copy_panel(const std::int8_t* a, std::size_t lda, std::size_t rows, std::size_t depth, std::uint8_t* out) {
    const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
    for (std::size_t i = 0; i < rows; ++i) {
        std::uint8_t* to = out + i * line;
        std::size_t l = 0;
        for (; l + line <= depth; l += line, to += rows * line)
            _mm512_store_si512(to, _mm512_xor_si512(flip, _mm512_loadu_si512(a + i * lda + l)));
        if (l < depth)
            _mm512_store_si512(
                to, _mm512_xor_si512(flip, _mm512_maskz_loadu_epi8(first_bytes(depth - l), a + i * lda + l)));
    }
}

/// Up to 14 copied rows of A times one packed panel of B.
struct Tile {
    const std::uint8_t* a;
    const std::int8_t* b;
    std::size_t lines, groups; // of k: whole lines, then groups of four
    const std::int32_t* corrections;
    std::int32_t* c;
    std::size_t row_bytes; // of c
    std::size_t adds;      // to what is in c, or not
    const void *next_a, *next_b;
    std::size_t next_stride; // of the two rows of A that are fetched while this tile is multiplied
};

// All in assembly: compilers keep the addresses of the last part in vector registers, or its sums on the stack, and
// then a tile waits for the one before it. zmm0 … 27 are the sums, two a row; 28 and 29 a group of B, 30 four elements
// of A.
// clang-format off
#define ROW(l, at, left, right)                          \
    "vpbroadcastd " l "+" at "(%[a]), %%zmm30\n"         \
    "vpdpbusd %%zmm28, %%zmm30, %%zmm" left "\n"         \
    "vpdpbusd %%zmm29, %%zmm30, %%zmm" right "\n"
#define ROWS_1(l)  ROW(l, "0", "0", "1")
#define ROWS_2(l)  ROWS_1(l) ROW(l, "64", "2", "3")
#define ROWS_3(l)  ROWS_2(l) ROW(l, "128", "4", "5")
#define ROWS_4(l)  ROWS_3(l) ROW(l, "192", "6", "7")
#define ROWS_5(l)  ROWS_4(l) ROW(l, "256", "8", "9")
#define ROWS_6(l)  ROWS_5(l) ROW(l, "320", "10", "11")
#define ROWS_7(l)  ROWS_6(l) ROW(l, "384", "12", "13")
#define ROWS_8(l)  ROWS_7(l) ROW(l, "448", "14", "15")
#define ROWS_9(l)  ROWS_8(l) ROW(l, "512", "16", "17")
#define ROWS_10(l) ROWS_9(l) ROW(l, "576", "18", "19")
#define ROWS_11(l) ROWS_10(l) ROW(l, "640", "20", "21")
#define ROWS_12(l) ROWS_11(l) ROW(l, "704", "22", "23")
#define ROWS_13(l) ROWS_12(l) ROW(l, "768", "24", "25")
#define ROWS_14(l) ROWS_13(l) ROW(l, "832", "26", "27")

// Four elements of every row and column, from l on; then a line of them.
#define GROUP(rows, l)                                   \
    "vmovdqa64 32*" l "(%[b]), %%zmm28\n"                \
    "vmovdqa64 32*" l "+64(%[b]), %%zmm29\n" rows(l)
#define LINE(rows)                                                                  \
    GROUP(rows, "0") GROUP(rows, "4") GROUP(rows, "8") GROUP(rows, "12")            \
    GROUP(rows, "16") GROUP(rows, "20") GROUP(rows, "24") GROUP(rows, "28")         \
    GROUP(rows, "32") GROUP(rows, "36") GROUP(rows, "40") GROUP(rows, "44")         \
    GROUP(rows, "48") GROUP(rows, "52") GROUP(rows, "56") GROUP(rows, "60")

// What is done to the sums of each row: to begin with, before the end, and at the end.
#define BEGIN(left, right)                               \
    "vmovdqa64 %%zmm28, %%zmm" left "\n"                 \
    "vmovdqa64 %%zmm29, %%zmm" right "\n"
#define ADD(left, right)                                 \
    "vpaddd (%[c]), %%zmm" left ", %%zmm" left "\n"      \
    "vpaddd 64(%[c]), %%zmm" right ", %%zmm" right "\n"  \
    "add %[row_bytes], %[c]\n"
#define STORE(left, right)                               \
    "vmovdqu32 %%zmm" left ", (%[c])\n"                  \
    "vmovdqu32 %%zmm" right ", 64(%[c])\n"               \
    "add %[row_bytes], %[c]\n"
#define EACH_1(what)  what("0", "1")
#define EACH_2(what)  EACH_1(what) what("2", "3")
#define EACH_3(what)  EACH_2(what) what("4", "5")
#define EACH_4(what)  EACH_3(what) what("6", "7")
#define EACH_5(what)  EACH_4(what) what("8", "9")
#define EACH_6(what)  EACH_5(what) what("10", "11")
#define EACH_7(what)  EACH_6(what) what("12", "13")
#define EACH_8(what)  EACH_7(what) what("14", "15")
#define EACH_9(what)  EACH_8(what) what("16", "17")
#define EACH_10(what) EACH_9(what) what("18", "19")
#define EACH_11(what) EACH_10(what) what("20", "21")
#define EACH_12(what) EACH_11(what) what("22", "23")
#define EACH_13(what) EACH_12(what) what("24", "25")
#define EACH_14(what) EACH_13(what) what("26", "27")

#define DEFINE_TILE(rows)                                                                                               \
    void multiply_tile_##rows(const Tile& t) {                                                                          \
        const std::uint8_t* a = t.a;                                                                                    \
        const std::int8_t* b = t.b;                                                                                     \
        const void *next_a = t.next_a, *next_b = t.next_b;                                                              \
        std::int32_t *c = t.c, *c_soon = c;                                                                             \
        std::size_t lines = t.lines, groups = t.groups, rows_soon = rows;                                               \
        __asm__ volatile("vmovdqa64 (%[corrections]), %%zmm28\n"                                                        \
                         "vmovdqa64 64(%[corrections]), %%zmm29\n" EACH_##rows(BEGIN)                                   \
                         "test %[lines], %[lines]\n"                                                                    \
                         "jz 2f\n"                                                                                      \
                         ".p2align 5\n"                                                                                 \
                         "1:\n"                                                                                         \
                         "prefetcht1 (%[next_a])\n"                                                                     \
                         "prefetcht1 (%[next_a],%[next_stride])\n"                                                      \
                         "prefetcht1 (%[next_b])\n"                                                                     \
                         "add $64, %[next_a]\n"                                                                         \
                         "add $64, %[next_b]\n"                                                                         \
                         "test %[rows_soon], %[rows_soon]\n"                                                            \
                         "jz 7f\n"                                                                                      \
                         "prefetchw (%[c_soon])\n"                                                                      \
                         "prefetchw 64(%[c_soon])\n"                                                                    \
                         "add %[row_bytes], %[c_soon]\n"                                                                \
                         "dec %[rows_soon]\n"                                                                           \
                         "7:\n" LINE(ROWS_##rows)                                                                       \
                         "add $64*" #rows ", %[a]\n"                                                                    \
                         "add $2048, %[b]\n"                                                                            \
                         "dec %[lines]\n"                                                                               \
                         "jnz 1b\n"                                                                                     \
                         "2:\n"                                                                                         \
                         "test %[groups], %[groups]\n"                                                                  \
                         "jz 4f\n"                                                                                      \
                         "3:\n" GROUP(ROWS_##rows, "0")                                                                 \
                         "add $4, %[a]\n"                                                                               \
                         "add $128, %[b]\n"                                                                             \
                         "dec %[groups]\n"                                                                              \
                         "jnz 3b\n"                                                                                     \
                         "4:\n"                                                                                         \
                         "cmpq $0, %[adds]\n"                                                                           \
                         "je 6f\n"                                                                                      \
                         "mov %[c], %[a]\n" EACH_##rows(ADD)                                                            \
                         "mov %[a], %[c]\n"                                                                             \
                         "6:\n" EACH_##rows(STORE)                                                                      \
                         : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [lines] "+r"(lines), [groups] "+r"(groups),           \
                           [c_soon] "+r"(c_soon), [rows_soon] "+r"(rows_soon), [next_a] "+r"(next_a),                   \
                           [next_b] "+r"(next_b)                                                                        \
                         : [corrections] "r"(t.corrections), [row_bytes] "r"(t.row_bytes), [adds] "m"(t.adds),          \
                           [next_stride] "r"(t.next_stride)                                                             \
                         : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",      \
                           "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18",     \
                           "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28",    \
                           "xmm29", "xmm30");                                                                           \
    }
DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
DEFINE_TILE(4)
DEFINE_TILE(5)
DEFINE_TILE(6)
DEFINE_TILE(7)
DEFINE_TILE(8)
DEFINE_TILE(9)
DEFINE_TILE(10)
DEFINE_TILE(11)
DEFINE_TILE(12)
DEFINE_TILE(13)
DEFINE_TILE(14)
// clang-format on

using TileFunction = void (*)(const Tile&);
constexpr TileFunction tile_functions[rows_max] = {
    multiply_tile_1,  multiply_tile_2,  multiply_tile_3,  multiply_tile_4,  multiply_tile_5,
    multiply_tile_6,  multiply_tile_7,  multiply_tile_8,  multiply_tile_9,  multiply_tile_10,
    multiply_tile_11, multiply_tile_12, multiply_tile_13, multiply_tile_14,
};

/// Rows that will be read soon, fetched one or two at a time; once all were, `idle` takes their place.
struct FetchQueue {
    const std::int8_t* next;
    std::size_t stride;
    std::size_t left;
    const void* idle;

    const void* take(std::size_t rows) {
        if (left < rows) return idle;
        const auto* const from = next;
        next += rows * stride;
        left -= rows;
        return from;
    }
};

__mmask16 first_columns(std::size_t count) {
    return count >= 16 ? __mmask16{0xffff} : static_cast<__mmask16>((1u << count) - 1);
}

/// A tile of which some columns do not exist, by way of a scratch.
void multiply_edge(Tile tile, std::size_t rows, std::size_t columns) {
    alignas(64) std::int32_t sums[rows_max * panel_columns];
    std::int32_t* c = tile.c;
    const std::size_t ldc = tile.row_bytes / sizeof(std::int32_t), adds = tile.adds;
    tile.c = sums, tile.row_bytes = panel_columns * sizeof(std::int32_t), tile.adds = 0;
    tile_functions[rows - 1](tile);
    for (std::size_t i = 0; i < rows; ++i, c += ldc) {
        for (std::size_t j = 0; j < columns; j += 16) {
            const __mmask16 present = first_columns(columns - j);
            __m512i value = _mm512_load_si512(sums + panel_columns * i + j);
            if (adds != 0) value = _mm512_add_epi32(value, _mm512_maskz_loadu_epi32(present, c + j));
            _mm512_mask_storeu_epi32(c + j, present, value);
        }
    }
}

/// Columns [j, j + columns) and [l, l + depth) of k.
struct Block {
    std::size_t j, columns, l, depth;
};

struct Workspace {
    std::int32_t* corrections; // of each column of the block
    std::uint8_t* copied;      // rows of A
    std::int8_t* packed;       // the block of B
};

/// The panel of the block that begins with its column `j`.
void pack_panel(const GemmS8Arguments& g, const Block& block, std::size_t j, const Workspace& w) {
    std::int8_t* out = w.packed + j * parts(block.depth, 4) * 4;
    for (std::size_t end = j + panel_columns; j < end; j += vector_columns, out += 4 * vector_columns) {
        const std::size_t present = j < block.columns ? block.columns - j : 0;
        _mm512_store_si512(w.corrections + j, pack_columns(g.b + (block.j + least(j, block.columns)) * g.ldb + block.l,
                                                           g.ldb, present, block.depth, out));
    }
}

/// All rows of A times the block, which the first of them pack; `next_b` is what will be packed then.
void multiply_block(const GemmS8Arguments& g, const Block& block, const Workspace& w, FetchQueue next_b) {
    const std::size_t groups = parts(block.depth, 4), panels = parts(g.m, rows_max);
    const std::size_t lowest = g.m / panels, higher = g.m % panels; // rows of a panel; panels with one more
    const std::int8_t* a = g.a + block.l;
    std::int32_t* c = g.c + block.j;
    for (std::size_t panel = 0; panel < panels; ++panel) {
        const std::size_t rows = lowest + (panel < higher ? 1 : 0);
        copy_panel(a, g.lda, rows, block.depth, w.copied);
        a += rows * g.lda;
        FetchQueue next_a{a, g.lda, panel + 1 < panels ? lowest : 0, w.copied};
        Tile tile{w.copied,     w.packed, groups / 16, groups % 16, w.corrections, c, g.ldc * sizeof(std::int32_t),
                  block.l != 0, nullptr,  nullptr,     g.lda};
        for (std::size_t j = 0; j < block.columns; j += panel_columns) {
            if (panel == 0) pack_panel(g, block, j, w); // it stays in the first-level cache until the tile reads it
            tile.next_a = next_a.take(2), tile.next_b = next_b.take(1);
            if (block.columns - j >= panel_columns)
                tile_functions[rows - 1](tile);
            else
                multiply_edge(tile, rows, block.columns - j);
            tile.b += 4 * panel_columns * groups;
            tile.corrections += panel_columns;
            tile.c += panel_columns;
        }
        c += rows * g.ldc;
    }
}

} // namespace

std::size_t gemm_s8_avx512vnni_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    const std::size_t depth = round_up(least(k, k_block), line), columns = round_up(least(n, n_block), panel_columns);
    return columns * (sizeof(std::int32_t) + depth) + rows_max * depth;
}

void gemm_s8_avx512vnni(const GemmS8Arguments& g) noexcept {
    if (g.m == 0 || g.n == 0) return;
    const std::size_t slices = g.k == 0 ? 1 : parts(g.k, k_block), slice = round_up(parts(g.k, slices), line);
    const std::size_t blocks = parts(g.n, n_block), width = round_up(parts(g.n, blocks), panel_columns);
    Workspace w{};
    w.corrections = reinterpret_cast<std::int32_t*>(g.workspace);
    w.copied = g.workspace + sizeof(std::int32_t) * width;
    w.packed = reinterpret_cast<std::int8_t*>(w.copied + rows_max * slice);
    for (std::size_t j = 0; j < g.n; j += width) {
        for (std::size_t slice_number = 0; slice_number < slices; ++slice_number) {
            const std::size_t l = slice_number * slice;
            const Block block{j, least(g.n - j, width), l, least(g.k - l, slice)};
            const bool goes_on = slice_number + 1 < slices;
            const std::size_t next_j = goes_on ? j : j + block.columns;
            const FetchQueue next_b{next_j < g.n ? g.b + next_j * g.ldb + (goes_on ? l + slice : 0) : g.b, g.ldb,
                                    next_j < g.n ? least(g.n - next_j, width) : 0, w.copied};
            multiply_block(g, block, w, next_b);
        }
    }
}

} // namespace kaisar::kernels
