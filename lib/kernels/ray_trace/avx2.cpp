// Eight rays that go the same way share a walk, a ray a lane; where few of them are left, each goes on by itself and
// tests eight boxes, or eight triangles, at once.
#include "kernels/ray_trace/contract.h"

#include <immintrin.h>

namespace kaisar::kernels {
namespace {

constexpr std::size_t lanes = 8;
constexpr int few = 3; // rays; with fewer in a node eight boxes a ray are cheaper than a box for all of them
constexpr std::uint32_t no_block = 0x0fffffff;
constexpr std::size_t stack_size = ray_trace_depth * ray_trace_width;

enum class Until { nearest, any };

struct alignas(32) Packet {
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

unsigned mask_of(__m256 lanes_of_ones) { return static_cast<unsigned>(_mm256_movemask_ps(lanes_of_ones)); }

__m256 lanes_of(unsigned mask) {
    const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_castsi256_ps(
        _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(mask)), bits), bits));
}

float near_of(std::uint64_t entry) {
    const auto bits = static_cast<std::uint32_t>(entry >> 32);
    float near;
    __builtin_memcpy(&near, &bits, sizeof near);
    return near;
}

struct Three {
    __m256 x, y, z;
};

Three load(const float (&rows)[3][ray_trace_width]) {
    return {_mm256_load_ps(rows[0]), _mm256_load_ps(rows[1]), _mm256_load_ps(rows[2])};
}

Three everywhere(const float (&rows)[3][ray_trace_width], std::size_t i) {
    return {_mm256_broadcast_ss(&rows[0][i]), _mm256_broadcast_ss(&rows[1][i]), _mm256_broadcast_ss(&rows[2][i])};
}

__m256 dot(const Three& p, const Three& q) {
    return _mm256_fmadd_ps(p.x, q.x, _mm256_fmadd_ps(p.y, q.y, _mm256_mul_ps(p.z, q.z)));
}

Three cross(const Three& p, const Three& q) {
    return {_mm256_fmsub_ps(p.y, q.z, _mm256_mul_ps(p.z, q.y)), _mm256_fmsub_ps(p.z, q.x, _mm256_mul_ps(p.x, q.z)),
            _mm256_fmsub_ps(p.x, q.y, _mm256_mul_ps(p.y, q.x))};
}

/// One ray in all lanes, or one a lane.
struct Ray {
    __m256 origin[3], direction[3], inverse[3], scaled[3];
};

Ray single_ray(const Packet& packet, std::size_t lane) {
    Ray ray;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        ray.origin[axis] = _mm256_set1_ps(packet.origin[axis][lane]);
        ray.direction[axis] = _mm256_set1_ps(packet.direction[axis][lane]);
        ray.inverse[axis] = _mm256_set1_ps(packet.inverse[axis][lane]);
        ray.scaled[axis] = _mm256_set1_ps(packet.scaled[axis][lane]);
    }
    return ray;
}

struct Meeting {
    __m256 t, u, v, divisor; // the first three are still to be divided
    __m256 met;
};

/// Where lanes' rays meet lanes' triangles, at whatever distance.
__attribute__((always_inline)) inline Meeting meet(const Ray& ray, const Three& corner, const Three& a,
                                                   const Three& b) {
    const Three c{_mm256_sub_ps(corner.x, ray.origin[0]), _mm256_sub_ps(corner.y, ray.origin[1]),
                  _mm256_sub_ps(corner.z, ray.origin[2])};
    const Three d{ray.direction[0], ray.direction[1], ray.direction[2]};
    const Three r = cross(c, d), normal = cross(b, a);
    const __m256 sign_bit = _mm256_set1_ps(-0.0f), zero = _mm256_setzero_ps();
    const __m256 w = dot(normal, d);
    const __m256 sign = _mm256_and_ps(w, sign_bit);
    Meeting found{_mm256_xor_ps(sign, dot(normal, c)), _mm256_xor_ps(sign, dot(r, b)), _mm256_xor_ps(sign, dot(r, a)),
                  _mm256_andnot_ps(sign_bit, w), zero};
    const __m256 inside =
        _mm256_and_ps(_mm256_and_ps(_mm256_cmp_ps(found.u, zero, _CMP_GE_OQ), _mm256_cmp_ps(found.v, zero, _CMP_GE_OQ)),
                      _mm256_cmp_ps(_mm256_add_ps(found.u, found.v), found.divisor, _CMP_LE_OQ));
    const __m256 before =
        _mm256_and_ps(_mm256_cmp_ps(found.t, zero, _CMP_GE_OQ), _mm256_cmp_ps(found.divisor, zero, _CMP_GT_OQ));
    found.met = _mm256_and_ps(inside, before);
    return found;
}

/// Takes the nearest of the block's triangles where it is nearer than what the lane has.
void take_nearest(const Ray& ray, const RayTraceBlock& block, float near, Packet& packet, std::size_t lane) {
    const Meeting found = meet(ray, load(block.corner), load(block.a), load(block.b));
    unsigned met = mask_of(found.met);
    if (met == 0) return;
    alignas(32) float distance[8], u[8], v[8];
    _mm256_store_ps(distance, _mm256_max_ps(_mm256_div_ps(found.t, found.divisor), _mm256_set1_ps(near)));
    _mm256_store_ps(u, _mm256_div_ps(found.u, found.divisor));
    _mm256_store_ps(v, _mm256_div_ps(found.v, found.divisor));
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

bool is_met_within(const Ray& ray, const RayTraceBlock& block, float reach) {
    const Meeting found = meet(ray, load(block.corner), load(block.a), load(block.b));
    const __m256 within = _mm256_mul_ps(found.divisor, _mm256_set1_ps(reach));
    return mask_of(_mm256_and_ps(found.met, _mm256_cmp_ps(found.t, within, _CMP_LE_OQ))) != 0;
}

/// Writes the children that the ray meets, as entries: the distance above, the child below; returns how many.
__attribute__((always_inline)) inline int meet_boxes(const Ray& ray, const Order& order, const RayTraceNode& node,
                                                     float reach, std::uint64_t* entries) {
    __m256 first[3], last[3];
    for (std::size_t axis = 0; axis < 3; ++axis) {
        first[axis] =
            _mm256_fmsub_ps(_mm256_load_ps(node.bounds[order.first[axis]]), ray.inverse[axis], ray.scaled[axis]);
        last[axis] =
            _mm256_fmsub_ps(_mm256_load_ps(node.bounds[order.last[axis]]), ray.inverse[axis], ray.scaled[axis]);
    }
    const __m256 near = _mm256_max_ps(_mm256_max_ps(first[0], first[1]), _mm256_max_ps(first[2], _mm256_setzero_ps()));
    const __m256 far = _mm256_min_ps(_mm256_min_ps(last[0], last[1]), _mm256_min_ps(last[2], _mm256_set1_ps(reach)));
    unsigned met = mask_of(_mm256_cmp_ps(near, far, _CMP_LE_OQ));
    alignas(32) std::uint32_t distances[ray_trace_width];
    _mm256_store_si256(reinterpret_cast<__m256i*>(distances), _mm256_castps_si256(near));
    int count = 0;
    for (; met != 0; met &= met - 1) {
        const std::size_t slot = lowest_bit(met);
        entries[count++] = static_cast<std::uint64_t>(distances[slot]) << 32 | node.child[slot];
    }
    return count;
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
    const Ray ray = single_ray(packet, lane);
    std::uint64_t stack[stack_size];
    std::uint64_t* top = stack;
    for (;;) {
        if ((child & ray_trace_leaf) == 0) {
            const int count = meet_boxes(ray, order, tree.nodes[child], packet.distance[lane], top);
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

/// Takes triangle i of the block in the lanes where it is nearer than what they have.
__attribute__((always_inline)) inline void take_nearest_shared(const Ray& ray, const RayTraceBlock& block,
                                                               std::size_t i, __m256 near, __m256 active,
                                                               Packet& packet) {
    const Meeting found = meet(ray, everywhere(block.corner, i), everywhere(block.a, i), everywhere(block.b, i));
    const __m256 met = _mm256_and_ps(found.met, active);
    if (mask_of(met) == 0) return;
    const __m256 distance = _mm256_max_ps(_mm256_div_ps(found.t, found.divisor), near);
    const __m256 best = _mm256_load_ps(packet.distance);
    const __m256i triangle = _mm256_set1_epi32(static_cast<int>(block.triangle[i]));
    const __m256i best_triangle = _mm256_load_si256(reinterpret_cast<const __m256i*>(packet.triangle));
    // Unsigned comparison, by way of what is not below the minimum.
    const __m256i not_lower = _mm256_cmpeq_epi32(_mm256_min_epu32(triangle, best_triangle), best_triangle);
    const __m256 equal_but_lower =
        _mm256_andnot_ps(_mm256_castsi256_ps(not_lower), _mm256_cmp_ps(distance, best, _CMP_EQ_OQ));
    const __m256 better = _mm256_and_ps(met, _mm256_or_ps(equal_but_lower, _mm256_cmp_ps(distance, best, _CMP_LT_OQ)));
    const __m256i lanes_better = _mm256_castps_si256(better);
    _mm256_maskstore_ps(packet.distance, lanes_better, distance);
    _mm256_maskstore_epi32(reinterpret_cast<int*>(packet.triangle), lanes_better, triangle);
    _mm256_maskstore_ps(packet.u, lanes_better, _mm256_div_ps(found.u, found.divisor));
    _mm256_maskstore_ps(packet.v, lanes_better, _mm256_div_ps(found.v, found.divisor));
}

/// Ends the lanes that triangle i of the block blocks.
__attribute__((always_inline)) inline void end_blocked(const Ray& ray, const RayTraceBlock& block, std::size_t i,
                                                       __m256 active, Packet& packet) {
    const Meeting found = meet(ray, everywhere(block.corner, i), everywhere(block.a, i), everywhere(block.b, i));
    const __m256 met = _mm256_and_ps(found.met, active);
    if (mask_of(met) == 0) return;
    const __m256 within = _mm256_mul_ps(found.divisor, _mm256_load_ps(packet.distance));
    const __m256i blocked = _mm256_castps_si256(_mm256_and_ps(met, _mm256_cmp_ps(found.t, within, _CMP_LE_OQ)));
    _mm256_maskstore_ps(packet.distance, blocked, _mm256_set1_ps(-1));
    _mm256_maskstore_epi32(reinterpret_cast<int*>(packet.triangle), blocked, _mm256_setzero_si256());
}

struct Waiting {
    __m256 near;
    std::uint32_t child;
};

/// Pushes the children that any lane meets, the one that is nearest to its first lane on top; returns their count.
__attribute__((always_inline)) inline std::size_t meet_boxes_shared(const Ray& ray, const Order& order,
                                                                    const RayTraceNode& node, __m256 active,
                                                                    __m256 reach, Waiting* top) {
    Waiting found[ray_trace_width];
    std::uint64_t entries[ray_trace_width];
    std::size_t count = 0;
    const __m256 not_met = _mm256_set1_ps(__builtin_nanf("")); // at no distance from anything
    const float *first_row[3], *last_row[3];
    for (std::size_t axis = 0; axis < 3; ++axis) {
        first_row[axis] = node.bounds[order.first[axis]];
        last_row[axis] = node.bounds[order.last[axis]];
    }
    for (std::size_t slot = 0; slot < ray_trace_width && node.child[slot] != ray_trace_nothing; ++slot) {
        __m256 first[3], last[3];
        for (std::size_t axis = 0; axis < 3; ++axis) {
            first[axis] =
                _mm256_fmsub_ps(_mm256_broadcast_ss(first_row[axis] + slot), ray.inverse[axis], ray.scaled[axis]);
            last[axis] =
                _mm256_fmsub_ps(_mm256_broadcast_ss(last_row[axis] + slot), ray.inverse[axis], ray.scaled[axis]);
        }
        const __m256 near =
            _mm256_max_ps(_mm256_max_ps(first[0], first[1]), _mm256_max_ps(first[2], _mm256_setzero_ps()));
        const __m256 far = _mm256_min_ps(_mm256_min_ps(last[0], last[1]), _mm256_min_ps(last[2], reach));
        const __m256 met = _mm256_and_ps(active, _mm256_cmp_ps(near, far, _CMP_LE_OQ));
        const unsigned any = mask_of(met);
        if (any == 0) continue;
        found[count].near = _mm256_blendv_ps(not_met, near, met);
        found[count].child = node.child[slot];
        std::uint32_t key;
        __builtin_memcpy(&key, reinterpret_cast<const char*>(&found[count].near) + sizeof key * lowest_bit(any),
                         sizeof key);
        entries[count] = static_cast<std::uint64_t>(key) << 32 | count;
        ++count;
    }
    if (count > 1) sort_entries(entries, static_cast<int>(count));
    for (std::size_t i = 0; i < count; ++i) top[i] = found[entries[i] & 7];
    return count;
}

template <Until until>
void walk_together(const RayTraceTree& tree, const Order& order, unsigned members, Packet& packet) {
    Ray ray;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        ray.origin[axis] = _mm256_load_ps(packet.origin[axis]);
        ray.direction[axis] = _mm256_load_ps(packet.direction[axis]);
        ray.inverse[axis] = _mm256_load_ps(packet.inverse[axis]);
        ray.scaled[axis] = _mm256_load_ps(packet.scaled[axis]);
    }
    Waiting stack[stack_size];
    Waiting* top = stack;
    *top++ = {_mm256_blendv_ps(_mm256_set1_ps(__builtin_nanf("")), _mm256_setzero_ps(), lanes_of(members)), 0};
    while (top != stack) {
        --top;
        const __m256 near = top->near, reach = _mm256_load_ps(packet.distance);
        const std::uint32_t child = top->child;
        const __m256 active = _mm256_cmp_ps(near, reach, _CMP_LE_OQ);
        unsigned left = mask_of(active);
        if (left == 0) continue;
        if (bits_in(left) <= few) {
            alignas(32) float nears[lanes];
            _mm256_store_ps(nears, near);
            for (; left != 0; left &= left - 1)
                walk_alone<until>(tree, order, child, nears[lowest_bit(left)], packet, lowest_bit(left));
        } else if ((child & ray_trace_leaf) == 0) {
            top += meet_boxes_shared(ray, order, tree.nodes[child], active, reach, top);
        } else {
            const auto& block = tree.blocks[child & no_block];
            for (std::size_t i = 0; i < count_of(child); ++i) {
                if constexpr (until == Until::nearest)
                    take_nearest_shared(ray, block, i, near, active, packet);
                else
                    end_blocked(ray, block, i, active, packet);
            }
        }
    }
}

/// Reads the rays of the first `used` lanes; returns those that reach anywhere.
unsigned load_packet(const RayTraceRays& rays, std::size_t begin, std::size_t used, Packet& packet) {
    const __m256 most = _mm256_set1_ps(1e18f), least = _mm256_set1_ps(1e-18f), sign_bit = _mm256_set1_ps(-0.0f);
    const __m256 in_use = lanes_of((1u << used) - 1);
    const __m256i to_read = _mm256_castps_si256(in_use);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const __m256 origin = _mm256_maskload_ps(rays.origin[axis] + begin, to_read);
        const __m256 direction =
            _mm256_blendv_ps(_mm256_set1_ps(1), _mm256_maskload_ps(rays.direction[axis] + begin, to_read), in_use);
        const __m256 tiny = _mm256_cmp_ps(_mm256_andnot_ps(sign_bit, direction), least, _CMP_LT_OQ);
        const __m256 inverse = _mm256_blendv_ps(_mm256_div_ps(_mm256_set1_ps(1), direction),
                                                _mm256_or_ps(most, _mm256_and_ps(direction, sign_bit)), tiny);
        _mm256_store_ps(packet.origin[axis], origin);
        _mm256_store_ps(packet.direction[axis], direction);
        _mm256_store_ps(packet.inverse[axis], inverse);
        _mm256_store_ps(packet.scaled[axis], _mm256_mul_ps(origin, inverse));
    }
    const __m256 reach = _mm256_blendv_ps(_mm256_set1_ps(-1), _mm256_maskload_ps(rays.reach + begin, to_read), in_use);
    _mm256_store_ps(packet.distance, reach);
    _mm256_store_si256(reinterpret_cast<__m256i*>(packet.triangle), _mm256_set1_epi32(-1));
    _mm256_store_ps(packet.u, _mm256_setzero_ps());
    _mm256_store_ps(packet.v, _mm256_setzero_ps());
    return mask_of(_mm256_cmp_ps(reach, _mm256_setzero_ps(), _CMP_GE_OQ));
}

/// Walks once for each combination of signs among the directions.
template <Until until>
void trace_packet(const RayTraceTree& tree, unsigned members, Packet& packet) {
    unsigned signs[3];
    for (std::size_t axis = 0; axis < 3; ++axis) signs[axis] = mask_of(_mm256_load_ps(packet.inverse[axis]));
    while (members != 0) {
        const std::size_t lane = lowest_bit(members);
        unsigned alike = members, combination = 0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const bool negative = (signs[axis] >> lane & 1) != 0;
            alike &= negative ? signs[axis] : ~signs[axis];
            combination |= negative ? 1u << axis : 0;
        }
        walk_together<until>(tree, order_of(combination), alike, packet);
        members &= ~alike;
    }
}

} // namespace

void ray_trace_nearest_avx2(const RayTraceTree& tree, const RayTraceRays& rays, const RayTraceHits& hits) noexcept {
    Packet packet;
    for (std::size_t begin = 0; begin < rays.count; begin += lanes) {
        const std::size_t used = rays.count - begin < lanes ? rays.count - begin : lanes;
        trace_packet<Until::nearest>(tree, load_packet(rays, begin, used, packet), packet);
        __builtin_memcpy(hits.distance + begin, packet.distance, used * sizeof(float));
        __builtin_memcpy(hits.triangle + begin, packet.triangle, used * sizeof(std::uint32_t));
        __builtin_memcpy(hits.u + begin, packet.u, used * sizeof(float));
        __builtin_memcpy(hits.v + begin, packet.v, used * sizeof(float));
    }
}

void ray_trace_blocked_avx2(const RayTraceTree& tree, const RayTraceRays& rays, std::uint8_t* blocked) noexcept {
    Packet packet;
    for (std::size_t begin = 0; begin < rays.count; begin += lanes) {
        const std::size_t used = rays.count - begin < lanes ? rays.count - begin : lanes;
        trace_packet<Until::any>(tree, load_packet(rays, begin, used, packet), packet);
        for (std::size_t i = 0; i < used; ++i) blocked[begin + i] = packet.triangle[i] == 0 ? 1 : 0;
    }
}

} // namespace kaisar::kernels
