/// Points, directions and colours of a scene.
#pragma once

#include <cmath>

namespace kaisar::render {

struct Vector {
    float x = 0, y = 0, z = 0;
};

inline Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vector operator*(Vector a, float factor) { return {a.x * factor, a.y * factor, a.z * factor}; }
/// Colour by colour.
inline Vector operator*(Vector a, Vector b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline float dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vector cross(Vector a, Vector b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline Vector normalized(Vector a) { return a * (1 / std::sqrt(dot(a, a))); }
inline Vector mix(Vector a, Vector b, float part_of_b) { return a * (1 - part_of_b) + b * part_of_b; }

} // namespace kaisar::render
