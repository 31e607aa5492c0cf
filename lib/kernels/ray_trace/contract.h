/// Which triangle a ray meets first, and whether it meets any: a walk through a tree of boxes.
///
/// A tree has nodes of up to eight children, filled from the front, and blocks of up to eight triangles. A child word
/// is `ray_trace_nothing`, the number of a node, or, with the highest bit set, count - 1 in bits 28 to 30 and the
/// number of a block below. A box that holds another has bounds that hold the other's; an empty place has lower 1e18,
/// upper -1e18.
///
/// With o, d and reach of a ray, i = 1 / d (or ±1e18 where |d| < 1e-18), s = o * i, and fma, the product that is added
/// to unrounded, a box is met when near <= far:
///
///     near = max(0, fma(first, i, -s) over the axes)      far = min(reach, fma(last, i, -s) over the axes)
///
/// first and last being the lower and upper bound, or the other way round where i < 0. A triangle with corner c, a = c
/// - second corner and b = third corner - c is met when with C = c - o
///
///     n = b x a      R = C x d      w = n.d      U = R.b / w >= 0      V = R.a / w >= 0      U + V <= 1      t = n.C /
///     w >= 0
///
/// where p x q = fma(p1, q2, -(p2 * q1)) …, p.q = fma(p0, q0, fma(p1, q1, p2 * q2)), and the comparisons are made
/// before the division, w's sign moved to the numerators. Its distance is max(t, near of the box that its block has in
/// its node). So a farther box can be left out without a look into it, and what is the nearest depends on no order:
/// distances and triangles are bit-identical across all variants; among equal distances the lowest triangle counts.
///
/// | argument  | shape         | meaning                                                                       |
/// |-----------|---------------|-------------------------------------------------------------------------------|
/// | origin    | 3 x count     | apart by axis, no alignment needed                                            |
/// | direction | 3 x count     | of any length; distances are in multiples of it                               |
/// | reach     | count         | how far a ray goes; one below zero meets nothing                              |
/// | distance  | count         | `reach` where nothing was met                                                 |
/// | triangle  | count         | `ray_trace_nothing` where nothing was met                                     |
/// | u, v      | count each    | U and V, the weights of the second and the third corner; 0 for nothing        |
/// | blocked   | count         | 1 where something is met within reach (n.C <= w * reach), else 0              |
///
/// Neighbouring rays should be alike: that is faster, and nothing else. Source of the triangle's test: Möller and
/// Trumbore, "Fast, minimum storage ray-triangle intersection" (1997). Cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kaisar::kernels {

inline constexpr std::uint32_t ray_trace_nothing = 0xffffffff;
inline constexpr std::uint32_t ray_trace_leaf = 0x80000000;
inline constexpr std::size_t ray_trace_width = 8;  // children of a node, triangles of a block
inline constexpr std::size_t ray_trace_depth = 24; // nodes on a way down, at most

struct alignas(64) RayTraceNode {
    float bounds[6][ray_trace_width]; ///< lower x, y, z, upper x, y, z
    std::uint32_t child[ray_trace_width];
};

struct alignas(64) RayTraceBlock {
    float corner[3][ray_trace_width], a[3][ray_trace_width], b[3][ray_trace_width];
    std::uint32_t triangle[ray_trace_width];
};

struct RayTraceTree {
    const RayTraceNode* nodes; ///< the first is the root
    const RayTraceBlock* blocks;
};

struct RayTraceRays {
    const float* origin[3];
    const float* direction[3];
    const float* reach;
    std::size_t count;
};

struct RayTraceHits {
    float* distance;
    std::uint32_t* triangle;
    float* u;
    float* v;
};

void ray_trace_nearest_reference(const RayTraceTree& tree, const RayTraceRays& rays, const RayTraceHits& hits) noexcept;
void ray_trace_nearest_avx2(const RayTraceTree& tree, const RayTraceRays& rays, const RayTraceHits& hits) noexcept;
void ray_trace_nearest_avx512(const RayTraceTree& tree, const RayTraceRays& rays, const RayTraceHits& hits) noexcept;
void ray_trace_nearest_neon(const RayTraceTree& tree, const RayTraceRays& rays, const RayTraceHits& hits) noexcept;

void ray_trace_blocked_reference(const RayTraceTree& tree, const RayTraceRays& rays, std::uint8_t* blocked) noexcept;
void ray_trace_blocked_avx2(const RayTraceTree& tree, const RayTraceRays& rays, std::uint8_t* blocked) noexcept;
void ray_trace_blocked_avx512(const RayTraceTree& tree, const RayTraceRays& rays, std::uint8_t* blocked) noexcept;
void ray_trace_blocked_neon(const RayTraceTree& tree, const RayTraceRays& rays, std::uint8_t* blocked) noexcept;

} // namespace kaisar::kernels
