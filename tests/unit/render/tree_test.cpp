// What the kernel takes for granted about a tree.
#include "render/tree.h"

#include <catch2/catch.hpp>
#include <set>

using namespace kaisar::kernels;
using namespace kaisar::render;

namespace {

struct Box {
    float lower[3], upper[3];
};

bool holds(const Box& outer, const Box& inner) {
    for (std::size_t axis = 0; axis < 3; ++axis)
        if (inner.lower[axis] < outer.lower[axis] || inner.upper[axis] > outer.upper[axis]) return false;
    return true;
}

class Walk {
public:
    Walk(const Tree& tree, const Scene& scene) : tree_(tree), scene_(scene) {}

    /// Visits everything below a node whose box is `box`.
    void visit(std::uint32_t number, const Box& box, std::size_t depth) {
        REQUIRE(depth < ray_trace_depth);
        const auto& node = tree_.nodes()[number];
        bool ended = false;
        for (std::size_t slot = 0; slot < ray_trace_width; ++slot) {
            const auto child = node.child[slot];
            if (child == ray_trace_nothing) {
                ended = true;
                CHECK(node.bounds[0][slot] == 1e18f);
                CHECK(node.bounds[3][slot] == -1e18f);
                continue;
            }
            REQUIRE_FALSE(ended); // filled from the front
            Box own{};
            for (std::size_t axis = 0; axis < 3; ++axis)
                own.lower[axis] = node.bounds[axis][slot], own.upper[axis] = node.bounds[3 + axis][slot];
            CHECK(holds(box, own));
            if ((child & ray_trace_leaf) == 0) {
                visit(child, own, depth + 1);
                continue;
            }
            const auto& block = tree_.blocks()[child & 0x0fffffff];
            for (std::size_t i = 0; i <= (child >> 28 & 7); ++i) {
                CHECK(seen.insert(block.triangle[i]).second);
                for (const auto corner : scene_.triangles[block.triangle[i]]) {
                    const Vector v = scene_.corners[corner];
                    CHECK(holds(own, {{v.x, v.y, v.z}, {v.x, v.y, v.z}}));
                }
            }
        }
    }

    std::set<std::uint32_t> seen;

private:
    const Tree& tree_;
    const Scene& scene_;
};

void check_tree(const Scene& scene) {
    const Tree tree(scene);
    Walk walk(tree, scene);
    walk.visit(0, {{-1e18f, -1e18f, -1e18f}, {1e18f, 1e18f, 1e18f}}, 0);
    CHECK(walk.seen.size() == scene.triangles.size());
}

} // namespace

TEST_CASE("A tree holds every triangle once, in boxes that lie within each other") {
    Scene scene = make_scene();
    CHECK(scene.triangles.size() == 377600);
    scene.triangles.resize(20000); // the ground: the rest looks alike, and each corner is checked
    check_tree(scene);
}

TEST_CASE("A tree can be made of nothing, of one triangle, and of many in the same place") {
    Scene scene;
    check_tree(scene);
    scene.corners = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}};
    scene.triangles = {{0, 1, 2}};
    check_tree(scene);
    scene.triangles.assign(3000, {0, 1, 2});
    check_tree(scene);
}

TEST_CASE("A scene that halving serves badly stays within the depth that the kernel has room for") {
    Scene scene;
    for (std::uint32_t i = 0; i < 2000; ++i) { // each a tenth of the one before in size and place
        const float edge = std::pow(0.9f, static_cast<float>(i % 300));
        for (const Vector corner : {Vector{0, 0, 0}, Vector{edge, 0, 0}, Vector{0, edge, edge}})
            scene.corners.push_back(corner);
        scene.triangles.push_back({3 * i, 3 * i + 1, 3 * i + 2});
    }
    check_tree(scene);
}
