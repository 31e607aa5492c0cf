#include "render/scene.h"

#include <algorithm>
#include <map>
#include <numbers>
#include <utility>

namespace kaisar::render {
namespace {

using Face = std::array<std::uint32_t, 3>;

constexpr float pi = std::numbers::pi_v<float>;

std::uint16_t add_material(Scene& scene, const Material& material) {
    scene.materials.push_back(material);
    return static_cast<std::uint16_t>(scene.materials.size() - 1);
}

/// A surface over a grid of `columns` x `rows` cells; `place(s, t)` for s, t in 0 … 1 gives a corner and its normal.
template <class Place>
void add_surface(Scene& scene, std::uint16_t material, std::uint32_t columns, std::uint32_t rows, Place place) {
    const auto first = static_cast<std::uint32_t>(scene.corners.size());
    for (std::uint32_t row = 0; row <= rows; ++row) {
        for (std::uint32_t column = 0; column <= columns; ++column) {
            const auto [corner, normal] = place(static_cast<float>(column) / static_cast<float>(columns),
                                                static_cast<float>(row) / static_cast<float>(rows));
            scene.corners.push_back(corner);
            scene.normals.push_back(normal);
        }
    }
    for (std::uint32_t row = 0; row < rows; ++row) {
        for (std::uint32_t column = 0; column < columns; ++column) {
            const std::uint32_t a = first + row * (columns + 1) + column, b = a + 1, c = a + columns + 1, d = c + 1;
            scene.triangles.push_back({a, c, b});
            scene.triangles.push_back({b, c, d});
            scene.material_of.insert(scene.material_of.end(), 2, material);
        }
    }
}

/// Rings around the middle, as a drop leaves them.
void add_ground(Scene& scene) {
    constexpr float edge = 60;
    const auto height = [](float x, float z) {
        const float r = std::sqrt(x * x + z * z);
        return 0.05f * std::sin(2.6f * r) / (1 + 0.02f * r * r) - 0.05f;
    };
    const auto material = add_material(scene, {{0.045f, 0.06f, 0.10f}, 1, 0.04f});
    add_surface(scene, material, 200, 200, [&](float s, float t) {
        // Cells are small in the middle, where the rings are.
        const auto spread = [](float u) { return edge * (u - 0.5f) * (0.12f + 3.52f * (u - 0.5f) * (u - 0.5f)); };
        const float x = spread(s), z = spread(t), step = 1e-2f;
        const Vector normal{height(x - step, z) - height(x + step, z), 2 * step,
                            height(x, z - step) - height(x, z + step)};
        return std::pair(Vector{x, height(x, z), z}, normalized(normal));
    });
}

/// A torus knot that winds twice around the axis while it winds five times around the ring.
Vector knot_at(float angle) {
    const float ring = 1.45f + 0.52f * std::cos(5 * angle);
    return {ring * std::cos(2 * angle), 1.85f + 0.52f * std::sin(5 * angle), ring * std::sin(2 * angle)};
}

void add_knot(Scene& scene) {
    const auto material = add_material(scene, {{1.0f, 0.70f, 0.28f}, 0.3f, 0.06f});
    add_surface(scene, material, 1200, 36, [](float s, float t) {
        const float angle = 2 * pi * s, around = 2 * pi * t, step = 1e-3f;
        const Vector middle = knot_at(angle);
        const Vector along = normalized(knot_at(angle + step) - knot_at(angle - step));
        const Vector side = normalized(cross(along, {0, 1, 0})), up = cross(side, along);
        const Vector normal = side * std::cos(around) + up * std::sin(around);
        return std::pair(middle + normal * 0.235f, normal);
    });
}

/// A sphere of radius 1: an icosahedron whose triangles are cut into four, `times` over.
struct Sphere {
    std::vector<Vector> corners;
    std::vector<Face> triangles;
};

Sphere make_sphere(int times) {
    const float g = std::numbers::phi_v<float>;
    Sphere sphere{{{-1, g, 0},
                   {1, g, 0},
                   {-1, -g, 0},
                   {1, -g, 0},
                   {0, -1, g},
                   {0, 1, g},
                   {0, -1, -g},
                   {0, 1, -g},
                   {g, 0, -1},
                   {g, 0, 1},
                   {-g, 0, -1},
                   {-g, 0, 1}},
                  {{0, 11, 5},  {0, 5, 1},  {0, 1, 7},  {0, 7, 10}, {0, 10, 11}, {1, 5, 9}, {5, 11, 4},
                   {11, 10, 2}, {10, 7, 6}, {7, 1, 8},  {3, 9, 4},  {3, 4, 2},   {3, 2, 6}, {3, 6, 8},
                   {3, 8, 9},   {4, 9, 5},  {2, 4, 11}, {6, 2, 10}, {8, 6, 7},   {9, 8, 1}}};
    for (auto& corner : sphere.corners) corner = normalized(corner);
    for (; times != 0; --times) {
        std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> middles;
        const auto middle_of = [&](std::uint32_t a, std::uint32_t b) {
            const auto [place, is_new] =
                middles.try_emplace(std::minmax(a, b), static_cast<std::uint32_t>(sphere.corners.size()));
            if (is_new) sphere.corners.push_back(normalized(sphere.corners[a] + sphere.corners[b]));
            return place->second;
        };
        std::vector<Face> smaller;
        for (const auto& [a, b, c] : sphere.triangles) {
            const auto ab = middle_of(a, b), bc = middle_of(b, c), ca = middle_of(c, a);
            for (const Face& face : {Face{a, ab, ca}, Face{b, bc, ab}, Face{c, ca, bc}, Face{ab, bc, ca}})
                smaller.push_back(face);
        }
        sphere.triangles = std::move(smaller);
    }
    return sphere;
}

void add_sphere(Scene& scene, const Sphere& sphere, Vector middle, float radius, std::uint16_t material) {
    const auto first = static_cast<std::uint32_t>(scene.corners.size());
    for (const auto& corner : sphere.corners) {
        scene.corners.push_back(middle + corner * radius);
        scene.normals.push_back(corner);
    }
    for (const auto& [a, b, c] : sphere.triangles) scene.triangles.push_back({first + a, first + b, first + c});
    scene.material_of.insert(scene.material_of.end(), sphere.triangles.size(), material);
}

/// Pearls where a sunflower has its seeds (Vogel, "A better way to construct the sunflower head", 1979).
void add_pearls(Scene& scene) {
    constexpr int first = 66, count = 660, shades = 24;
    constexpr float spacing = 0.335f;
    const float golden_angle = pi * (3 - std::sqrt(5.0f));
    const Sphere sphere = make_sphere(2);
    const Vector inner{0.02f, 0.30f, 0.36f}, between{0.85f, 0.78f, 0.66f}, outer{0.62f, 0.07f, 0.06f};
    std::vector<std::uint16_t> materials;
    for (int shade = 0; shade < shades; ++shade) {
        const float part = static_cast<float>(shade) / (shades - 1);
        const Vector colour = part < 0.5f ? mix(inner, between, 2 * part) : mix(between, outer, 2 * part - 1);
        materials.push_back(add_material(scene, {colour, 0.94f, 0.02f}));
    }
    for (int i = 0; i < count; ++i) {
        const float part = static_cast<float>(i) / count;
        const float r = spacing * std::sqrt(static_cast<float>(first + i)),
                    angle = golden_angle * static_cast<float>(i);
        const float radius = 0.15f + 0.12f * part + 0.02f * std::sin(0.7f * static_cast<float>(i));
        add_sphere(scene, sphere, {r * std::cos(angle), radius - 0.02f, r * std::sin(angle)}, radius,
                   materials[static_cast<std::size_t>(part * shades)]);
    }
}

} // namespace

Scene make_scene() {
    Scene scene;
    add_ground(scene);
    add_knot(scene);
    add_pearls(scene);
    return scene;
}

} // namespace kaisar::render
