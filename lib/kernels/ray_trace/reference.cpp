// One ray after the other, in whatever order the children lie.
#include "kernels/ray_trace/contract.h"

namespace kaisar::kernels {
namespace {

struct Vector {
    float x, y, z;
};

struct Ray {
    Vector origin, direction;
    float inverse[3], scaled[3];
    float reach;
};

struct Hit {
    float distance;
    std::uint32_t triangle;
    float u, v;
};

/// a * b + c, rounded once, on processors that have no such instruction: in double the product is exact; where the sum
/// is not, its last bit is made odd, so that rounding it again to float goes the right way (Boldo and Melquiond,
/// "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
float fma(float a, float b, float c) {
    const double product = static_cast<double>(a) * static_cast<double>(b), term = static_cast<double>(c);
    double sum = product + term;
    const double kept = sum - product;
    const double lost = (product - (sum - kept)) + (term - kept);
    if (lost != 0) {
        std::uint64_t bits;
        __builtin_memcpy(&bits, &sum, sizeof bits);
        if (bits % 2 == 0) bits += (lost > 0) == (sum > 0) ? 1 : ~std::uint64_t{0};
        __builtin_memcpy(&sum, &bits, sizeof bits);
    }
    return static_cast<float>(sum);
}

float dot(Vector p, Vector q) { return fma(p.x, q.x, fma(p.y, q.y, p.z * q.z)); }

Vector cross(Vector p, Vector q) {
    return {fma(p.y, q.z, -(p.z * q.y)), fma(p.z, q.x, -(p.x * q.z)), fma(p.x, q.y, -(p.y * q.x))};
}

Vector at(const float (&rows)[3][ray_trace_width], std::size_t i) { return {rows[0][i], rows[1][i], rows[2][i]}; }

Ray make_ray(const RayTraceRays& rays, std::size_t i) {
    Ray ray{{rays.origin[0][i], rays.origin[1][i], rays.origin[2][i]},
            {rays.direction[0][i], rays.direction[1][i], rays.direction[2][i]},
            {},
            {},
            rays.reach[i]};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const float d = rays.direction[axis][i];
        const float size = __builtin_fabsf(d);
        ray.inverse[axis] = size < 1e-18f ? __builtin_copysignf(1e18f, d) : 1 / d;
        ray.scaled[axis] = rays.origin[axis][i] * ray.inverse[axis];
    }
    return ray;
}

bool meets_box(const RayTraceNode& node, std::size_t slot, const Ray& ray, float reach, float& near) {
    near = 0;
    float far = reach;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const bool backwards = ray.inverse[axis] < 0;
        const float first = fma(node.bounds[backwards ? 3 + axis : axis][slot], ray.inverse[axis], -ray.scaled[axis]);
        const float last = fma(node.bounds[backwards ? axis : 3 + axis][slot], ray.inverse[axis], -ray.scaled[axis]);
        near = first > near ? first : near;
        far = far < last ? far : last;
    }
    return near <= far;
}

struct Weights {
    float w, t, u, v; // all but w are still to be divided by it
};

bool meets_triangle(const RayTraceBlock& block, std::size_t i, const Ray& ray, Weights& found) {
    const Vector corner = at(block.corner, i), a = at(block.a, i), b = at(block.b, i), normal = cross(b, a);
    const Vector c{corner.x - ray.origin.x, corner.y - ray.origin.y, corner.z - ray.origin.z};
    const Vector r = cross(c, ray.direction);
    const float w = dot(normal, ray.direction);
    const float sign = __builtin_copysignf(1, w);
    found = {__builtin_fabsf(w), sign * dot(normal, c), sign * dot(r, b), sign * dot(r, a)};
    return found.w > 0 && found.u >= 0 && found.v >= 0 && found.u + found.v <= found.w && found.t >= 0;
}

/// Calls `visit_block(block, count, near)` for every block whose box the ray meets within `reach`, which visits may
/// shorten; ends when a visit says so.
template <class Visit>
void walk(const RayTraceTree& tree, const Ray& ray, const float& reach, Visit visit_block) {
    std::uint32_t stack[ray_trace_depth * ray_trace_width] = {0};
    std::size_t waiting = 1;
    while (waiting != 0) {
        const auto& node = tree.nodes[stack[--waiting]];
        for (std::size_t slot = 0; slot < ray_trace_width && node.child[slot] != ray_trace_nothing; ++slot) {
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

Hit nearest(const RayTraceTree& tree, const Ray& ray) {
    Hit hit{ray.reach, ray_trace_nothing, 0, 0};
    walk(tree, ray, hit.distance, [&](const RayTraceBlock& block, std::size_t count, float near) {
        for (std::size_t i = 0; i < count; ++i) {
            Weights found;
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

bool is_blocked(const RayTraceTree& tree, const Ray& ray) {
    bool blocked = false;
    walk(tree, ray, ray.reach, [&](const RayTraceBlock& block, std::size_t count, float) {
        for (std::size_t i = 0; i < count && !blocked; ++i) {
            Weights found;
            blocked = meets_triangle(block, i, ray, found) && found.t <= found.w * ray.reach;
        }
        return blocked;
    });
    return blocked;
}

} // namespace

void ray_trace_nearest_reference(const RayTraceTree& tree, const RayTraceRays& rays,
                                 const RayTraceHits& hits) noexcept {
    for (std::size_t i = 0; i < rays.count; ++i) {
        const Hit hit = nearest(tree, make_ray(rays, i));
        hits.distance[i] = hit.distance;
        hits.triangle[i] = hit.triangle;
        hits.u[i] = hit.u;
        hits.v[i] = hit.v;
    }
}

void ray_trace_blocked_reference(const RayTraceTree& tree, const RayTraceRays& rays, std::uint8_t* blocked) noexcept {
    for (std::size_t i = 0; i < rays.count; ++i) blocked[i] = is_blocked(tree, make_ray(rays, i)) ? 1 : 0;
}

} // namespace kaisar::kernels
