// A ray's walk as a GPU's thread takes it, against the plain kernel: bit for bit, on a scene's tree.
#include "kernels/ray_trace/device_math.h"
#include "render/renderer.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

using namespace kaisar;

namespace {

struct HostArithmetic {
    static float fused(float a, float b, float c) { return std::fma(a, b, c); }
    static float with_sign_of(float size, float sign) { return std::copysign(size, sign); }
};
using Tracer = kernels::device::RayTracer<HostArithmetic>;

/// Triangles thrown at random into a cube.
render::Scene some_scene(std::mt19937_64& random, std::uint32_t triangles) {
    std::uniform_real_distribution<float> place(-1, 1), size(-0.2f, 0.2f);
    render::Scene scene;
    for (std::uint32_t i = 0; i < triangles; ++i) {
        const render::Vector corner{place(random), place(random), place(random)};
        scene.corners.push_back(corner);
        for (int other = 0; other < 2; ++other)
            scene.corners.push_back(corner + render::Vector{size(random), size(random), size(random)});
        scene.triangles.push_back({3 * i, 3 * i + 1, 3 * i + 2});
        scene.material_of.push_back(0);
    }
    return scene;
}

} // namespace

TEST_CASE("a GPU's thread finds the triangle that the plain kernel finds, and what stands before it") {
    std::mt19937_64 random(81);
    const auto scene = some_scene(random, 5000);
    const render::Tree tree(scene);
    std::uniform_real_distribution<float> place(-1.5f, 1.5f), reach(-0.1f, 3);
    unsigned met = 0, stopped = 0;
    for (int i = 0; i < 4000; ++i) {
        float origin[3] = {place(random), place(random), place(random)},
              direction[3] = {place(random), place(random), place(random)};
        if (i % 5 == 0) direction[i % 3] = i % 2 == 0 ? 0.0f : -0.0f; // along a wall
        const float how_far = reach(random);
        const kernels::RayTraceRays one{
            {&origin[0], &origin[1], &origin[2]}, {&direction[0], &direction[1], &direction[2]}, &how_far, 1};
        float distance = 0, u = 0, v = 0;
        std::uint32_t triangle = 0;
        std::uint8_t blocked = 0;
        kernels::ray_trace_nearest_reference(tree.view(), one, {&distance, &triangle, &u, &v});
        kernels::ray_trace_blocked_reference(tree.view(), one, &blocked);
        const auto ray =
            Tracer::make_ray({origin[0], origin[1], origin[2]}, {direction[0], direction[1], direction[2]}, how_far);
        const auto hit = Tracer::nearest(tree.view(), ray);
        REQUIRE(hit.triangle == triangle);
        const auto same = [](float x, float y) {
            return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
        };
        REQUIRE((same(hit.distance, distance) && same(hit.u, u) && same(hit.v, v)));
        REQUIRE(Tracer::is_blocked(tree.view(), ray) == (blocked != 0));
        met += triangle != kernels::ray_trace_nothing, stopped += blocked;
    }
    CHECK((met > 500 && met < 3500 && stopped > 500));
}
