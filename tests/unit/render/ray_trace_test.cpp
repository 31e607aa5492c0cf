// Every variant of ray_trace against the plain one, bit by bit, and the plain one against all triangles in double.
#include "kernels/each_variant.h"
#include "kernels/guarded_memory.h"
#include "kernels/ray_trace/variants.h"
#include "render/tree.h"

#include <cmath>
#include <cstring>
#include <random>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::render;
using namespace kaisar::tests;

namespace {

using Random = std::mt19937_64;

float between(Random& random, float low, float high) {
    return low + (high - low) * static_cast<float>(random() >> 40) * 0x1p-24f;
}

Vector point_in(Random& random, float edge) {
    return {between(random, -edge, edge), between(random, -edge, edge), between(random, -edge, edge)};
}

/// Triangles of about that size, anywhere in a cube of edge 2.
Scene scatter(Random& random, std::size_t count, float size) {
    Scene scene;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Vector middle = point_in(random, 1);
        for (int corner = 0; corner < 3; ++corner) scene.corners.push_back(middle + point_in(random, size));
        scene.triangles.push_back({3 * i, 3 * i + 1, 3 * i + 2});
    }
    return scene;
}

struct RayBundle {
    GuardedMemory memory[7] = {GuardedMemory(4096), GuardedMemory(4096), GuardedMemory(4096), GuardedMemory(4096),
                               GuardedMemory(4096), GuardedMemory(4096), GuardedMemory(4096)};
    float* columns[7] = {};
    std::size_t count = 0;

    void place(std::size_t rays, Guard guard) {
        count = rays;
        for (std::size_t i = 0; i < 7; ++i) columns[i] = memory[i].place<float>(rays, guard);
    }
    void put(std::size_t i, Vector from, Vector towards, float reach) {
        const float values[7] = {from.x, from.y, from.z, towards.x, towards.y, towards.z, reach};
        for (std::size_t column = 0; column < 7; ++column) columns[column][i] = values[column];
    }
    /// From outside and inside, along axes and across them, some that reach nowhere, none far, all infinitely far.
    void fill(Random& random) {
        for (std::size_t i = 0; i < count; ++i) {
            const Vector from = point_in(random, i % 3 == 0 ? 4.0f : 1.0f);
            Vector towards = i % 3 == 0 ? point_in(random, 1) - from : point_in(random, 1);
            const auto kind = random() % 16;
            if (kind == 0) towards.x = 0, towards.y = -0.0f;
            if (kind == 1) towards.z = 1e-25f;
            const float reach = kind == 2   ? -1.0f
                                : kind == 3 ? 0.0f
                                : kind < 8  ? between(random, 0, 2)
                                            : std::numeric_limits<float>::infinity();
            put(i, from, towards, reach);
        }
    }
    RayTraceRays view() const {
        return {{columns[0], columns[1], columns[2]}, {columns[3], columns[4], columns[5]}, columns[6], count};
    }
};

struct HitColumns {
    GuardedMemory memory[5] = {GuardedMemory(4096), GuardedMemory(4096), GuardedMemory(4096), GuardedMemory(4096),
                               GuardedMemory(4096)};
    RayTraceHits hits{};
    std::uint8_t* blocked = nullptr;

    void place(std::size_t rays, Guard guard) {
        hits = {memory[0].place<float>(rays, guard), memory[1].place<std::uint32_t>(rays, guard),
                memory[2].place<float>(rays, guard), memory[3].place<float>(rays, guard)};
        blocked = memory[4].place<std::uint8_t>(rays, guard);
        for (auto* column : {hits.distance, hits.u, hits.v}) std::memset(column, 0xcc, rays * sizeof(float));
        std::memset(hits.triangle, 0xcc, rays * sizeof(std::uint32_t));
        std::memset(blocked, 0xcc, rays);
    }
    bool equals(const HitColumns& other, std::size_t rays) const {
        return std::memcmp(hits.distance, other.hits.distance, rays * sizeof(float)) == 0 &&
               std::memcmp(hits.triangle, other.hits.triangle, rays * sizeof(std::uint32_t)) == 0 &&
               std::memcmp(hits.u, other.hits.u, rays * sizeof(float)) == 0 &&
               std::memcmp(hits.v, other.hits.v, rays * sizeof(float)) == 0 &&
               std::memcmp(blocked, other.blocked, rays) == 0;
    }
};

void check_alike(const RayTrace& variant, const Tree& tree, const RayBundle& rays, Guard guard) {
    HitColumns expected, found;
    expected.place(rays.count, guard), found.place(rays.count, guard);
    ray_trace_nearest_reference(tree.view(), rays.view(), expected.hits);
    ray_trace_blocked_reference(tree.view(), rays.view(), expected.blocked);
    variant.nearest(tree.view(), rays.view(), found.hits);
    variant.blocked(tree.view(), rays.view(), found.blocked);
    REQUIRE(expected.equals(found, rays.count));
}

/// The distance along the ray at which it meets the triangle, in double; negative where it does not, or within `edge`
/// (a part of the triangle) of where it would not.
double meet(const Scene& scene, std::size_t triangle, const double* o, const double* d, double edge) {
    double corner[3][3], n[3], weights[3];
    for (std::size_t i = 0; i < 3; ++i) {
        const Vector& v = scene.corners[scene.triangles[triangle][i]];
        corner[i][0] = v.x - o[0], corner[i][1] = v.y - o[1], corner[i][2] = v.z - o[2];
    }
    const auto volume = [](const double* p, const double* q, const double* r) {
        return p[0] * (q[1] * r[2] - q[2] * r[1]) + p[1] * (q[2] * r[0] - q[0] * r[2]) +
               p[2] * (q[0] * r[1] - q[1] * r[0]);
    };
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) sum += weights[i] = volume(d, corner[(i + 1) % 3], corner[(i + 2) % 3]);
    if (sum == 0) return -1;
    double t = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) n[axis] = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        if (weights[i] / sum < edge) return -1;
        for (std::size_t axis = 0; axis < 3; ++axis) n[axis] += weights[i] / sum * corner[i][axis];
    }
    for (std::size_t axis = 0; axis < 3; ++axis) t += n[axis] * d[axis];
    return t / (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

} // namespace

TEST_CASE("Every variant finds the same hits and shadows, bit by bit, for any number of rays") {
    for_each_variant<RayTrace>("ray_trace", ray_trace_variants(), [](const RayTrace& variant) {
        Random random(5);
        RayBundle rays;
        for (const std::size_t triangles : {1u, 7u, 8u, 9u, 64u, 65u, 5000u}) {
            const Scene scene = scatter(random, triangles, triangles > 1000 ? 0.1f : 0.7f);
            const Tree tree(scene);
            for (const std::size_t count : {0u, 1u, 2u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 33u, 100u, 1000u})
                for (const auto guard : {Guard::after, Guard::before}) {
                    INFO(triangles << " triangles, " << count << " rays");
                    rays.place(count, guard);
                    rays.fill(random);
                    check_alike(variant, tree, rays, guard);
                }
        }
    });
}

TEST_CASE("Rays side by side, which share a walk, find what each finds alone") {
    for_each_variant<RayTrace>("ray_trace", ray_trace_variants(), [](const RayTrace& variant) {
        Random random(6);
        const Scene scene = scatter(random, 20000, 0.05f);
        const Tree tree(scene);
        RayBundle rays;
        rays.place(1000, Guard::after);
        for (int bundle = 0; bundle < 6; ++bundle) {
            const Vector eye = point_in(random, 3), middle = point_in(random, 0.5f) - eye;
            for (std::size_t i = 0; i < rays.count; ++i)
                rays.put(i, eye, middle + point_in(random, 0.02f), bundle % 2 == 0 ? 10.0f : 1.0f);
            check_alike(variant, tree, rays, Guard::after);
        }
    });
}

TEST_CASE("Of triangles at the same distance the lowest is found") {
    for_each_variant<RayTrace>("ray_trace", ray_trace_variants(), [](const RayTrace& variant) {
        Scene scene;
        scene.corners = {{-1, -1, 2}, {1, -1, 2}, {0, 1, 2}};
        scene.triangles.assign(1000, {0, 1, 2}); // all in one place: boxes cannot tell them apart
        const Tree tree(scene);
        RayBundle rays;
        rays.place(20, Guard::after);
        for (std::size_t i = 0; i < rays.count; ++i) rays.put(i, {0, 0, 0}, {0, 0.01f, 1}, 5);
        HitColumns found;
        found.place(rays.count, Guard::after);
        variant.nearest(tree.view(), rays.view(), found.hits);
        for (std::size_t i = 0; i < rays.count; ++i) {
            CHECK(found.hits.triangle[i] == 0);
            CHECK(found.hits.distance[i] == 2);
        }
        check_alike(variant, tree, rays, Guard::after);
    });
}

TEST_CASE("The plain variant finds what looking at all triangles in double finds") {
    Random random(7);
    const Scene scene = scatter(random, 600, 0.4f);
    const Tree tree(scene);
    RayBundle rays;
    rays.place(1000, Guard::after);
    rays.fill(random);
    HitColumns found;
    found.place(rays.count, Guard::after);
    ray_trace_nearest_reference(tree.view(), rays.view(), found.hits);
    ray_trace_blocked_reference(tree.view(), rays.view(), found.blocked);
    std::size_t met = 0;
    for (std::size_t i = 0; i < rays.count; ++i) {
        const double o[3] = {rays.columns[0][i], rays.columns[1][i], rays.columns[2][i]};
        const double d[3] = {rays.columns[3][i], rays.columns[4][i], rays.columns[5][i]};
        const double reach = rays.columns[6][i];
        double nearest = reach;
        for (std::size_t triangle = 0; triangle < scene.triangles.size(); ++triangle)
            if (const double t = meet(scene, triangle, o, d, 1e-5); t >= 1e-5 && t < nearest) nearest = t;
        INFO("ray " << i);
        if (nearest < reach) { // well inside of a triangle
            CHECK(found.hits.distance[i] <= nearest * (1 + 1e-5) + 1e-5);
            CHECK(found.blocked[i] == 1);
            ++met;
        }
        if (found.hits.triangle[i] != ray_trace_nothing) {
            const double t = meet(scene, found.hits.triangle[i], o, d, -1e-5);
            CHECK(t == Approx(found.hits.distance[i]).epsilon(1e-4).margin(1e-5));
            CHECK(found.blocked[i] == 1);
        } else {
            CHECK(found.hits.distance[i] == rays.columns[6][i]);
            CHECK(found.blocked[i] == 0);
        }
    }
    CHECK(met > 300);
}
