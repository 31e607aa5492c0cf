// For processors without an instruction for bfloat16, which is converted to float as it is copied and packed: as
// avx512.cpp, with tiles of up to 6 x 16 sums and no masks: what is missing at the edges goes by way of a scratch.
#include "kernels/gemm_bf16/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t rows_max = 6; // 6 x 2 sums, 2 vectors of B, 1 of A, 1 on its way to a copy: 16 of 16 registers
constexpr std::size_t vector_columns = 8;
constexpr std::size_t panel_columns = 2 * vector_columns;
constexpr std::size_t line = 8;        // floats of a row of A that are copied, and multiplied, at a time
constexpr std::size_t k_block = 384;   // six copied rows of A (9 KiB) stay in the first-level cache
constexpr std::size_t n_block = 512;   // packed B (768 KiB) stays in the second-level cache
constexpr std::size_t rows_ahead = 64; // of B are fetched before they are packed: what memory takes, 6 cycles a row

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }
constexpr std::size_t parts(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit; }

/// A mask with the first `count` of eight lanes set.
__m256i first_columns(std::size_t count) {
    const __m256i lane = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(least(count, vector_columns))), lane);
}

__m256 load_bf16(const std::uint16_t* from) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

/// Eight numbers, of which the first `count` exist; the others are zero.
__m256 load_some_bf16(const std::uint16_t* from, std::size_t count) {
    std::uint16_t some[vector_columns] = {};
    for (std::size_t i = 0; i < least(count, vector_columns); ++i) some[i] = from[i];
    return load_bf16(some);
}

/// A copy that a tile makes on its way, two lines for each line of k; done plainly where no tile is left for it.
struct Copy {
    const std::uint16_t* from;
    std::size_t stride;  // from the first line to the second
    std::size_t advance; // from one pair of lines to the next
    float* to;
    std::size_t step; // from one pair of copies to the next
};

void copy_plainly(const Copy& copy, std::size_t lines) {
    const std::uint16_t* from = copy.from;
    float* to = copy.to;
    for (; lines != 0; --lines, from += copy.advance, to += copy.step) {
        _mm256_store_ps(to, load_bf16(from));
        _mm256_store_ps(to + line, load_bf16(from + copy.stride));
    }
}

/// Rows of A that are copied: the first line of every row, then the next.
struct RowCopies {
    const std::uint16_t* from;
    std::size_t stride, rows, depth;
    float* to;
    std::size_t begun; // rows

    bool is_done() const { return begun >= rows; }

    /// The whole lines of two rows; of an odd number one is copied twice.
    Copy next() {
        const std::size_t first = rows < 2 ? 0 : least(begun, rows - 2);
        begun += 2;
        return {from + first * stride, rows < 2 ? 0 : stride, line, to + first * line, rows * line};
    }

    /// What is beyond the whole lines.
    void copy_rest() const {
        const std::size_t whole = depth / line * line;
        if (whole == depth) return;
        for (std::size_t i = 0; i < rows; ++i)
            _mm256_store_ps(to + whole * rows + i * line, load_some_bf16(from + i * stride + whole, depth - whole));
    }
};

/// The last panel of a block of B, of which some columns do not exist.
void pack_edge(const std::uint16_t* b, std::size_t ldb, std::size_t columns, std::size_t depth, float* out) {
    const std::size_t right = columns < vector_columns ? 0 : columns - vector_columns;
    for (; depth != 0; --depth, b += ldb, out += panel_columns) {
        _mm256_store_ps(out, load_some_bf16(b, columns));
        _mm256_store_ps(out + vector_columns, load_some_bf16(b + vector_columns, right));
    }
}

/// A block of B that is packed while the one before is being multiplied.
struct BlockCopies {
    const std::uint16_t* from;
    std::size_t stride, columns, depth;
    float* to;
    std::size_t column, row; // where to go on

    bool is_done() const { return column + panel_columns > columns; }

    /// `rows` rows of a panel.
    Copy next(std::size_t rows) {
        const std::size_t first = least(row, depth - rows);
        const Copy copy{from + first * stride + column, vector_columns, stride,
                        to + column * depth + first * panel_columns, panel_columns};
        row += rows;
        if (row >= depth) row = 0, column += panel_columns;
        return copy;
    }

    void finish() {
        while (!is_done()) copy_plainly(next(least(line, depth)), least(line, depth));
        if (column < columns) pack_edge(from + column, stride, columns - column, depth, to + column * depth);
    }
};

/// Up to 6 copied rows of A times one panel of B.
struct Tile {
    const float* a;
    float* b;                  // packed
    const std::uint16_t* from; // B where it lies, for a tile that packs
    std::size_t from_bytes;    // between its rows
    std::size_t ahead_bytes;   // from a row to the one that is fetched: further down …
    std::size_t wrapped_bytes; // … or on top of the next panel
    std::size_t lines, rest;   // of k
    float* c;
    std::size_t row_bytes; // of c
    std::size_t adds;      // to what is in c, or not
};

/// What has no register of its own in a tile; distances in bytes.
struct Steps {
    std::size_t row_bytes, from_bytes, wrapped_bytes, rest, adds, copy_advance, copy_step, fetch_advance;
};
static_assert(sizeof(Steps) == 64);

// All in assembly: compilers move sums of tiles this large to the stack, or keep addresses in vector registers.
// ymm0 … 11 are the sums, two a row; 12 and 13 a row of B, 14 an element of A, 15 a line that is copied.
// clang-format off
#define ROW_BYTES     "(%[steps])"
#define FROM_BYTES    "8(%[steps])"
#define WRAPPED_BYTES "16(%[steps])"
#define REST          "24(%[steps])"
#define ADDS          "32(%[steps])"
#define COPY_ADVANCE  "40(%[steps])"
#define COPY_STEP     "48(%[steps])"
#define FETCH_ADVANCE "56(%[steps])"

#define ROW(l, at, left, right)                          \
    "vbroadcastss 4*" l "+" at "(%[a]), %%ymm14\n"       \
    "vfmadd231ps %%ymm12, %%ymm14, %%ymm" left "\n"      \
    "vfmadd231ps %%ymm13, %%ymm14, %%ymm" right "\n"
#define HALF_ROW(l, at, left, right)                     \
    "vbroadcastss 4*" l "+" at "(%[a]), %%ymm14\n"       \
    "vfmadd231ps %%ymm12, %%ymm14, %%ymm" left "\n"
#define ROWS_1(row, l)  row(l, "0", "0", "1")
#define ROWS_2(row, l)  ROWS_1(row, l) row(l, "32", "2", "3")
#define ROWS_3(row, l)  ROWS_2(row, l) row(l, "64", "4", "5")
#define ROWS_4(row, l)  ROWS_3(row, l) row(l, "96", "6", "7")
#define ROWS_5(row, l)  ROWS_4(row, l) row(l, "128", "8", "9")
#define ROWS_6(row, l)  ROWS_5(row, l) row(l, "160", "10", "11")

// A row of B: packed already, half of it, or where it lies and packed now.
#define WHOLE(l)                                         \
    "prefetcht0 64*" l "+1024(%[b])\n"                   \
    "vmovaps 64*" l "(%[b]), %%ymm12\n"                  \
    "vmovaps 64*" l "+32(%[b]), %%ymm13\n"
#define HALF(l)                                          \
    "vmovaps 64*" l "(%[b]), %%ymm12\n"
#define PACKING(l)                                       \
    "vpmovzxwd (%[from]), %%ymm12\n"                       \
    "vpmovzxwd 16(%[from]), %%ymm13\n"                   \
    "vpslld $16, %%ymm12, %%ymm12\n"                    \
    "vpslld $16, %%ymm13, %%ymm13\n"                    \
    "prefetcht1 (%[from],%[ahead])\n"                    \
    "add " FROM_BYTES ", %[from]\n"                      \
    "vmovaps %%ymm12, 64*" l "(%[b])\n"                  \
    "vmovaps %%ymm13, 64*" l "+32(%[b])\n"
#define STEP(load, row, rows, l) load(l) ROWS_##rows(row, l)
#define LINE(load, row, rows)                                                                              \
    STEP(load, row, rows, "0") STEP(load, row, rows, "1") STEP(load, row, rows, "2")                       \
    STEP(load, row, rows, "3") STEP(load, row, rows, "4") STEP(load, row, rows, "5")                       \
    STEP(load, row, rows, "6") STEP(load, row, rows, "7")

// What is done to the sums of each row: to begin with, before the end, and at the end.
#define BEGIN(left, right)                                             \
    "vxorps %%ymm" left ", %%ymm" left ", %%ymm" left "\n"             \
    "vxorps %%ymm" right ", %%ymm" right ", %%ymm" right "\n"
#define ADD(left, right)                                               \
    "vaddps (%[c]), %%ymm" left ", %%ymm" left "\n"                    \
    "vaddps 32(%[c]), %%ymm" right ", %%ymm" right "\n"                \
    "add %[lines], %[c]\n"
#define STORE(left, right)                                             \
    "vmovups %%ymm" left ", (%[c])\n"                                  \
    "vmovups %%ymm" right ", 32(%[c])\n"                               \
    "add %[lines], %[c]\n"
#define EACH_1(what)  what("0", "1")
#define EACH_2(what)  EACH_1(what) what("2", "3")
#define EACH_3(what)  EACH_2(what) what("4", "5")
#define EACH_4(what)  EACH_3(what) what("6", "7")
#define EACH_5(what)  EACH_4(what) what("8", "9")
#define EACH_6(what)  EACH_5(what) what("10", "11")

#define DEFINE_TILE(name, load, row, rows)                                                                              \
    void name##_##rows(const Tile& t, const Copy& copy, const Copy& fetched) {                                          \
        const Steps steps{t.row_bytes, t.from_bytes, t.wrapped_bytes, t.rest, t.adds, copy.advance * sizeof(std::uint16_t),     \
                          copy.step * sizeof(float), fetched.advance * sizeof(std::uint16_t)};                                  \
        const float* a = t.a;                                                   \
        const std::uint16_t *from = t.from, *copy_from = copy.from, *fetch = fetched.from, *fetch_too = fetch + fetched.stride;                                         \
        float *b = t.b, *c = t.c, *c_soon = c, *copy_to = copy.to;                                                      \
        std::size_t lines = t.lines, rows_soon = rows, ahead = t.ahead_bytes;                                           \
        __asm__ volatile("" EACH_##rows(BEGIN)                                                                          \
                         "test %[lines], %[lines]\n"                                                                    \
                         "jz 2f\n"                                                                                      \
                         ".p2align 5\n"                                                                                 \
                         "1:\n"                                                                                         \
                         "cmp $8, %[lines]\n"                                                                           \
                         "cmove " WRAPPED_BYTES ", %[ahead]\n"                                                          \
                         "prefetcht0 (%[fetch])\n"                                                                      \
                         "prefetcht0 (%[fetch_too])\n"                                                                  \
                         "prefetcht0 15(%[fetch_too])\n"                                                                \
                         "add " FETCH_ADVANCE ", %[fetch]\n"                                                            \
                         "add " FETCH_ADVANCE ", %[fetch_too]\n"                                                        \
                         "test %[copy_to], %[copy_to]\n"                                                                \
                         "jz 8f\n"                                                                                      \
                         "vpmovzxwd (%[copy_from]), %%ymm15\n"                                                          \
                         "vpslld $16, %%ymm15, %%ymm15\n"                                                            \
                         "vmovaps %%ymm15, (%[copy_to])\n"                                                              \
                         "vpmovzxwd (%[copy_from],%[copy_stride],2), %%ymm15\n"                                         \
                         "vpslld $16, %%ymm15, %%ymm15\n"                                           \
                         "vmovaps %%ymm15, 32(%[copy_to])\n"                                                            \
                         "add " COPY_ADVANCE ", %[copy_from]\n"                                                         \
                         "add " COPY_STEP ", %[copy_to]\n"                                                              \
                         "8:\n"                                                                                         \
                         "test %[rows_soon], %[rows_soon]\n"                                                            \
                         "jz 7f\n"                                                                                      \
                         "prefetchw (%[c_soon])\n"                                                                      \
                         "add " ROW_BYTES ", %[c_soon]\n"                                                               \
                         "dec %[rows_soon]\n"                                                                           \
                         "7:\n" LINE(load, row, rows)                                                                   \
                         "add $32*" #rows ", %[a]\n"                                                                    \
                         "add $512, %[b]\n"                                                                             \
                         "dec %[lines]\n"                                                                               \
                         "jnz 1b\n"                                                                                     \
                         "2:\n"                                                                                         \
                         "mov " REST ", %[lines]\n"                                                                     \
                         "test %[lines], %[lines]\n"                                                                    \
                         "jz 4f\n"                                                                                      \
                         "3:\n" STEP(load, row, rows, "0")                                                              \
                         "add $4, %[a]\n"                                                                               \
                         "add $64, %[b]\n"                                                                              \
                         "dec %[lines]\n"                                                                               \
                         "jnz 3b\n"                                                                                     \
                         "4:\n"                                                                                         \
                         "mov " ROW_BYTES ", %[lines]\n"                                                                \
                         "cmpq $0, " ADDS "\n"                                                                          \
                         "je 6f\n"                                                                                      \
                         "mov %[c], %[a]\n" EACH_##rows(ADD)                                                            \
                         "mov %[a], %[c]\n"                                                                             \
                         "6:\n" EACH_##rows(STORE)                                                                      \
                         : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [lines] "+r"(lines), [c_soon] "+r"(c_soon),           \
                           [rows_soon] "+r"(rows_soon), [from] "+r"(from), [copy_from] "+r"(copy_from),                 \
                           [copy_to] "+r"(copy_to), [fetch] "+r"(fetch), [fetch_too] "+r"(fetch_too), [ahead] "+r"(ahead) \
                         : [steps] "r"(&steps), [copy_stride] "r"(copy.stride)                                          \
                         : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",      \
                           "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");                               \
    }
#define DEFINE_TILES(name, load, row)                                                                                   \
    DEFINE_TILE(name, load, row, 1)                                                                                     \
    DEFINE_TILE(name, load, row, 2)                                                                                     \
    DEFINE_TILE(name, load, row, 3)                                                                                     \
    DEFINE_TILE(name, load, row, 4)                                                                                     \
    DEFINE_TILE(name, load, row, 5)                                                                                     \
    DEFINE_TILE(name, load, row, 6)                                                                                     \
    constexpr TileFunction name[rows_max] = {name##_1, name##_2, name##_3, name##_4, name##_5, name##_6};

using TileFunction = void (*)(const Tile&, const Copy&, const Copy&);
DEFINE_TILES(multiply_whole, WHOLE, ROW)
DEFINE_TILES(multiply_half, HALF, HALF_ROW)
DEFINE_TILES(multiply_and_pack, PACKING, ROW)
// clang-format on

/// A tile of which some columns do not exist.
void multiply_edge(Tile tile, std::size_t rows, std::size_t columns, const Copy& copy, const Copy& fetched) {
    alignas(32) float sums[rows_max * panel_columns];
    float* c = tile.c;
    const std::size_t ldc = tile.row_bytes / sizeof(float), adds = tile.adds;
    tile.c = sums, tile.row_bytes = panel_columns * sizeof(float), tile.adds = 0;
    (columns <= vector_columns ? multiply_half : multiply_whole)[rows - 1](tile, copy, fetched);
    for (std::size_t i = 0; i < rows; ++i, c += ldc) {
        for (std::size_t j = 0; j < columns; j += vector_columns) {
            const __m256i present = first_columns(columns - j);
            __m256 value = _mm256_load_ps(sums + i * panel_columns + j);
            if (adds != 0) value = _mm256_add_ps(value, _mm256_maskload_ps(c + j, present));
            _mm256_maskstore_ps(c + j, present, value);
        }
    }
}

/// Columns [j, j + columns) and [l, l + depth) of k.
struct Block {
    std::size_t j, columns, l, depth;
};

struct Workspace {
    float* copied[2]; // rows of A, in turns
    float* packed[2]; // blocks of B, in turns
};

/// What the tiles of a block copy meanwhile: first the next rows of A, then the next block of B.
struct Copies {
    RowCopies rows;
    BlockCopies block;
    Copy begun, idle;

    /// What is copied by the tile after the next one.
    Copy next(std::size_t lines) {
        if (!rows.is_done()) return rows.next();
        if (!block.is_done() && lines != 0 && lines <= block.depth) return block.next(lines);
        return idle;
    }

    void finish_rows(std::size_t lines) {
        while (!rows.is_done()) copy_plainly(rows.next(), lines);
        rows.copy_rest();
    }
};

enum class Packed { before, meanwhile };

/// One row panel of A, copied, against all panels of the block.
void multiply_panel(Tile tile, std::size_t rows, std::size_t columns, Packed packed, Copies& copies) {
    const std::size_t depth = tile.lines * line + tile.rest;
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        const bool is_last = columns - j <= panel_columns;
        const Copy fetched = is_last ? copies.idle : copies.next(tile.lines);
        if (columns - j < panel_columns) {
            if (packed == Packed::meanwhile)
                pack_edge(tile.from, tile.from_bytes / sizeof(std::uint16_t), columns - j, depth, tile.b);
            multiply_edge(tile, rows, columns - j, copies.begun, fetched);
        } else {
            (packed == Packed::meanwhile ? multiply_and_pack : multiply_whole)[rows - 1](tile, copies.begun, fetched);
        }
        copies.begun = fetched;
        tile.b += depth * panel_columns;
        tile.from += panel_columns;
        tile.c += panel_columns;
    }
    copies.finish_rows(tile.lines);
}

/// All rows of A times a block of B, which is packed already or, the first one, meanwhile; so is the next one.
void multiply_block(const GemmBf16Arguments& g, const Block& block, const Block& next, const Workspace& w, float* b,
                    float* next_b) {
    const std::size_t panels = parts(g.m, rows_max);
    const std::size_t lowest = g.m / panels, higher = g.m % panels; // rows of a panel; panels with one more
    const std::uint16_t* a = g.a + block.l;
    Tile tile{};
    tile.from = g.b + block.l * g.ldb + block.j, tile.from_bytes = g.ldb * sizeof(std::uint16_t);
    tile.ahead_bytes = rows_ahead * tile.from_bytes;
    tile.wrapped_bytes =
        (rows_ahead - block.depth / line * line) * tile.from_bytes + panel_columns * sizeof(std::uint16_t);
    tile.lines = block.depth / line, tile.rest = block.depth % line;
    tile.c = g.c + block.j, tile.row_bytes = g.ldc * sizeof(float), tile.adds = block.l != 0;
    tile.b = b;
    const Copy idle{a, 0, 0, nullptr, 0};
    Copies copies{{a, g.lda, lowest + (higher != 0 ? 1 : 0), block.depth, w.copied[0], 0},
                  {g.b + next.l * g.ldb + next.j, g.ldb, next.columns, next.depth, next_b, 0, 0},
                  idle,
                  idle};
    copies.finish_rows(tile.lines);
    for (std::size_t panel = 0; panel < panels; ++panel) {
        const std::size_t rows = lowest + (panel < higher ? 1 : 0);
        a += rows * g.lda;
        const std::size_t next_rows = panel + 1 == panels ? 0 : lowest + (panel + 1 < higher ? 1 : 0);
        tile.a = w.copied[panel % 2];
        copies.rows = {a, g.lda, next_rows, block.depth, w.copied[(panel + 1) % 2], 0};
        const bool is_first = block.j == 0 && block.l == 0;
        multiply_panel(tile, rows, block.columns, is_first && panel == 0 ? Packed::meanwhile : Packed::before, copies);
        tile.c += rows * g.ldc;
    }
    copies.block.finish();
}

} // namespace

std::size_t gemm_bf16_avx2_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    const std::size_t depth = round_up(least(k, k_block), line), columns = round_up(least(n, n_block), panel_columns);
    const std::size_t blocks = n > n_block || k > k_block ? 2 : 1;
    return sizeof(float) * (2 * rows_max * depth + blocks * columns * depth);
}

void gemm_bf16_avx2(const GemmBf16Arguments& g) noexcept {
    if (g.m == 0 || g.n == 0) return;
    const std::size_t slices = g.k == 0 ? 1 : parts(g.k, k_block), slice = round_up(parts(g.k, slices), line);
    const std::size_t width = round_up(parts(g.n, parts(g.n, n_block)), panel_columns);
    auto* const copied = reinterpret_cast<float*>(g.workspace);
    float* const packed = copied + 2 * rows_max * slice;
    const Workspace w{{copied, copied + rows_max * slice}, {packed, packed + width * slice}};
    Block block{0, least(g.n, width), 0, least(g.k, slice)};
    for (std::size_t number = 0; block.columns != 0; ++number) {
        Block next = block;
        next.l += slice;
        if (next.l >= g.k) next.l = 0, next.j += width;
        next.columns = next.j < g.n ? least(g.n - next.j, width) : 0;
        next.depth = least(g.k - next.l, slice);
        multiply_block(g, block, next, w, w.packed[number % 2], w.packed[(number + 1) % 2]);
        block = next;
    }
}

} // namespace kaisar::kernels
