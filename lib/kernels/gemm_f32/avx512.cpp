// C is made of tiles of up to 14 x 32 sums that stay in registers. B is packed a block at a time, in panels of 32
// columns: for each l, 32 floats. The first rows of A that are multiplied by a panel read it where it lies and pack it
// on the way, so packing hides behind their arithmetic; a small B whose rows begin lines is read where it lies by all.
// A is copied, up to 14 rows at a time, 16 floats of each row and then the next 16; the rows of the next tiles are
// copied by the tiles before. What is missing at the edges is masked.
#include "kernels/gemm_f32/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t rows_max = 14; // 14 x 2 sums, 2 vectors of B, 1 of A, 1 on its way to a copy: 32 of 32 registers
constexpr std::size_t vector_columns = 16;
constexpr std::size_t panel_columns = 2 * vector_columns;
constexpr std::size_t line = 16;       // floats of a row of A that are copied, and multiplied, at a time
constexpr std::size_t k_block = 512;   // fourteen copied rows of A (28 KiB) stay in the first-level cache
constexpr std::size_t n_block = 512;   // packed B (1 MiB) stays in the second-level cache
constexpr std::size_t rows_ahead = 32; // of B are fetched before they are packed: what memory takes, 14 cycles a row
constexpr std::size_t rows_near = 8;   // are fetched where B is read as it lies: further ahead, they crowd out A
constexpr std::size_t line_bytes = 64;

std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }
std::size_t least(std::size_t a, std::size_t b) { return a < b ? a : b; }
constexpr std::size_t parts(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit; }

std::uint32_t first_columns(std::size_t count) {
    return count >= panel_columns ? ~std::uint32_t{0} : (std::uint32_t{1} << count) - 1;
}

/// A copy that a tile makes on its way, two lines for each line of k; done plainly where no tile is left for it, and at
/// edges: a masked load needs one of the two ports that multiply.
struct Copy {
    const float* from;
    std::size_t stride;  // from the first line to the second
    std::size_t advance; // from one pair of lines to the next
    float* to;
    std::size_t step;      // from one pair of copies to the next
    std::uint32_t columns; // a bit for each float of a pair that exists
};

void copy_plainly(const Copy& copy, std::size_t lines) {
    const float* from = copy.from;
    float* to = copy.to;
    for (; lines != 0; --lines, from += copy.advance, to += copy.step) {
        _mm512_store_ps(to, _mm512_maskz_loadu_ps(static_cast<__mmask16>(copy.columns), from));
        _mm512_store_ps(to + line,
                        _mm512_maskz_loadu_ps(static_cast<__mmask16>(copy.columns >> 16), from + copy.stride));
    }
}

/// Rows of A that are copied: the first line of every row, then the next.
struct RowCopies {
    const float* from;
    std::size_t stride, rows, depth;
    float* to;
    std::size_t begun; // rows

    bool is_done() const { return begun >= rows; }

    /// The whole lines of two rows; of an odd number one is copied twice.
    Copy next() {
        const std::size_t first = rows < 2 ? 0 : least(begun, rows - 2);
        begun += 2;
        return {from + first * stride, rows < 2 ? 0 : stride, line, to + first * line, rows * line, ~std::uint32_t{0}};
    }

    /// What is beyond the whole lines.
    void copy_rest() const {
        const std::size_t whole = depth / line * line;
        const auto beyond = static_cast<__mmask16>(first_columns(depth - whole));
        if (beyond == 0) return;
        for (std::size_t i = 0; i < rows; ++i)
            _mm512_store_ps(to + whole * rows + i * line, _mm512_maskz_loadu_ps(beyond, from + i * stride + whole));
    }
};

/// A block of B that is packed while the one before is being multiplied.
struct BlockCopies {
    const float* from;
    std::size_t stride, columns, depth;
    float* to;
    std::size_t column, row; // where to go on

    bool is_done() const { return column >= columns; }
    bool is_at_edge() const { return columns - column < panel_columns; }

    /// `rows` rows of a panel.
    Copy next(std::size_t rows) {
        const std::size_t first = least(row, depth - rows);
        const Copy copy{
            from + first * stride + column, line, stride, to + column * depth + first * panel_columns, panel_columns,
            first_columns(columns - column)};
        row += rows;
        if (row >= depth) row = 0, column += panel_columns;
        return copy;
    }
};

/// Up to 14 copied rows of A times one panel of B.
struct Tile {
    const float* a;
    float* b;                  // packed
    const float* from;         // B where it lies, for a tile that packs
    std::size_t from_bytes;    // between its rows
    std::size_t ahead_bytes;   // from a row to the one that is fetched: further down …
    std::size_t wrapped_bytes; // … or on top of the next panel
    std::size_t lines, rest;   // of k
    float* c;
    std::size_t row_bytes; // of c
    std::size_t adds;      // to what is in c, or not
    std::uint32_t columns; // a bit for each that exists
};

constexpr std::size_t bias = 112; // floats from a tile's rows to their address, which makes most distances a byte long

/// What has no register of its own in a tile; distances in bytes.
struct Steps {
    std::size_t columns, row_bytes, from_bytes, wrapped_bytes, rest, adds, copy_advance, copy_step, fetch_advance;
};
static_assert(sizeof(Steps) == 72);

// All in assembly: compilers move sums of tiles this large to the stack, or keep addresses in vector registers.
// zmm0 … 27 are the sums, two a row; 28 and 29 a row of B, 30 an element of A, 31 a line that is copied.
// clang-format off
#define COLUMNS       "(%[steps])"
#define ROW_BYTES     "8(%[steps])"
#define FROM_BYTES    "16(%[steps])"
#define WRAPPED_BYTES "24(%[steps])"
#define REST          "32(%[steps])"
#define ADDS          "40(%[steps])"
#define COPY_ADVANCE  "48(%[steps])"
#define COPY_STEP     "56(%[steps])"
#define FETCH_ADVANCE "64(%[steps])"

#define ROW(l, at, left, right)                          \
    "vbroadcastss 4*" l "+" at "-448(%[a]), %%zmm30\n"       \
    "vfmadd231ps %%zmm28, %%zmm30, %%zmm" left "\n"      \
    "vfmadd231ps %%zmm29, %%zmm30, %%zmm" right "\n"
#define HALF_ROW(l, at, left, right)                     \
    "vfmadd231ps 4*" l "+" at "-448(%[a])%{1to16%}, %%zmm28, %%zmm" left "\n"
#define ROWS_1(row, l)  row(l, "0", "0", "1")
#define ROWS_2(row, l)  ROWS_1(row, l) row(l, "64", "2", "3")
#define ROWS_3(row, l)  ROWS_2(row, l) row(l, "128", "4", "5")
#define ROWS_4(row, l)  ROWS_3(row, l) row(l, "192", "6", "7")
#define ROWS_5(row, l)  ROWS_4(row, l) row(l, "256", "8", "9")
#define ROWS_6(row, l)  ROWS_5(row, l) row(l, "320", "10", "11")
#define ROWS_7(row, l)  ROWS_6(row, l) row(l, "384", "12", "13")
#define ROWS_8(row, l)  ROWS_7(row, l) row(l, "448", "14", "15")
#define ROWS_9(row, l)  ROWS_8(row, l) row(l, "512", "16", "17")
#define ROWS_10(row, l) ROWS_9(row, l) row(l, "576", "18", "19")
#define ROWS_11(row, l) ROWS_10(row, l) row(l, "640", "20", "21")
#define ROWS_12(row, l) ROWS_11(row, l) row(l, "704", "22", "23")
#define ROWS_13(row, l) ROWS_12(row, l) row(l, "768", "24", "25")
#define ROWS_14(row, l) ROWS_13(row, l) row(l, "832", "26", "27")

// A row of B: packed already, half of it, where it lies and packed now, or where it lies and left there.
#define WHOLE(l)                                         \
    "prefetcht0 128*" l "+1024(%[b])\n"                  \
    "prefetcht0 128*" l "+1088(%[b])\n"                  \
    "vmovaps 128*" l "(%[b]), %%zmm28\n"                 \
    "vmovaps 128*" l "+64(%[b]), %%zmm29\n"
#define HALF(l)                                          \
    "vmovaps 128*" l "(%[b]), %%zmm28\n"
#define PACKING(l)                                       \
    "vmovups (%[from]), %%zmm28%{%%k1%}%{z%}\n"          \
    "vmovups 64(%[from]), %%zmm29%{%%k2%}%{z%}\n"        \
    "prefetcht1 (%[from],%[ahead])\n"                    \
    "prefetcht1 64(%[from],%[ahead])\n"                  \
    "add " FROM_BYTES ", %[from]\n"                       \
    "vmovaps %%zmm28, 128*" l "(%[b])\n"                 \
    "vmovaps %%zmm29, 128*" l "+64(%[b])\n"
#define LYING(l)                                         \
    "vmovups (%[from]), %%zmm28\n"                       \
    "vmovups 64(%[from]), %%zmm29\n"                     \
    "prefetcht0 (%[from],%[ahead])\n"                    \
    "prefetcht0 64(%[from],%[ahead])\n"                  \
    "add " FROM_BYTES ", %[from]\n"
#define STEP(load, row, rows, l) load(l) ROWS_##rows(row, l)
#define LINE(load, row, rows)                                                                              \
    STEP(load, row, rows, "0") STEP(load, row, rows, "1") STEP(load, row, rows, "2")                       \
    STEP(load, row, rows, "3") STEP(load, row, rows, "4") STEP(load, row, rows, "5")                       \
    STEP(load, row, rows, "6") STEP(load, row, rows, "7") STEP(load, row, rows, "8")                       \
    STEP(load, row, rows, "9") STEP(load, row, rows, "10") STEP(load, row, rows, "11")                     \
    STEP(load, row, rows, "12") STEP(load, row, rows, "13") STEP(load, row, rows, "14")                    \
    STEP(load, row, rows, "15")

// What is done to the sums of each row: to begin with, before the end, and at the end.
#define BEGIN(left, right)                                             \
    "vpxord %%zmm" left ", %%zmm" left ", %%zmm" left "\n"             \
    "vpxord %%zmm" right ", %%zmm" right ", %%zmm" right "\n"
#define ADD(left, right)                                               \
    "vaddps (%[c]), %%zmm" left ", %%zmm" left "%{%%k1%}\n"            \
    "vaddps 64(%[c]), %%zmm" right ", %%zmm" right "%{%%k2%}\n"        \
    "add %[lines], %[c]\n"
#define STORE(left, right)                                             \
    "vmovups %%zmm" left ", (%[c])%{%%k1%}\n"                          \
    "vmovups %%zmm" right ", 64(%[c])%{%%k2%}\n"                       \
    "add %[lines], %[c]\n"
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

#define DEFINE_TILE(name, load, row, rows)                                                                              \
    void name##_##rows(const Tile& t, const Copy& copy, const Copy& fetched) {                                          \
        const Steps steps{t.columns, t.row_bytes, t.from_bytes, t.wrapped_bytes, t.rest, t.adds,          \
                          copy.advance * sizeof(float), copy.step * sizeof(float), fetched.advance * sizeof(float)};    \
        const float *a = t.a + bias, *from = t.from, *copy_from = copy.from;                                            \
        const float *fetch = fetched.from, *fetch_too = fetch + fetched.stride;                                         \
        float *b = t.b, *c = t.c, *c_soon = c, *copy_to = copy.to;                                                      \
        std::size_t lines = t.lines, rows_soon = rows, ahead = t.ahead_bytes;                                           \
        __asm__ volatile("kmovd " COLUMNS ", %%k1\n"                                                                    \
                         "kshiftrd $16, %%k1, %%k2\n" EACH_##rows(BEGIN)                                                \
                         "test %[lines], %[lines]\n"                                                                    \
                         "jz 2f\n"                                                                                      \
                         ".p2align 5\n"                                                                                 \
                         "1:\n"                                                                                         \
                         "cmp $2, %[lines]\n"                                                                           \
                         "cmove " WRAPPED_BYTES ", %[ahead]\n"                                                          \
                         "prefetcht0 (%[fetch])\n"                                                                      \
                         "prefetcht0 (%[fetch_too])\n"                                                                  \
                         "prefetcht0 63(%[fetch_too])\n"                                                                \
                         "add " FETCH_ADVANCE ", %[fetch]\n"                                                            \
                         "add " FETCH_ADVANCE ", %[fetch_too]\n"                                                        \
                         "test %[copy_to], %[copy_to]\n"                                                                \
                         "jz 8f\n"                                                                                      \
                         "vmovups (%[copy_from]), %%zmm31\n"                                                              \
                         "vmovaps %%zmm31, (%[copy_to])\n"                                                              \
                         "vmovups (%[copy_from],%[copy_stride],4), %%zmm31\n"                                             \
                         "vmovaps %%zmm31, 64(%[copy_to])\n"                                                            \
                         "add " COPY_ADVANCE ", %[copy_from]\n"                                                         \
                         "add " COPY_STEP ", %[copy_to]\n"                                                              \
                         "8:\n"                                                                                         \
                         "test %[rows_soon], %[rows_soon]\n"                                                            \
                         "jz 7f\n"                                                                                      \
                         "prefetchw (%[c_soon])\n"                                                                      \
                         "prefetchw 64(%[c_soon])\n"                                                                    \
                         "add " ROW_BYTES ", %[c_soon]\n"                                                               \
                         "dec %[rows_soon]\n"                                                                           \
                         "7:\n" LINE(load, row, rows)                                                                   \
                         "add $64*" #rows ", %[a]\n"                                                                    \
                         "add $2048, %[b]\n"                                                                            \
                         "dec %[lines]\n"                                                                               \
                         "jnz 1b\n"                                                                                     \
                         "2:\n"                                                                                         \
                         "mov " REST ", %[lines]\n"                                                                     \
                         "test %[lines], %[lines]\n"                                                                    \
                         "jz 4f\n"                                                                                      \
                         "3:\n" STEP(load, row, rows, "0")                                                              \
                         "add $4, %[a]\n"                                                                               \
                         "add $128, %[b]\n"                                                                             \
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
                         : "memory", "cc", "k1", "k2", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",      \
                           "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",        \
                           "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",    \
                           "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");                                       \
    }
#define DEFINE_TILES(name, load, row)                                                                                   \
    DEFINE_TILE(name, load, row, 1)                                                                                     \
    DEFINE_TILE(name, load, row, 2)                                                                                     \
    DEFINE_TILE(name, load, row, 3)                                                                                     \
    DEFINE_TILE(name, load, row, 4)                                                                                     \
    DEFINE_TILE(name, load, row, 5)                                                                                     \
    DEFINE_TILE(name, load, row, 6)                                                                                     \
    DEFINE_TILE(name, load, row, 7)                                                                                     \
    DEFINE_TILE(name, load, row, 8)                                                                                     \
    DEFINE_TILE(name, load, row, 9)                                                                                     \
    DEFINE_TILE(name, load, row, 10)                                                                                    \
    DEFINE_TILE(name, load, row, 11)                                                                                    \
    DEFINE_TILE(name, load, row, 12)                                                                                    \
    DEFINE_TILE(name, load, row, 13)                                                                                    \
    DEFINE_TILE(name, load, row, 14)                                                                                    \
    constexpr TileFunction name[rows_max] = {name##_1,  name##_2,  name##_3,  name##_4, name##_5,  name##_6,  name##_7, \
                                             name##_8,  name##_9,  name##_10, name##_11, name##_12, name##_13,          \
                                             name##_14};

using TileFunction = void (*)(const Tile&, const Copy&, const Copy&);
DEFINE_TILES(multiply_whole, WHOLE, ROW)
DEFINE_TILES(multiply_half, HALF, HALF_ROW)
DEFINE_TILES(multiply_and_pack, PACKING, ROW)
DEFINE_TILES(multiply_lying, LYING, ROW)
// clang-format on

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
        if (!block.is_done() && !block.is_at_edge() && lines != 0 && lines <= block.depth) return block.next(lines);
        return idle;
    }

    void finish_rows(std::size_t lines) {
        while (!rows.is_done()) copy_plainly(rows.next(), lines);
        rows.copy_rest();
    }

    void finish_block() {
        while (!block.is_done()) copy_plainly(block.next(least(line, block.depth)), least(line, block.depth));
    }
};

enum class Packed { before, meanwhile, never };

/// One row panel of A, copied, against all panels of the block.
void multiply_panel(Tile tile, std::size_t rows, std::size_t columns, Packed packed, Copies& copies) {
    for (std::size_t j = 0; j < columns; j += panel_columns) {
        tile.columns = first_columns(columns - j);
        const auto* const functions = packed == Packed::meanwhile     ? multiply_and_pack
                                      : packed == Packed::never       ? multiply_lying
                                      : columns - j <= vector_columns ? multiply_half
                                                                      : multiply_whole;
        const bool is_last = columns - j <= panel_columns;
        const Copy fetched = is_last ? copies.idle : copies.next(tile.lines);
        functions[rows - 1](tile, copies.begun, fetched);
        copies.begun = fetched;
        tile.b += (tile.lines * line + tile.rest) * panel_columns;
        tile.from += panel_columns;
        tile.c += panel_columns;
    }
    copies.finish_rows(tile.lines);
}

/// Whether B is one block of whole panels, each row of which begins a line, and dense enough not to crowd a few sets of
/// the caches: then nothing is gained by packing it.
bool lies_well(const GemmF32Arguments& g) {
    const std::size_t misplaced = (reinterpret_cast<std::uintptr_t>(g.b) | g.ldb * sizeof(float)) % line_bytes;
    return g.k <= k_block && g.n % panel_columns == 0 && g.ldb <= n_block && misplaced == 0;
}

/// All rows of A times a block of B, which is packed already or, the first one, meanwhile; so is the next one.
void multiply_block(const GemmF32Arguments& g, const Block& block, const Block& next, const Workspace& w, float* b,
                    float* next_b) {
    const std::size_t panels = parts(g.m, rows_max);
    const std::size_t lowest = g.m / panels, higher = g.m % panels; // rows of a panel; panels with one more
    const float* a = g.a + block.l;
    Tile tile{};
    tile.from = g.b + block.l * g.ldb + block.j, tile.from_bytes = g.ldb * sizeof(float);
    const bool lies = lies_well(g), is_first = block.j == 0 && block.l == 0;
    const std::size_t ahead = lies ? rows_near : rows_ahead;
    tile.ahead_bytes = ahead * tile.from_bytes;
    tile.wrapped_bytes = (ahead - block.depth / line * line) * tile.from_bytes + panel_columns * sizeof(float);
    tile.lines = block.depth / line, tile.rest = block.depth % line;
    tile.c = g.c + block.j, tile.row_bytes = g.ldc * sizeof(float), tile.adds = block.l != 0;
    tile.b = b;
    const Copy idle{a, 0, 0, nullptr, 0, 0};
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
        const Packed packed = lies ? Packed::never : is_first && panel == 0 ? Packed::meanwhile : Packed::before;
        multiply_panel(tile, rows, block.columns, packed, copies);
        tile.c += rows * g.ldc;
    }
    copies.finish_block();
}

} // namespace

std::size_t gemm_f32_avx512_workspace_bytes(std::size_t, std::size_t n, std::size_t k) noexcept {
    const std::size_t depth = round_up(least(k, k_block), line), columns = round_up(least(n, n_block), panel_columns);
    const std::size_t blocks = n > n_block || k > k_block ? 2 : 1;
    return sizeof(float) * (2 * rows_max * depth + blocks * columns * depth);
}

void gemm_f32_avx512(const GemmF32Arguments& g) noexcept {
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
