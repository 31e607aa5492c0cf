/// A ray's walk through a tree as a GPU's thread takes it, with the arithmetic that the contract prescribes: plain
/// constexpr functions, which a test runs on the host. `Arithmetic` has fused(a, b, c), the product added to unrounded,
/// and with_sign_of(size, sign). No product here is added to anything but within fused(), or it is one by ±1: a
/// compiler that fuses by itself changes nothing.
#pragma once

#include "kernels/ray_trace/contract.h"

namespace kaisar::kernels::device {

struct RayVector {
    float x, y, z;
};

struct TracedRay {
    RayVector origin, direction;
    float inverse[3], scaled[3];
    float reach;
};

struct TracedHit {
    float distance;
    std::uint32_t triangle;
    float u, v;
};

constexpr float ray_magnitude(float x) { return x < 0 ? -x : x; }

template <class Arithmetic>
struct RayTracer {
    static constexpr float fused(float a, float b, float c) { return Arithmetic::fused(a, b, c); }

    static constexpr float dot(RayVector p, RayVector q) { return fused(p.x, q.x, fused(p.y, q.y, p.z * q.z)); }
    static constexpr RayVector cross(RayVector p, RayVector q) {
        return {fused(p.y, q.z, -(p.z * q.y)), fused(p.z, q.x, -(p.x * q.z)), fused(p.x, q.y, -(p.y * q.x))};
    }
    static constexpr RayVector at(const float (&rows)[3][ray_trace_width], std::size_t i) {
        return {rows[0][i], rows[1][i], rows[2][i]};
    }

    static constexpr TracedRay make_ray(RayVector origin, RayVector direction, float reach) {
        TracedRay ray{origin, direction, {}, {}, reach};
        const float o[3] = {origin.x, origin.y, origin.z}, d[3] = {direction.x, direction.y, direction.z};
        for (unsigned axis = 0; axis < 3; ++axis) {
            ray.inverse[axis] =
                ray_magnitude(d[axis]) < 1e-18f ? Arithmetic::with_sign_of(1e18f, d[axis]) : 1 / d[axis];
            ray.scaled[axis] = o[axis] * ray.inverse[axis];
        }
        return ray;
    }

    static constexpr bool meets_box(const RayTraceNode& node, unsigned slot, const TracedRay& ray, float reach,
                                    float& near) {
        near = 0;
        float far = reach;
        for (unsigned axis = 0; axis < 3; ++axis) {
            const float lower = node.bounds[axis][slot], upper = node.bounds[3 + axis][slot];
            const bool backwards = ray.inverse[axis] < 0;
            const float first = fused(backwards ? upper : lower, ray.inverse[axis], -ray.scaled[axis]);
            const float last = fused(backwards ? lower : upper, ray.inverse[axis], -ray.scaled[axis]);
            near = first > near ? first : near;
            far = far < last ? far : last;
        }
        return near <= far;
    }

    struct Weights {
        float w, t, u, v; // all but w are still to be divided by it
    };
    static constexpr bool meets_triangle(const RayTraceBlock& block, unsigned i, const TracedRay& ray, Weights& found) {
        const RayVector corner = at(block.corner, i), a = at(block.a, i), b = at(block.b, i), normal = cross(b, a);
        const RayVector c{corner.x - ray.origin.x, corner.y - ray.origin.y, corner.z - ray.origin.z};
        const RayVector r = cross(c, ray.direction);
        const float w = dot(normal, ray.direction);
        const float sign = Arithmetic::with_sign_of(1, w);
        found = {ray_magnitude(w), sign * dot(normal, c), sign * dot(r, b), sign * dot(r, a)};
        return found.w > 0 && found.u >= 0 && found.v >= 0 && found.u + found.v <= found.w && found.t >= 0;
    }

    /// Calls visit_block(block, count, near) for every block whose box the ray meets within `reach`, which visits may
    /// shorten; ends when a visit says so.
    template <class Visit>
    static constexpr void walk(const RayTraceTree& tree, const TracedRay& ray, const float& reach, Visit visit_block) {
        std::uint32_t stack[ray_trace_depth * ray_trace_width]; // what is not waiting is never read
        stack[0] = 0;
        unsigned waiting = 1;
        while (waiting != 0) {
            const RayTraceNode& node = tree.nodes[stack[--waiting]];
            for (unsigned slot = 0; slot < ray_trace_width && node.child[slot] != ray_trace_nothing; ++slot) {
                float near = 0;
                if (!meets_box(node, slot, ray, reach, near)) continue;
                const auto child = node.child[slot];
                if ((child & ray_trace_leaf) == 0)
                    stack[waiting++] = child;
                else if (visit_block(tree.blocks[child & 0x0fffffff], (child >> 28 & 7) + 1, near))
                    return;
            }
        }
    }

    static constexpr TracedHit nearest(const RayTraceTree& tree, const TracedRay& ray) {
        TracedHit hit{ray.reach, ray_trace_nothing, 0, 0};
        walk(tree, ray, hit.distance, [&](const RayTraceBlock& block, unsigned count, float near) {
            for (unsigned i = 0; i < count; ++i) {
                Weights found{};
                if (!meets_triangle(block, i, ray, found)) continue;
                const float t = found.t / found.w;
                const float distance = t > near ? t : near;
                if (distance < hit.distance || (distance == hit.distance && block.triangle[i] < hit.triangle))
                    hit = {distance, block.triangle[i], found.u / found.w, found.v / found.w};
            }
            return false;
        });
        return hit;
    }

    static constexpr bool is_blocked(const RayTraceTree& tree, const TracedRay& ray) {
        bool blocked = false;
        walk(tree, ray, ray.reach, [&](const RayTraceBlock& block, unsigned count, float) {
            for (unsigned i = 0; i < count && !blocked; ++i) {
                Weights found{};
                blocked = meets_triangle(block, i, ray, found) && found.t <= found.w * ray.reach;
            }
            return blocked;
        });
        return blocked;
    }
};

} // namespace kaisar::kernels::device
