/// The scene that the workload renders, made by the program itself: a golden knot over a field of pearls.
#pragma once

#include "render/vector.h"

#include <array>
#include <cstdint>
#include <vector>

namespace kaisar::render {

/// What a surface does with light.
struct Material {
    Vector colour;
    float diffuse = 1;   ///< part of the light that leaves in all directions; the rest is mirrored
    float roughness = 0; ///< how far a mirrored ray strays
};

struct Scene {
    std::vector<Vector> corners;
    std::vector<Vector> normals; ///< one a corner, of length 1
    std::vector<std::array<std::uint32_t, 3>> triangles;
    std::vector<std::uint16_t> material_of; ///< one a triangle
    std::vector<Material> materials;
};

/// The same on every run: some 380 000 triangles.
Scene make_scene();

} // namespace kaisar::render
