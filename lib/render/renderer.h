/// Renders a scene by following paths: from the eye to a surface, to the sun, one bounce on, and to the sun again.
#pragma once

#include "kernels/ray_trace/variants.h"
#include "render/film.h"
#include "render/tree.h"

#include <cstdint>
#include <vector>

namespace kaisar::render {

/// Rays of many paths, apart by axis as the kernel wants them.
struct Rays {
    static constexpr std::size_t most = Film::tile_pixels;

    alignas(64) float origin[3][most], direction[3][most], reach[most];
    std::uint16_t path[most];
    std::size_t count = 0;

    void add(std::size_t of_path, Vector from, Vector towards, float how_far);
    Vector origin_of(std::size_t i) const { return {origin[0][i], origin[1][i], origin[2][i]}; }
    Vector direction_of(std::size_t i) const { return {direction[0][i], direction[1][i], direction[2][i]}; }
    kernels::RayTraceRays view() const;
};

/// The rays of one tile, kind by kind, in the order in which they are traced.
struct TileRays {
    Rays eye, sun, bounce, sun_of_bounce;

    std::uint64_t count() const { return eye.count + sun.count + bounce.count + sun_of_bounce.count; }
};

class Renderer {
public:
    Renderer(const Scene& scene, const Tree& tree, kernels::RayTrace kernel);

    /// Renders one tile of one pass; `rays` is left with what was traced. Any number of threads at once, each with its
    /// own `rays`. The same light, bit by bit, under every variant of the kernel.
    void render(std::uint64_t pass, std::size_t tile, TileRays& rays, std::span<Vector, Film::tile_pixels> light) const;

private:
    struct Surface;
    struct Path;
    struct Met;

    Surface surface_at(const Rays& rays, std::size_t i, const Met& met) const;
    void aim(std::uint64_t pass, std::size_t tile, Rays& eye, Path* paths) const;
    Vector scattered(const Surface& surface, Vector direction, float mirror, Path& path) const;
    void leave(const Rays& eye, const Met& met, TileRays& rays, Path* paths) const;
    void arrive(const Rays& bounce, const Met& met, TileRays& rays, Path* paths) const;
    Vector towards_sun(float u, float v) const;

    const Scene& scene_;
    const Tree& tree_;
    kernels::RayTrace kernel_;
    Vector eye_, forward_, right_, up_;
    Vector sun_, sun_right_, sun_up_;
    std::vector<Vector> circle_; ///< directions in the plane, evenly spread
};

} // namespace kaisar::render
