#include "render/renderer.h"

#include <algorithm>
#include <numbers>

namespace kaisar::render {
namespace {

constexpr float forever = 1e9f;
constexpr float off_surface = 1e-3f;    // how far from its surface a ray begins
constexpr float view_edge = 0.33f;      // of the upper edge, one unit in front of the eye
constexpr float sun_edge = 0.035f;      // of the sun, as far away: shadows are soft
constexpr float grazing_mirror = 0.55f; // of the light that comes flat
constexpr Vector sun_light{2.3f, 1.9f, 1.35f};
constexpr Vector light_of_further_bounces{0.10f, 0.11f, 0.14f};

/// A number of its own for every pixel and purpose (Steele and Vigna, the finaliser of SplitMix32).
std::uint32_t scramble(std::uint32_t x) {
    x = (x ^ x >> 16) * 0x21f0aaad;
    x = (x ^ x >> 15) * 0x735a2d97;
    return x ^ x >> 15;
}

struct Pair {
    float u, v;
};

/// Two numbers in [0, 1): over the samples of a pixel they fill the square evenly (Roberts, "The unreasonable
/// effectiveness of quasirandom sequences", 2018).
Pair pair_for(std::uint32_t seed, std::uint32_t sample, std::uint32_t purpose) {
    const std::uint32_t start = scramble(seed + purpose * 0x9e3779b9);
    const std::uint32_t u = start + sample * 0xc13fa9a9, v = scramble(start) + sample * 0x91e10da5;
    return {static_cast<float>(u >> 8) * 0x1p-24f, static_cast<float>(v >> 8) * 0x1p-24f};
}

enum Purpose : std::uint32_t { within_pixel, to_sun, next_direction, which_way, to_sun_again };

Vector sky(Vector direction, Vector sun) {
    const float height = std::max(direction.y, 0.0f);
    const Vector horizon{0.62f, 0.47f, 0.38f}, zenith{0.10f, 0.19f, 0.42f};
    const float fade = 1 - height;
    const Vector air = mix(zenith, horizon, fade * fade * fade);
    float glow = std::max(dot(direction, sun), 0.0f);
    for (int squared = 0; squared < 5; ++squared) glow *= glow;
    return air + sun_light * (0.45f * glow);
}

float brightness(Vector colour) { return 0.2126f * colour.x + 0.7152f * colour.y + 0.0722f * colour.z; }

/// Rays in no order, to be traced with those beside each other that go the same way.
class Bounces {
public:
    struct Ray {
        Vector from, towards;
        std::uint16_t path;
    };
    void add(const Ray& ray) {
        ++first_[octant_of(ray) + 1];
        rays_[count_++] = ray;
    }
    /// Adds them by the signs of their directions.
    void add_sorted_to(Rays& rays) {
        for (std::size_t octant = 1; octant < octants; ++octant) first_[octant] += first_[octant - 1];
        std::uint16_t order[Rays::most];
        for (std::uint16_t i = 0; i < count_; ++i) order[first_[octant_of(rays_[i])]++] = i;
        for (std::size_t i = 0; i < count_; ++i) {
            const Ray& ray = rays_[order[i]];
            rays.add(ray.path, ray.from, ray.towards, forever);
        }
    }

private:
    static constexpr std::size_t octants = 8;
    static std::size_t octant_of(const Ray& ray) {
        return (ray.towards.x < 0 ? 1u : 0u) | (ray.towards.y < 0 ? 2u : 0u) | (ray.towards.z < 0 ? 4u : 0u);
    }
    Ray rays_[Rays::most];
    std::size_t count_ = 0, first_[octants + 1] = {};
};

struct Frame {
    Vector right, up;
};

/// Two directions at right angles to a third (Duff et al., "Building an orthonormal basis, revisited", 2017).
Frame frame_around(Vector n) {
    const float sign = std::copysign(1.0f, n.z), a = -1 / (sign + n.z), b = n.x * n.y * a;
    return {{1 + sign * n.x * n.x * a, sign * b, -sign * n.x}, {b, sign + n.y * n.y * a, -n.y}};
}

} // namespace

void Rays::add(std::size_t of_path, Vector from, Vector towards, float how_far) {
    origin[0][count] = from.x, origin[1][count] = from.y, origin[2][count] = from.z;
    direction[0][count] = towards.x, direction[1][count] = towards.y, direction[2][count] = towards.z;
    reach[count] = how_far;
    path[count++] = static_cast<std::uint16_t>(of_path);
}

kernels::RayTraceRays Rays::view() const {
    return {{origin[0], origin[1], origin[2]}, {direction[0], direction[1], direction[2]}, reach, count};
}

struct Renderer::Path {
    Film::Place place;
    std::uint32_t seed;
    Vector light;
    Vector passed;   ///< the part of what comes along the bounce that reaches the eye
    Vector sunlight; ///< what the sun adds where nothing stands before it
    Vector sunlight_of_bounce;
};

struct Renderer::Met {
    alignas(64) float distance[Rays::most];
    alignas(64) std::uint32_t triangle[Rays::most];
    alignas(64) float u[Rays::most], v[Rays::most];

    kernels::RayTraceHits view() { return {distance, triangle, u, v}; }
};

struct Renderer::Surface {
    Vector point, normal, side; ///< `side` is the triangle's own normal, towards where the ray came from
    const Material* material;
};

Renderer::Renderer(const Scene& scene, const Tree& tree, kernels::RayTrace kernel)
    : scene_(scene), tree_(tree), kernel_(kernel), eye_{0.4f, 6.4f, -9.6f}, sun_(normalized({-0.75f, 0.62f, 0.35f})) {
    forward_ = normalized(Vector{0, 0.75f, 0.1f} - eye_);
    right_ = normalized(cross({0, 1, 0}, forward_));
    up_ = cross(forward_, right_);
    const auto [sun_right, sun_up] = frame_around(sun_);
    sun_right_ = sun_right, sun_up_ = sun_up;
    constexpr std::size_t directions = 1024;
    for (std::size_t i = 0; i < directions; ++i) {
        const float angle = 2 * std::numbers::pi_v<float> * static_cast<float>(i) / directions;
        circle_.push_back({std::cos(angle), std::sin(angle), 0});
    }
}

Vector Renderer::towards_sun(float u, float v) const {
    const Vector around = circle_[static_cast<std::size_t>(u * static_cast<float>(circle_.size()))];
    const float away = sun_edge * std::sqrt(v);
    return sun_ + sun_right_ * (around.x * away) + sun_up_ * (around.y * away);
}

Renderer::Surface Renderer::surface_at(const Rays& rays, std::size_t i, const Met& met) const {
    const auto triangle = met.triangle[i];
    const auto& [a, b, c] = scene_.triangles[triangle];
    const Vector direction = rays.direction_of(i);
    const Vector flat = normalized(cross(scene_.corners[b] - scene_.corners[a], scene_.corners[c] - scene_.corners[a]));
    const Vector normal = normalized(scene_.normals[a] * (1 - met.u[i] - met.v[i]) + scene_.normals[b] * met.u[i] +
                                     scene_.normals[c] * met.v[i]);
    const float turned = dot(flat, direction) > 0 ? -1.0f : 1.0f;
    const Vector side = flat * turned;
    return {rays.origin_of(i) + direction * met.distance[i] + side * off_surface,
            dot(normal, side) < 0 ? normal * -1 : normal, side, &scene_.materials[scene_.material_of[triangle]]};
}

void Renderer::aim(std::uint64_t pass, std::size_t tile, Rays& eye, Path* paths) const {
    eye.count = 0;
    constexpr float pixel = 2 * view_edge / Film::height;
    for (std::size_t i = 0; i < Rays::most; ++i) {
        Path& path = paths[i];
        path.place = Film::place_of(pass, tile, i);
        path.seed = scramble(static_cast<std::uint32_t>(path.place.y * Film::width + path.place.x));
        const auto sample = static_cast<std::uint32_t>(path.place.sample);
        const auto [u, v] = pair_for(path.seed, sample, within_pixel);
        const float x = (static_cast<float>(path.place.x) + u - 0.5f * Film::width) * pixel;
        const float y = (0.5f * Film::height - static_cast<float>(path.place.y) - v) * pixel;
        eye.add(i, eye_, normalized(forward_ + right_ * x + up_ * y), forever);
    }
}

Vector Renderer::scattered(const Surface& surface, Vector direction, float mirror, Path& path) const {
    const auto sample = static_cast<std::uint32_t>(path.place.sample);
    const auto [a, b] = pair_for(path.seed, sample, next_direction);
    const Vector around = circle_[static_cast<std::size_t>(a * static_cast<float>(circle_.size()))];
    const auto [right, up] = frame_around(surface.normal);
    const auto& material = *surface.material;
    const Vector mirrored =
        (material.diffuse < 0.5f ? material.colour : Vector{1, 1, 1}) * mirror; // metals colour both
    const Vector spread = material.colour * (1 - mirror);
    // Where most of the light is expected to come from is where most of the rays go.
    const float part = brightness(mirrored) / (brightness(mirrored) + brightness(spread));
    if (pair_for(path.seed, sample, which_way).u < part) {
        path.passed = mirrored * (1 / part);
        const float away = material.roughness * std::sqrt(b), twice = -2 * dot(direction, surface.normal);
        return normalized(direction + surface.normal * twice + right * (around.x * away) + up * (around.y * away));
    }
    path.passed = spread * (1 / (1 - part));
    const float away = std::sqrt(b);
    return right * (around.x * away) + up * (around.y * away) + surface.normal * std::sqrt(1 - b);
}

void Renderer::leave(const Rays& eye, const Met& met, TileRays& rays, Path* paths) const {
    Bounces bounces;
    for (std::size_t i = 0; i < eye.count; ++i) {
        Path& path = paths[eye.path[i]];
        const Vector direction = eye.direction_of(i);
        path.passed = path.sunlight = path.sunlight_of_bounce = path.light = {};
        if (met.triangle[i] == kernels::ray_trace_nothing) {
            path.light = sky(direction, sun_);
            continue;
        }
        const Surface s = surface_at(eye, i, met);
        const float flat = 1 - std::max(-dot(direction, s.normal), 0.0f), flat_squared = flat * flat;
        const float mirror =
            1 - s.material->diffuse * (1 - grazing_mirror * flat_squared * flat_squared * flat); // Schlick, 1994
        const auto [u, v] = pair_for(path.seed, static_cast<std::uint32_t>(path.place.sample), to_sun);
        const Vector to_the_sun = towards_sun(u, v);
        const float height = dot(s.normal, to_the_sun);
        if (height > 0 && dot(s.side, to_the_sun) > 0) {
            path.sunlight = s.material->colour * sun_light * (height * (1 - mirror));
            rays.sun.add(eye.path[i], s.point, to_the_sun, forever);
        }
        const Vector towards = scattered(s, direction, mirror, path);
        if (dot(towards, s.side) > 0) // else into the triangle that its smooth normal hides
            bounces.add({s.point, towards, eye.path[i]});
    }
    bounces.add_sorted_to(rays.bounce);
}

void Renderer::arrive(const Rays& bounce, const Met& met, TileRays& rays, Path* paths) const {
    for (std::size_t i = 0; i < bounce.count; ++i) {
        Path& path = paths[bounce.path[i]];
        if (met.triangle[i] == kernels::ray_trace_nothing) {
            path.light = path.light + path.passed * sky(bounce.direction_of(i), sun_);
            continue;
        }
        const Surface s = surface_at(bounce, i, met);
        path.light = path.light + path.passed * s.material->colour * light_of_further_bounces;
        const auto [u, v] = pair_for(path.seed, static_cast<std::uint32_t>(path.place.sample), to_sun_again);
        const Vector to_the_sun = towards_sun(u, v);
        const float height = dot(s.normal, to_the_sun);
        if (height <= 0 || dot(s.side, to_the_sun) <= 0) continue;
        path.sunlight_of_bounce = path.passed * s.material->colour * sun_light * height;
        rays.sun_of_bounce.add(bounce.path[i], s.point, to_the_sun, forever);
    }
}

void Renderer::render(std::uint64_t pass, std::size_t tile, TileRays& rays,
                      std::span<Vector, Film::tile_pixels> light) const {
    Path paths[Rays::most];
    Met met;
    std::uint8_t blocked[Rays::most];
    const auto tree = tree_.view();
    rays.sun.count = rays.bounce.count = rays.sun_of_bounce.count = 0;
    aim(pass, tile, rays.eye, paths);
    kernel_.nearest(tree, rays.eye.view(), met.view());
    leave(rays.eye, met, rays, paths);
    kernel_.blocked(tree, rays.sun.view(), blocked);
    for (std::size_t i = 0; i < rays.sun.count; ++i) {
        Path& path = paths[rays.sun.path[i]];
        if (blocked[i] == 0) path.light = path.light + path.sunlight;
    }
    kernel_.nearest(tree, rays.bounce.view(), met.view());
    arrive(rays.bounce, met, rays, paths);
    kernel_.blocked(tree, rays.sun_of_bounce.view(), blocked);
    for (std::size_t i = 0; i < rays.sun_of_bounce.count; ++i) {
        Path& path = paths[rays.sun_of_bounce.path[i]];
        if (blocked[i] == 0) path.light = path.light + path.sunlight_of_bounce;
    }
    for (std::size_t i = 0; i < light.size(); ++i) light[i] = paths[i].light;
}

} // namespace kaisar::render
