// One ray after the other; it tests eight boxes, or eight triangles, at once, four a register.
#include "kernels/ray_trace/contract.h"

#include <arm_neon.h>

namespace kaisar::kernels {
namespace {

constexpr std::uint32_t no_block = 0x0fffffff;
constexpr std::size_t stack_size = ray_trace_depth * ray_trace_width;

enum class Until { nearest, any };

struct Ray {
    float origin[3], direction[3], inverse[3], minus_scaled[3];
    std::size_t first[3], last[3]; // rows of bounds, in the order in which the ray meets them
};

struct Hit {
    float distance; // what is beyond is not looked at
    std::uint32_t triangle;
    float u, v;
};

struct Three {
    float32x4_t x, y, z;
};

Ray make_ray(const RayTraceRays& rays, std::size_t i) {
    Ray ray;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const float d = rays.direction[axis][i];
        ray.origin[axis] = rays.origin[axis][i];
        ray.direction[axis] = d;
        ray.inverse[axis] = __builtin_fabsf(d) < 1e-18f ? __builtin_copysignf(1e18f, d) : 1 / d;
        ray.minus_scaled[axis] = -(ray.origin[axis] * ray.inverse[axis]);
        const bool backwards = ray.inverse[axis] < 0;
        ray.first[axis] = backwards ? 3 + axis : axis;
        ray.last[axis] = backwards ? axis : 3 + axis;
    }
    return ray;
}

/// A bit for each of eight lanes.
unsigned mask_of(uint32x4_t low, uint32x4_t high) {
    constexpr std::uint16_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    return vaddvq_u16(vandq_u16(vcombine_u16(vmovn_u32(low), vmovn_u32(high)), vld1q_u16(bits)));
}

std::size_t lowest_bit(unsigned mask) { return static_cast<std::size_t>(__builtin_ctz(mask)); }

float near_of(std::uint64_t entry) {
    const auto bits = static_cast<std::uint32_t>(entry >> 32);
    float near;
    __builtin_memcpy(&near, &bits, sizeof near);
    return near;
}

Three load(const float (&rows)[3][ray_trace_width], std::size_t lane) {
    return {vld1q_f32(rows[0] + lane), vld1q_f32(rows[1] + lane), vld1q_f32(rows[2] + lane)};
}

/// p * q - r, rounded once.
float32x4_t multiply_subtract(float32x4_t p, float32x4_t q, float32x4_t r) { return vfmaq_f32(vnegq_f32(r), p, q); }

float32x4_t dot(const Three& p, const Three& q) {
    return vfmaq_f32(vfmaq_f32(vmulq_f32(p.z, q.z), p.y, q.y), p.x, q.x);
}

Three cross(const Three& p, const Three& q) {
    return {multiply_subtract(p.y, q.z, vmulq_f32(p.z, q.y)), multiply_subtract(p.z, q.x, vmulq_f32(p.x, q.z)),
            multiply_subtract(p.x, q.y, vmulq_f32(p.y, q.x))};
}

struct Meeting {
    float32x4_t t, u, v, divisor; // the first three are still to be divided
    uint32x4_t met;
};

/// Where the ray meets four of the block's triangles, at whatever distance.
Meeting meet(const Ray& ray, const RayTraceBlock& block, std::size_t lane) {
    const Three corner = load(block.corner, lane), a = load(block.a, lane), b = load(block.b, lane);
    const Three c{vsubq_f32(corner.x, vdupq_n_f32(ray.origin[0])), vsubq_f32(corner.y, vdupq_n_f32(ray.origin[1])),
                  vsubq_f32(corner.z, vdupq_n_f32(ray.origin[2]))};
    const Three d{vdupq_n_f32(ray.direction[0]), vdupq_n_f32(ray.direction[1]), vdupq_n_f32(ray.direction[2])};
    const Three r = cross(c, d), normal = cross(b, a);
    const float32x4_t w = dot(normal, d);
    const uint32x4_t sign = vandq_u32(vreinterpretq_u32_f32(w), vdupq_n_u32(0x80000000));
    const auto turned = [sign](float32x4_t x) {
        return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x), sign));
    };
    Meeting found{turned(dot(normal, c)), turned(dot(r, b)), turned(dot(r, a)), vabsq_f32(w), {}};
    const uint32x4_t inside = vandq_u32(vandq_u32(vcgezq_f32(found.u), vcgezq_f32(found.v)),
                                        vcleq_f32(vaddq_f32(found.u, found.v), found.divisor));
    found.met = vandq_u32(inside, vandq_u32(vcgezq_f32(found.t), vcgtzq_f32(found.divisor)));
    return found;
}

/// Takes the nearest of the block's triangles where it is nearer than what the ray has.
void take_nearest(const Ray& ray, const RayTraceBlock& block, float near, Hit& hit) {
    const Meeting halves[2] = {meet(ray, block, 0), meet(ray, block, 4)};
    unsigned met = mask_of(halves[0].met, halves[1].met);
    if (met == 0) return;
    float distance[8], u[8], v[8];
    for (std::size_t half = 0; half < 2; ++half) {
        const Meeting& found = halves[half];
        vst1q_f32(distance + 4 * half, vmaxq_f32(vdivq_f32(found.t, found.divisor), vdupq_n_f32(near)));
        vst1q_f32(u + 4 * half, vdivq_f32(found.u, found.divisor));
        vst1q_f32(v + 4 * half, vdivq_f32(found.v, found.divisor));
    }
    for (; met != 0; met &= met - 1) {
        const std::size_t i = lowest_bit(met);
        if (distance[i] < hit.distance || (distance[i] == hit.distance && block.triangle[i] < hit.triangle))
            hit = {distance[i], block.triangle[i], u[i], v[i]};
    }
}

bool is_met_within(const Ray& ray, const RayTraceBlock& block, float reach) {
    uint32x4_t within[2];
    for (std::size_t half = 0; half < 2; ++half) {
        const Meeting found = meet(ray, block, 4 * half);
        within[half] = vandq_u32(found.met, vcleq_f32(found.t, vmulq_n_f32(found.divisor, reach)));
    }
    return mask_of(within[0], within[1]) != 0;
}

/// Writes the children that the ray meets, as entries: the distance above, the child below; returns how many.
std::size_t meet_boxes(const Ray& ray, const RayTraceNode& node, float reach, std::uint64_t* entries) {
    std::uint32_t distances[ray_trace_width];
    uint32x4_t mets[2];
    for (std::size_t half = 0; half < 2; ++half) {
        float32x4_t near = vdupq_n_f32(0), far = vdupq_n_f32(reach);
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const float32x4_t minus_scaled = vdupq_n_f32(ray.minus_scaled[axis]);
            const float* const first = node.bounds[ray.first[axis]] + 4 * half;
            const float* const last = node.bounds[ray.last[axis]] + 4 * half;
            near = vmaxq_f32(near, vfmaq_n_f32(minus_scaled, vld1q_f32(first), ray.inverse[axis]));
            far = vminq_f32(far, vfmaq_n_f32(minus_scaled, vld1q_f32(last), ray.inverse[axis]));
        }
        mets[half] = vcleq_f32(near, far);
        vst1q_u32(distances + 4 * half, vreinterpretq_u32_f32(near));
    }
    std::size_t count = 0;
    for (unsigned met = mask_of(mets[0], mets[1]); met != 0; met &= met - 1) {
        const std::size_t slot = lowest_bit(met);
        entries[count++] = static_cast<std::uint64_t>(distances[slot]) << 32 | node.child[slot];
    }
    return count;
}

/// Farthest first, so that the nearest is popped first.
void sort_entries(std::uint64_t* entries, std::size_t count) {
    for (std::size_t i = 1; i < count; ++i) {
        const std::uint64_t entry = entries[i];
        std::size_t place = i;
        for (; place > 0 && entries[place - 1] < entry; --place) entries[place] = entries[place - 1];
        entries[place] = entry;
    }
}

/// Leaves in `hit` what was met; for Until::any triangle 0 where anything was.
template <Until until>
void walk(const RayTraceTree& tree, const Ray& ray, Hit& hit) {
    std::uint64_t stack[stack_size];
    std::uint64_t* top = stack;
    std::uint32_t child = 0;
    float near = 0;
    for (;;) {
        if ((child & ray_trace_leaf) == 0) {
            const std::size_t count = meet_boxes(ray, tree.nodes[child], hit.distance, top);
            if constexpr (until == Until::nearest) sort_entries(top, count);
            top += count;
        } else if constexpr (until == Until::nearest) {
            take_nearest(ray, tree.blocks[child & no_block], near, hit);
        } else if (is_met_within(ray, tree.blocks[child & no_block], hit.distance)) {
            hit.triangle = 0;
            return;
        }
        do {
            if (top == stack) return;
            --top;
            near = near_of(*top);
        } while (near > hit.distance);
        child = static_cast<std::uint32_t>(*top);
    }
}

} // namespace

void ray_trace_nearest_neon(const RayTraceTree& tree, const RayTraceRays& rays, const RayTraceHits& hits) noexcept {
    for (std::size_t i = 0; i < rays.count; ++i) {
        Hit hit{rays.reach[i], ray_trace_nothing, 0, 0};
        walk<Until::nearest>(tree, make_ray(rays, i), hit);
        hits.distance[i] = hit.distance;
        hits.triangle[i] = hit.triangle;
        hits.u[i] = hit.u;
        hits.v[i] = hit.v;
    }
}

void ray_trace_blocked_neon(const RayTraceTree& tree, const RayTraceRays& rays, std::uint8_t* blocked) noexcept {
    for (std::size_t i = 0; i < rays.count; ++i) {
        Hit hit{rays.reach[i], ray_trace_nothing, 0, 0};
        walk<Until::any>(tree, make_ray(rays, i), hit);
        blocked[i] = hit.triangle == 0 ? 1 : 0;
    }
}

} // namespace kaisar::kernels
