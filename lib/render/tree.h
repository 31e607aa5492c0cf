/// A tree of boxes over a scene's triangles, in the form that the ray_trace kernel walks.
#pragma once

#include "kernels/ray_trace/contract.h"
#include "render/huge_pages.h"
#include "render/scene.h"

namespace kaisar::render {

/// Boxes are cut where the surface area heuristic over bins says that rays will meet the fewest (Wald, "On fast
/// construction of SAH-based bounding volume hierarchies", 2007); of a node's boxes the largest is cut until there are
/// eight.
class Tree {
public:
    explicit Tree(const Scene& scene);

    kernels::RayTraceTree view() const { return {nodes_.data(), blocks_.data()}; }
    std::size_t size_bytes() const {
        return nodes_.size() * sizeof(kernels::RayTraceNode) + blocks_.size() * sizeof(kernels::RayTraceBlock);
    }
    const HugePages<kernels::RayTraceNode>& nodes() const { return nodes_; }
    const HugePages<kernels::RayTraceBlock>& blocks() const { return blocks_; }

private:
    friend class TreeBuilder;
    HugePages<kernels::RayTraceNode> nodes_;
    HugePages<kernels::RayTraceBlock> blocks_;
};

} // namespace kaisar::render
