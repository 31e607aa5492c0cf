// Sixteen rays that go the same way share a walk, a ray a lane; where few of them are left, each goes on by itself and
// tests eight boxes, or eight triangles, at once.
#include "kernels/ray_trace/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 16;
constexpr int few = 4; // rays; with fewer in a node eight boxes a ray are cheaper than a box for all of them
constexpr std::uint32_t no_block = 0x0fffffff;
constexpr std::size_t stack_size = ray_trace_depth * ray_trace_width;

enum class Until { nearest, any };

struct alignas(64) Packet {
    float origin[3][lanes], direction[3][lanes], inverse[3][lanes], scaled[3][lanes];
    float distance[lanes]; // what is beyond is not looked at; below every box for lanes that are done
    std::uint32_t triangle[lanes];
    float u[lanes], v[lanes];
};

/// Bounds rows in the order in which a ray meets them.
struct Order {
    std::size_t first[3], last[3];
};

Order order_of(unsigned signs) {
    Order order{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const bool backwards = (signs >> axis & 1) != 0;
        order.first[axis] = backwards ? 3 + axis : axis;
        order.last[axis] = backwards ? axis : 3 + axis;
    }
    return order;
}

std::uint32_t count_of(std::uint32_t leaf) { return (leaf >> 28 & 7) + 1; }

int bits_in(unsigned mask) { return __builtin_popcount(mask); }

std::size_t lowest_bit(unsigned mask) { return static_cast<std::size_t>(__builtin_ctz(mask)); }

float near_of(std::uint64_t entry) {
    const auto bits = static_cast<std::uint32_t>(entry >> 32);
    float near;
    __builtin_memcpy(&near, &bits, sizeof near);
    return near;
}

struct SingleRay {
    __m256 origin[3], direction[3], inverse[3], scaled[3];
};

SingleRay single_ray(const Packet& packet, std::size_t lane) {
    SingleRay ray;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        ray.origin[axis] = _mm256_set1_ps(packet.origin[axis][lane]);
        ray.direction[axis] = _mm256_set1_ps(packet.direction[axis][lane]);
        ray.inverse[axis] = _mm256_set1_ps(packet.inverse[axis][lane]);
        ray.scaled[axis] = _mm256_set1_ps(packet.scaled[axis][lane]);
    }
    return ray;
}

__attribute__((always_inline)) inline __m256 dot8(const __m256* p, const __m256* q) {
    return _mm256_fmadd_ps(p[0], q[0], _mm256_fmadd_ps(p[1], q[1], _mm256_mul_ps(p[2], q[2])));
}

/// The triangles that the ray meets, wherever; numerators of t, u, v and their divisor.
__attribute__((always_inline)) inline unsigned meet_triangles(const SingleRay& ray, const RayTraceBlock& block,
                                                              __m256* numerators, __m256* divisor) {
    __m256 c[3], r[3], a[3], b[3], normal[3];
    for (std::size_t axis = 0; axis < 3; ++axis) {
        c[axis] = _mm256_sub_ps(_mm256_load_ps(block.corner[axis]), ray.origin[axis]);
        a[axis] = _mm256_load_ps(block.a[axis]);
        b[axis] = _mm256_load_ps(block.b[axis]);
    }
    const auto* d = ray.direction;
    r[0] = _mm256_fmsub_ps(c[1], d[2], _mm256_mul_ps(c[2], d[1]));
    r[1] = _mm256_fmsub_ps(c[2], d[0], _mm256_mul_ps(c[0], d[2]));
    r[2] = _mm256_fmsub_ps(c[0], d[1], _mm256_mul_ps(c[1], d[0]));
    normal[0] = _mm256_fmsub_ps(b[1], a[2], _mm256_mul_ps(b[2], a[1]));
    normal[1] = _mm256_fmsub_ps(b[2], a[0], _mm256_mul_ps(b[0], a[2]));
    normal[2] = _mm256_fmsub_ps(b[0], a[1], _mm256_mul_ps(b[1], a[0]));
    const __m256 sign_bit = _mm256_set1_ps(-0.0f), zero = _mm256_setzero_ps();
    const __m256 w = dot8(normal, d);
    const __m256 sign = _mm256_and_ps(w, sign_bit);
    *divisor = _mm256_andnot_ps(sign_bit, w);
    numerators[0] = _mm256_xor_ps(sign, dot8(normal, c));
    numerators[1] = _mm256_xor_ps(sign, dot8(r, b));
    numerators[2] = _mm256_xor_ps(sign, dot8(r, a));
    __mmask8 met = _mm256_cmp_ps_mask(numerators[1], zero, _CMP_GE_OQ);
    met = _mm256_mask_cmp_ps_mask(met, numerators[2], zero, _CMP_GE_OQ);
    met = _mm256_mask_cmp_ps_mask(met, _mm256_add_ps(numerators[1], numerators[2]), *divisor, _CMP_LE_OQ);
    met = _mm256_mask_cmp_ps_mask(met, numerators[0], zero, _CMP_GE_OQ);
    return _mm256_mask_cmp_ps_mask(met, *divisor, zero, _CMP_GT_OQ);
}

/// Takes the nearest of the block's triangles where it is nearer than what the lane has.
void take_nearest(const SingleRay& ray, const RayTraceBlock& block, float near, Packet& packet, std::size_t lane) {
    __m256 numerators[3], divisor;
    unsigned met = meet_triangles(ray, block, numerators, &divisor);
    if (met == 0) return;
    alignas(32) float distance[8], u[8], v[8];
    _mm256_store_ps(distance, _mm256_max_ps(_mm256_div_ps(numerators[0], divisor), _mm256_set1_ps(near)));
    _mm256_store_ps(u, _mm256_div_ps(numerators[1], divisor));
    _mm256_store_ps(v, _mm256_div_ps(numerators[2], divisor));
    for (; met != 0; met &= met - 1) {
        const std::size_t i = lowest_bit(met);
        const bool better = distance[i] < packet.distance[lane] ||
                            (distance[i] == packet.distance[lane] && block.triangle[i] < packet.triangle[lane]);
        if (!better) continue;
        packet.distance[lane] = distance[i];
        packet.triangle[lane] = block.triangle[i];
        packet.u[lane] = u[i];
        packet.v[lane] = v[i];
    }
}

bool is_met_within(const SingleRay& ray, const RayTraceBlock& block, float reach) {
    __m256 numerators[3], divisor;
    const unsigned met = meet_triangles(ray, block, numerators, &divisor);
    if (met == 0) return false;
    const __m256 within = _mm256_mul_ps(divisor, _mm256_set1_ps(reach));
    return (met & _mm256_cmp_ps_mask(numerators[0], within, _CMP_LE_OQ)) != 0;
}

/// The children that the ray meets, as entries: the distance above, the child below. The first `count` are in use.
__attribute__((always_inline)) inline int meet_boxes(const SingleRay& ray, const Order& order, const RayTraceNode& node,
                                                     float reach, __m512i* entries) {
    __m256 first[3], last[3];
    for (std::size_t axis = 0; axis < 3; ++axis) {
        first[axis] =
            _mm256_fmsub_ps(_mm256_load_ps(node.bounds[order.first[axis]]), ray.inverse[axis], ray.scaled[axis]);
        last[axis] =
            _mm256_fmsub_ps(_mm256_load_ps(node.bounds[order.last[axis]]), ray.inverse[axis], ray.scaled[axis]);
    }
    const __m256 near = _mm256_max_ps(_mm256_max_ps(first[0], first[1]), _mm256_max_ps(first[2], _mm256_setzero_ps()));
    const __m256 far = _mm256_min_ps(_mm256_min_ps(last[0], last[1]), _mm256_min_ps(last[2], _mm256_set1_ps(reach)));
    const __mmask8 met = _mm256_cmp_ps_mask(near, far, _CMP_LE_OQ);
    const __m512i distances = _mm512_slli_epi64(_mm512_cvtepu32_epi64(_mm256_castps_si256(near)), 32);
    const __m512i children = _mm512_cvtepu32_epi64(_mm256_load_si256(reinterpret_cast<const __m256i*>(node.child)));
    *entries = _mm512_maskz_compress_epi64(met, _mm512_or_si512(distances, children));
    return bits_in(met);
}

void sort_pair(std::uint64_t& farther, std::uint64_t& nearer) {
    const std::uint64_t a = farther, b = nearer;
    farther = a > b ? a : b;
    nearer = a > b ? b : a;
}

/// Farthest first, so that the nearest is popped first.
__attribute__((always_inline)) inline void sort_entries(std::uint64_t* entries, int count) {
    if (count == 2) return sort_pair(entries[0], entries[1]);
    if (count == 3) {
        sort_pair(entries[0], entries[1]), sort_pair(entries[1], entries[2]), sort_pair(entries[0], entries[1]);
        return;
    }
    for (int i = 1; i < count; ++i) {
        const std::uint64_t entry = entries[i];
        int place = i;
        for (; place > 0 && entries[place - 1] < entry; --place) entries[place] = entries[place - 1];
        entries[place] = entry;
    }
}

template <Until until>
void walk_alone(const RayTraceTree& tree, const Order& order, std::uint32_t child, float near, Packet& packet,
                std::size_t lane) {
    const SingleRay ray = single_ray(packet, lane);
    std::uint64_t stack[stack_size + ray_trace_width]; // whole vectors are stored on top of it
    std::uint64_t* top = stack;
    for (;;) {
        if ((child & ray_trace_leaf) == 0) {
            __m512i entries;
            const int count = meet_boxes(ray, order, tree.nodes[child], packet.distance[lane], &entries);
            _mm512_storeu_si512(top, entries);
            if (count > 1 && until == Until::nearest) sort_entries(top, count);
            top += count;
        } else if constexpr (until == Until::nearest) {
            take_nearest(ray, tree.blocks[child & no_block], near, packet, lane);
        } else if (is_met_within(ray, tree.blocks[child & no_block], packet.distance[lane])) {
            packet.triangle[lane] = 0;
            packet.distance[lane] = -1;
            return;
        }
        do {
            if (top == stack) return;
            --top;
            near = near_of(*top);
        } while (near > packet.distance[lane]);
        child = static_cast<std::uint32_t>(*top);
    }
}

struct SharedRay {
    __m512 origin[3], direction[3], inverse[3], scaled[3];
};

__attribute__((always_inline)) inline __m512 dot16(const __m512* p, const __m512* q) {
    return _mm512_fmadd_ps(p[0], q[0], _mm512_fmadd_ps(p[1], q[1], _mm512_mul_ps(p[2], q[2])));
}

__m512 everywhere(const float* value) { return _mm512_set1_ps(*value); }

/// The lanes that meet triangle i of the block, wherever.
__attribute__((always_inline)) inline __mmask16 meet_triangle(const SharedRay& ray, const RayTraceBlock& block,
                                                              std::size_t i, __mmask16 active, __m512* numerators,
                                                              __m512* divisor) {
    __m512 c[3], r[3], a[3], b[3], normal[3];
    for (std::size_t axis = 0; axis < 3; ++axis) {
        c[axis] = _mm512_sub_ps(everywhere(&block.corner[axis][i]), ray.origin[axis]);
        a[axis] = everywhere(&block.a[axis][i]);
        b[axis] = everywhere(&block.b[axis][i]);
    }
    const auto* d = ray.direction;
    const __m512 zero = _mm512_setzero_ps(), sign_bit = _mm512_set1_ps(-0.0f);
    r[0] = _mm512_fmsub_ps(c[1], d[2], _mm512_mul_ps(c[2], d[1]));
    r[1] = _mm512_fmsub_ps(c[2], d[0], _mm512_mul_ps(c[0], d[2]));
    r[2] = _mm512_fmsub_ps(c[0], d[1], _mm512_mul_ps(c[1], d[0]));
    normal[0] = _mm512_fmsub_ps(b[1], a[2], _mm512_mul_ps(b[2], a[1]));
    normal[1] = _mm512_fmsub_ps(b[2], a[0], _mm512_mul_ps(b[0], a[2]));
    normal[2] = _mm512_fmsub_ps(b[0], a[1], _mm512_mul_ps(b[1], a[0]));
    const __m512 w = dot16(normal, d);
    const __m512 sign = _mm512_and_ps(w, sign_bit);
    *divisor = _mm512_andnot_ps(sign_bit, w);
    numerators[1] = _mm512_xor_ps(sign, dot16(r, b));
    numerators[2] = _mm512_xor_ps(sign, dot16(r, a));
    __mmask16 met = _mm512_mask_cmp_ps_mask(active, numerators[1], zero, _CMP_GE_OQ);
    met = _mm512_mask_cmp_ps_mask(met, numerators[2], zero, _CMP_GE_OQ);
    met = _mm512_mask_cmp_ps_mask(met, _mm512_add_ps(numerators[1], numerators[2]), *divisor, _CMP_LE_OQ);
    if (met == 0) return 0;
    numerators[0] = _mm512_xor_ps(sign, dot16(normal, c));
    met = _mm512_mask_cmp_ps_mask(met, numerators[0], zero, _CMP_GE_OQ);
    return _mm512_mask_cmp_ps_mask(met, *divisor, zero, _CMP_GT_OQ);
}

__attribute__((always_inline)) inline void take_nearest_shared(const SharedRay& ray, const RayTraceBlock& block,
                                                               std::size_t count, __m512 near, __mmask16 active,
                                                               Packet& packet) {
    for (std::size_t i = 0; i < count; ++i) {
        __m512 numerators[3], divisor;
        const __mmask16 met = meet_triangle(ray, block, i, active, numerators, &divisor);
        if (met == 0) continue;
        const __m512 distance = _mm512_max_ps(_mm512_div_ps(numerators[0], divisor), near);
        const __m512 best = _mm512_load_ps(packet.distance);
        const __m512i triangle = _mm512_set1_epi32(static_cast<int>(block.triangle[i]));
        const __mmask16 equal = _mm512_mask_cmp_ps_mask(met, distance, best, _CMP_EQ_OQ);
        const __mmask16 better =
            static_cast<__mmask16>(_mm512_mask_cmp_ps_mask(met, distance, best, _CMP_LT_OQ) |
                                   _mm512_mask_cmplt_epu32_mask(equal, triangle, _mm512_load_si512(packet.triangle)));
        _mm512_mask_store_ps(packet.distance, better, distance);
        _mm512_mask_store_epi32(packet.triangle, better, triangle);
        _mm512_mask_store_ps(packet.u, better, _mm512_div_ps(numerators[1], divisor));
        _mm512_mask_store_ps(packet.v, better, _mm512_div_ps(numerators[2], divisor));
    }
}

__attribute__((always_inline)) inline void end_blocked(const SharedRay& ray, const RayTraceBlock& block,
                                                       std::size_t count, __mmask16 active, Packet& packet) {
    for (std::size_t i = 0; i < count; ++i) {
        __m512 numerators[3], divisor;
        const __mmask16 met = meet_triangle(ray, block, i, active, numerators, &divisor);
        if (met == 0) continue;
        const __m512 within = _mm512_mul_ps(divisor, _mm512_load_ps(packet.distance));
        const __mmask16 blocked = _mm512_mask_cmp_ps_mask(met, numerators[0], within, _CMP_LE_OQ);
        _mm512_mask_store_ps(packet.distance, blocked, _mm512_set1_ps(-1));
        _mm512_mask_store_epi32(packet.triangle, blocked, _mm512_setzero_si512());
        active = static_cast<__mmask16>(active & ~blocked);
    }
}

struct Waiting {
    __m512 near;
    std::uint32_t child;
};

/// Pushes the children that any lane meets, the one that is nearest to its first lane on top; returns their count.
__attribute__((always_inline)) inline std::size_t meet_boxes_shared(const SharedRay& ray, const Order& order,
                                                                    const RayTraceNode& node, __mmask16 active,
                                                                    __m512 reach, Waiting* top) {
    Waiting found[ray_trace_width];
    std::uint64_t entries[ray_trace_width];
    std::size_t count = 0;
    const __m512 not_met = _mm512_set1_ps(__builtin_nanf("")); // at no distance from anything
    const float *first_row[3], *last_row[3];
    for (std::size_t axis = 0; axis < 3; ++axis) {
        first_row[axis] = node.bounds[order.first[axis]];
        last_row[axis] = node.bounds[order.last[axis]];
    }
    for (std::size_t slot = 0; slot < ray_trace_width && node.child[slot] != ray_trace_nothing; ++slot) {
        __m512 first[3], last[3];
        for (std::size_t axis = 0; axis < 3; ++axis) {
            first[axis] = _mm512_fmsub_ps(everywhere(first_row[axis] + slot), ray.inverse[axis], ray.scaled[axis]);
            last[axis] = _mm512_fmsub_ps(everywhere(last_row[axis] + slot), ray.inverse[axis], ray.scaled[axis]);
        }
        const __m512 near =
            _mm512_max_ps(_mm512_max_ps(first[0], first[1]), _mm512_max_ps(first[2], _mm512_setzero_ps()));
        const __m512 far = _mm512_min_ps(_mm512_min_ps(last[0], last[1]), _mm512_min_ps(last[2], reach));
        const __mmask16 met = _mm512_mask_cmp_ps_mask(active, near, far, _CMP_LE_OQ);
        if (met == 0) continue;
        found[count].near = _mm512_mask_mov_ps(not_met, met, near);
        found[count].child = node.child[slot];
        const int key =
            _mm_cvtsi128_si32(_mm512_castsi512_si128(_mm512_maskz_compress_epi32(met, _mm512_castps_si512(near))));
        entries[count] = static_cast<std::uint64_t>(static_cast<std::uint32_t>(key)) << 32 | count;
        ++count;
    }
    if (count > 1) sort_entries(entries, static_cast<int>(count));
    for (std::size_t i = 0; i < count; ++i) top[i] = found[entries[i] & 7];
    return count;
}

template <Until until>
void walk_together(const RayTraceTree& tree, const Order& order, __mmask16 members, Packet& packet) {
    SharedRay ray;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        ray.origin[axis] = _mm512_load_ps(packet.origin[axis]);
        ray.direction[axis] = _mm512_load_ps(packet.direction[axis]);
        ray.inverse[axis] = _mm512_load_ps(packet.inverse[axis]);
        ray.scaled[axis] = _mm512_load_ps(packet.scaled[axis]);
    }
    Waiting stack[stack_size];
    Waiting* top = stack;
    *top++ = {_mm512_mask_mov_ps(_mm512_set1_ps(__builtin_nanf("")), members, _mm512_setzero_ps()), 0};
    while (top != stack) {
        --top;
        const __m512 near = top->near, reach = _mm512_load_ps(packet.distance);
        const std::uint32_t child = top->child;
        const __mmask16 active = _mm512_cmp_ps_mask(near, reach, _CMP_LE_OQ);
        if (active == 0) continue;
        if (bits_in(active) <= few) {
            alignas(64) float nears[lanes];
            _mm512_store_ps(nears, near);
            for (unsigned left = active; left != 0; left &= left - 1)
                walk_alone<until>(tree, order, child, nears[lowest_bit(left)], packet, lowest_bit(left));
        } else if ((child & ray_trace_leaf) == 0) {
            top += meet_boxes_shared(ray, order, tree.nodes[child], active, reach, top);
        } else if constexpr (until == Until::nearest) {
            take_nearest_shared(ray, tree.blocks[child & no_block], count_of(child), near, active, packet);
        } else {
            end_blocked(ray, tree.blocks[child & no_block], count_of(child), active, packet);
        }
    }
}

/// Reads the rays of the lanes in `used`; returns those that reach anywhere.
__mmask16 load_packet(const RayTraceRays& rays, std::size_t begin, __mmask16 used, Packet& packet) {
    const __m512 most = _mm512_set1_ps(1e18f), least = _mm512_set1_ps(1e-18f), sign_bit = _mm512_set1_ps(-0.0f);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const __m512 origin = _mm512_maskz_loadu_ps(used, rays.origin[axis] + begin);
        const __m512 direction = _mm512_mask_loadu_ps(_mm512_set1_ps(1), used, rays.direction[axis] + begin);
        const __mmask16 tiny = _mm512_cmp_ps_mask(_mm512_andnot_ps(sign_bit, direction), least, _CMP_LT_OQ);
        const __m512 inverse = _mm512_mask_or_ps(_mm512_div_ps(_mm512_set1_ps(1), direction), tiny, most,
                                                 _mm512_and_ps(direction, sign_bit));
        _mm512_store_ps(packet.origin[axis], origin);
        _mm512_store_ps(packet.direction[axis], direction);
        _mm512_store_ps(packet.inverse[axis], inverse);
        _mm512_store_ps(packet.scaled[axis], _mm512_mul_ps(origin, inverse));
    }
    const __m512 reach = _mm512_mask_loadu_ps(_mm512_set1_ps(-1), used, rays.reach + begin);
    _mm512_store_ps(packet.distance, reach);
    _mm512_store_si512(packet.triangle, _mm512_set1_epi32(-1));
    _mm512_store_ps(packet.u, _mm512_setzero_ps());
    _mm512_store_ps(packet.v, _mm512_setzero_ps());
    return _mm512_mask_cmp_ps_mask(used, reach, _mm512_setzero_ps(), _CMP_GE_OQ);
}

/// Walks once for each combination of signs among the directions.
template <Until until>
void trace_packet(const RayTraceTree& tree, __mmask16 members, Packet& packet) {
    __mmask16 signs[3];
    for (std::size_t axis = 0; axis < 3; ++axis)
        signs[axis] = _mm512_movepi32_mask(_mm512_load_si512(packet.inverse[axis]));
    while (members != 0) {
        const std::size_t lane = lowest_bit(members);
        unsigned alike = members, combination = 0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const bool negative = (signs[axis] >> lane & 1) != 0;
            alike &= negative ? signs[axis] : ~static_cast<unsigned>(signs[axis]);
            combination |= negative ? 1u << axis : 0;
        }
        walk_together<until>(tree, order_of(combination), static_cast<__mmask16>(alike), packet);
        members = static_cast<__mmask16>(members & ~alike);
    }
}

__mmask16 first_lanes(std::size_t count) { return static_cast<__mmask16>(count >= lanes ? 0xffff : (1u << count) - 1); }

} // namespace

void ray_trace_nearest_avx512(const RayTraceTree& tree, const RayTraceRays& rays, const RayTraceHits& hits) noexcept {
    Packet packet;
    for (std::size_t begin = 0; begin < rays.count; begin += lanes) {
        const __mmask16 used = first_lanes(rays.count - begin);
        trace_packet<Until::nearest>(tree, load_packet(rays, begin, used, packet), packet);
        _mm512_mask_storeu_ps(hits.distance + begin, used, _mm512_load_ps(packet.distance));
        _mm512_mask_storeu_epi32(hits.triangle + begin, used, _mm512_load_si512(packet.triangle));
        _mm512_mask_storeu_ps(hits.u + begin, used, _mm512_load_ps(packet.u));
        _mm512_mask_storeu_ps(hits.v + begin, used, _mm512_load_ps(packet.v));
    }
}

void ray_trace_blocked_avx512(const RayTraceTree& tree, const RayTraceRays& rays, std::uint8_t* blocked) noexcept {
    Packet packet;
    for (std::size_t begin = 0; begin < rays.count; begin += lanes) {
        const __mmask16 used = first_lanes(rays.count - begin);
        trace_packet<Until::any>(tree, load_packet(rays, begin, used, packet), packet);
        const __mmask16 met = _mm512_cmpeq_epi32_mask(_mm512_load_si512(packet.triangle), _mm512_setzero_si512());
        _mm_mask_storeu_epi8(blocked + begin, used, _mm_maskz_set1_epi8(met, 1));
    }
}

} // namespace kaisar::kernels
