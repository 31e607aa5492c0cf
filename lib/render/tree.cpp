#include "render/tree.h"

#include "error/error.h"

#include <algorithm>
#include <limits>
#include <span>

namespace kaisar::render {

using kernels::ray_trace_leaf;
using kernels::ray_trace_nothing;
using kernels::ray_trace_width;
using kernels::RayTraceBlock;
using kernels::RayTraceNode;

namespace {

constexpr std::size_t bins = 16;
constexpr std::size_t most_in_leaf = 8;   // measured: see docs/measurements/render.md
constexpr std::size_t halving_depth = 14; // from there on halves, which 24 levels always suffice for
constexpr float far_away = 1e18f;

struct Box {
    std::array<float, 3> lower{far_away, far_away, far_away}, upper{-far_away, -far_away, -far_away};

    void include(const Box& other) {
        for (std::size_t axis = 0; axis < 3; ++axis) {
            lower[axis] = std::min(lower[axis], other.lower[axis]);
            upper[axis] = std::max(upper[axis], other.upper[axis]);
        }
    }
    void include(Vector point) { include(Box{{point.x, point.y, point.z}, {point.x, point.y, point.z}}); }
    float half_area() const {
        const float x = upper[0] - lower[0], y = upper[1] - lower[1], z = upper[2] - lower[2];
        return x < 0 ? 0 : x * y + y * z + z * x;
    }
    /// Twice the middle.
    float middle(std::size_t axis) const { return lower[axis] + upper[axis]; }
};

struct Item {
    Box box;
    std::uint32_t triangle;
};

struct Group {
    std::span<Item> items;
    Box box;
};

Box box_of(std::span<const Item> items) {
    Box box;
    for (const auto& item : items) box.include(item.box);
    return box;
}

struct Cut {
    float cost = std::numeric_limits<float>::max();
    std::size_t axis = 0;
    std::size_t bin = 0; // the first on the right
};

/// Which bin an item belongs to, along each axis.
struct Binning {
    std::array<float, 3> start, scale;

    explicit Binning(std::span<const Item> items) {
        Box middles;
        for (const auto& item : items)
            middles.include(Vector{item.box.middle(0), item.box.middle(1), item.box.middle(2)});
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const float extent = middles.upper[axis] - middles.lower[axis];
            start[axis] = middles.lower[axis];
            scale[axis] = extent > 0 ? static_cast<float>(bins) * 0.9999f / extent : 0;
        }
    }
    std::size_t bin_of(const Item& item, std::size_t axis) const {
        const auto bin = static_cast<std::size_t>((item.box.middle(axis) - start[axis]) * scale[axis]);
        return std::min(bin, bins - 1);
    }
};

Cut find_cut(std::span<const Item> items, const Binning& binning) {
    struct Bin {
        Box box;
        std::size_t count = 0;
    };
    std::array<std::array<Bin, bins>, 3> filled;
    for (const auto& item : items) {
        for (std::size_t axis = 0; axis < 3; ++axis) {
            auto& bin = filled[axis][binning.bin_of(item, axis)];
            bin.box.include(item.box);
            ++bin.count;
        }
    }
    Cut best;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (binning.scale[axis] == 0) continue;
        std::array<float, bins> cost_of_left{};
        Box left, right;
        std::size_t left_count = 0, right_count = 0;
        for (std::size_t bin = 1; bin < bins; ++bin) {
            left.include(filled[axis][bin - 1].box);
            left_count += filled[axis][bin - 1].count;
            cost_of_left[bin] = left.half_area() * static_cast<float>((left_count + 7) / 8);
        }
        for (std::size_t bin = bins - 1; bin > 0; --bin) {
            right.include(filled[axis][bin].box);
            right_count += filled[axis][bin].count;
            const float cost = cost_of_left[bin] + right.half_area() * static_cast<float>((right_count + 7) / 8);
            if (right_count != 0 && right_count != items.size() && cost < best.cost) best = {cost, axis, bin};
        }
    }
    return best;
}

std::size_t longest_axis(const Box& box) {
    std::size_t longest = 0;
    for (std::size_t axis = 1; axis < 3; ++axis)
        if (box.upper[axis] - box.lower[axis] > box.upper[longest] - box.lower[longest]) longest = axis;
    return longest;
}

std::pair<Group, Group> split(const Group& group, std::size_t depth) {
    auto items = group.items;
    std::size_t left = 0;
    if (depth < halving_depth) {
        const Binning binning(items);
        const Cut cut = find_cut(items, binning);
        const auto is_left = [&](const Item& item) { return binning.bin_of(item, cut.axis) < cut.bin; };
        left = static_cast<std::size_t>(std::partition(items.begin(), items.end(), is_left) - items.begin());
    }
    if (left == 0 || left == items.size()) { // all in one place
        left = items.size() / 2;
        const std::size_t axis = longest_axis(group.box);
        std::nth_element(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(left), items.end(),
                         [axis](const Item& a, const Item& b) { return a.box.middle(axis) < b.box.middle(axis); });
    }
    return {{items.first(left), box_of(items.first(left))}, {items.subspan(left), box_of(items.subspan(left))}};
}

} // namespace

class TreeBuilder {
public:
    TreeBuilder(const Scene& scene, Tree& tree) : scene_(scene), tree_(tree) {}

    void build() {
        std::vector<Item> items(scene_.triangles.size());
        Box all;
        for (std::uint32_t i = 0; i < items.size(); ++i) {
            items[i].triangle = i;
            for (const auto corner : scene_.triangles[i]) items[i].box.include(scene_.corners[corner]);
            all.include(items[i].box);
        }
        // Rounding moves a plane by some 1e-7 of the distances within the scene.
        for (std::size_t axis = 0; axis < 3; ++axis)
            margin_ = std::max({margin_, 1e-6f * std::abs(all.lower[axis]), 1e-6f * std::abs(all.upper[axis])});
        for (auto& item : items)
            for (std::size_t axis = 0; axis < 3; ++axis)
                item.box.lower[axis] -= margin_, item.box.upper[axis] += margin_;
        tree_.nodes_.reserve(items.size() / 12);
        tree_.blocks_.reserve(items.size() / 5);
        add_node({items, box_of(items)}, 0);
    }

private:
    std::uint32_t add_node(const Group& group, std::size_t depth) {
        check(depth < kernels::ray_trace_depth, "halves come to an end");
        const auto number = static_cast<std::uint32_t>(tree_.nodes_.size());
        tree_.nodes_.emplace_back();
        std::vector<Group> children{group};
        while (children.size() < ray_trace_width) {
            const auto to_cut = std::max_element(children.begin(), children.end(), [](const Group& a, const Group& b) {
                return urgency(a) < urgency(b);
            });
            if (urgency(*to_cut) < 0) break;
            const auto [left, right] = split(*to_cut, depth);
            *to_cut = left;
            children.push_back(right);
        }
        RayTraceNode node;
        for (std::size_t slot = 0; slot < ray_trace_width; ++slot) {
            const bool used = slot < children.size() && !children[slot].items.empty();
            const Box box = used ? children[slot].box : Box{};
            for (std::size_t axis = 0; axis < 3; ++axis) {
                node.bounds[axis][slot] = box.lower[axis];
                node.bounds[3 + axis][slot] = box.upper[axis];
            }
            node.child[slot] = !used                                         ? ray_trace_nothing
                               : children[slot].items.size() <= most_in_leaf ? add_leaf(children[slot].items)
                                                                             : add_node(children[slot], depth + 1);
        }
        tree_.nodes_[number] = node;
        return number;
    }

    /// What is cut next; below zero what is not to be cut.
    static float urgency(const Group& group) {
        return group.items.size() <= most_in_leaf ? -1.0f : group.box.half_area();
    }

    std::uint32_t add_leaf(std::span<const Item> items) {
        const auto number = static_cast<std::uint32_t>(tree_.blocks_.size());
        RayTraceBlock block{};
        for (std::size_t i = 0; i < items.size(); ++i) {
            const auto& corners = scene_.triangles[items[i].triangle];
            const Vector c = scene_.corners[corners[0]], second = scene_.corners[corners[1]],
                         third = scene_.corners[corners[2]];
            const auto put = [i](float(&rows)[3][ray_trace_width], Vector value) {
                rows[0][i] = value.x, rows[1][i] = value.y, rows[2][i] = value.z;
            };
            put(block.corner, c);
            put(block.a, c - second);
            put(block.b, third - c);
            block.triangle[i] = items[i].triangle;
        }
        tree_.blocks_.push_back(block);
        return ray_trace_leaf | static_cast<std::uint32_t>(items.size() - 1) << 28 | number;
    }

    const Scene& scene_;
    Tree& tree_;
    float margin_ = 0;
};

Tree::Tree(const Scene& scene) { TreeBuilder(scene, *this).build(); }

} // namespace kaisar::render
