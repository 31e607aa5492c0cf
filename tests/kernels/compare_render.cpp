// ray_trace against Embree on the rays of the render workload, kind by kind, in turns on one core. Embree is asked in
// each of its ways, one ray, sixteen, and a stream, and the best of them counts. Both find the same hits, but for rays
// that pass within rounding of an edge; the share of those is printed.
//
//     compare_render [picture.png]
#include "interleaved.h"
#include "render/renderer.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <embree3/rtcore.h>
#include <fmt/format.h>
#include <fstream>
#include <memory>

using namespace kaisar;
using namespace kaisar::kernels;
using namespace kaisar::render;
using namespace kaisar::tests;

namespace {

constexpr int rounds = 15;
constexpr double sample_seconds = 0.02;
constexpr std::size_t lanes = 16;
constexpr float embree_near = 0;

enum class Kind { nearest, blocked };

/// One kind of rays, tile by tile, as both sides want them.
struct Work {
    std::string name;
    Kind kind;
    std::vector<Rays> tiles;
    std::size_t count = 0;

    void add(const Rays& rays) {
        if (rays.count == 0) return;
        tiles.push_back(rays);
        count += rays.count;
    }
};

struct Answers {
    std::vector<float> distance, u, v;
    std::vector<std::uint32_t> triangle;
    std::vector<std::uint8_t> blocked;

    explicit Answers(std::size_t count) : distance(count), u(count), v(count), triangle(count), blocked(count) {}
};

void trace(const RayTrace& kernel, const RayTraceTree& tree, const Work& work, Answers& to) {
    std::size_t at = 0;
    for (const auto& rays : work.tiles) {
        if (work.kind == Kind::nearest)
            kernel.nearest(tree, rays.view(), {&to.distance[at], &to.triangle[at], &to.u[at], &to.v[at]});
        else
            kernel.blocked(tree, rays.view(), &to.blocked[at]);
        at += rays.count;
    }
}

class Embree {
public:
    explicit Embree(const Scene& scene)
        : device_(rtcNewDevice("threads=1,set_affinity=0")), scene_(rtcNewScene(device_)) {
        const auto geometry = rtcNewGeometry(device_, RTC_GEOMETRY_TYPE_TRIANGLE);
        auto* const corners = static_cast<float*>(rtcSetNewGeometryBuffer(
            geometry, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3, 3 * sizeof(float), scene.corners.size()));
        for (std::size_t i = 0; i < scene.corners.size(); ++i)
            corners[3 * i] = scene.corners[i].x, corners[3 * i + 1] = scene.corners[i].y,
                        corners[3 * i + 2] = scene.corners[i].z;
        auto* const indices = static_cast<std::uint32_t*>(rtcSetNewGeometryBuffer(
            geometry, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3, 3 * sizeof(std::uint32_t), scene.triangles.size()));
        for (std::size_t i = 0; i < scene.triangles.size(); ++i)
            for (std::size_t corner = 0; corner < 3; ++corner) indices[3 * i + corner] = scene.triangles[i][corner];
        rtcCommitGeometry(geometry);
        rtcAttachGeometry(scene_, geometry);
        rtcReleaseGeometry(geometry);
        rtcSetSceneBuildQuality(scene_, RTC_BUILD_QUALITY_MEDIUM);
        rtcCommitScene(scene_);
    }
    Embree(const Embree&) = delete;
    Embree& operator=(const Embree&) = delete;
    ~Embree() { rtcReleaseScene(scene_), rtcReleaseDevice(device_); }

    void one_by_one(const Work& work, Answers& to) const {
        RTCIntersectContext context;
        rtcInitIntersectContext(&context);
        std::size_t at = 0;
        for (const auto& rays : work.tiles) {
            for (std::size_t i = 0; i < rays.count; ++i, ++at) {
                RTCRayHit ray = make(rays, i);
                if (work.kind == Kind::nearest) {
                    rtcIntersect1(scene_, &context, &ray);
                    to.distance[at] = ray.ray.tfar, to.triangle[at] = ray.hit.primID;
                } else {
                    rtcOccluded1(scene_, &context, &ray.ray);
                    to.blocked[at] = ray.ray.tfar < 0;
                }
            }
        }
    }

    void sixteen(const Work& work, Answers& to) const {
        RTCIntersectContext context;
        rtcInitIntersectContext(&context);
        context.flags = RTC_INTERSECT_CONTEXT_FLAG_COHERENT;
        std::size_t at = 0;
        for (const auto& rays : work.tiles) {
            for (std::size_t i = 0; i < rays.count; i += lanes) {
                alignas(64) RTCRayHit16 packet;
                alignas(64) int valid[lanes];
                const std::size_t count = std::min(lanes, rays.count - i);
                fill(packet, valid, rays, i, count);
                if (work.kind == Kind::nearest)
                    rtcIntersect16(valid, scene_, &context, &packet);
                else
                    rtcOccluded16(valid, scene_, &context, &packet.ray);
                for (std::size_t lane = 0; lane < count; ++lane, ++at) {
                    to.distance[at] = packet.ray.tfar[lane], to.triangle[at] = packet.hit.primID[lane];
                    to.blocked[at] = packet.ray.tfar[lane] < 0;
                }
            }
        }
    }

    void stream(const Work& work, Answers& to) const {
        RTCIntersectContext context;
        rtcInitIntersectContext(&context);
        context.flags = RTC_INTERSECT_CONTEXT_FLAG_COHERENT;
        std::size_t at = 0;
        alignas(64) RTCRayHit list[Rays::most];
        for (const auto& rays : work.tiles) {
            for (std::size_t i = 0; i < rays.count; ++i) list[i] = make(rays, i);
            if (work.kind == Kind::nearest)
                rtcIntersect1M(scene_, &context, list, static_cast<unsigned>(rays.count), sizeof(RTCRayHit));
            else
                rtcOccluded1M(scene_, &context, &list[0].ray, static_cast<unsigned>(rays.count), sizeof(RTCRayHit));
            for (std::size_t i = 0; i < rays.count; ++i, ++at) {
                to.distance[at] = list[i].ray.tfar, to.triangle[at] = list[i].hit.primID;
                to.blocked[at] = list[i].ray.tfar < 0;
            }
        }
    }

private:
    static RTCRayHit make(const Rays& rays, std::size_t i) {
        RTCRayHit ray;
        ray.ray.org_x = rays.origin[0][i], ray.ray.org_y = rays.origin[1][i], ray.ray.org_z = rays.origin[2][i];
        ray.ray.dir_x = rays.direction[0][i], ray.ray.dir_y = rays.direction[1][i];
        ray.ray.dir_z = rays.direction[2][i];
        ray.ray.tnear = embree_near, ray.ray.tfar = rays.reach[i], ray.ray.time = 0;
        ray.ray.mask = ~0u, ray.ray.id = 0, ray.ray.flags = 0;
        ray.hit.geomID = ray.hit.primID = ray.hit.instID[0] = RTC_INVALID_GEOMETRY_ID;
        return ray;
    }
    static void fill(RTCRayHit16& packet, int* valid, const Rays& rays, std::size_t begin, std::size_t count) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::size_t i = begin + (lane < count ? lane : 0);
            valid[lane] = lane < count ? -1 : 0;
            packet.ray.org_x[lane] = rays.origin[0][i], packet.ray.org_y[lane] = rays.origin[1][i];
            packet.ray.org_z[lane] = rays.origin[2][i], packet.ray.dir_x[lane] = rays.direction[0][i];
            packet.ray.dir_y[lane] = rays.direction[1][i], packet.ray.dir_z[lane] = rays.direction[2][i];
            packet.ray.tnear[lane] = embree_near, packet.ray.tfar[lane] = rays.reach[i], packet.ray.time[lane] = 0;
            packet.ray.mask[lane] = ~0u, packet.ray.id[lane] = 0, packet.ray.flags[lane] = 0;
            packet.hit.geomID[lane] = packet.hit.primID[lane] = RTC_INVALID_GEOMETRY_ID;
        }
    }

    RTCDevice device_;
    RTCScene scene_;
};

/// The share of rays for which both do not find the same distance (within 1e-4) or the same shadow.
double differing(const Work& work, const Answers& a, const Answers& b) {
    std::size_t different = 0;
    for (std::size_t i = 0; i < work.count; ++i)
        if (work.kind == Kind::blocked)
            different += a.blocked[i] != b.blocked[i];
        else
            different += std::abs(a.distance[i] - b.distance[i]) > 1e-4f * a.distance[i];
    return static_cast<double>(different) / static_cast<double>(work.count);
}

void compare(const Work& work, const Tree& tree, const Embree& embree, CpuFeatures features) {
    Answers ours(work.count), theirs(work.count);
    const auto view = tree.view();
    std::vector<Contender> contenders;
    const auto count = static_cast<double>(work.count);
    for (const auto& variant : ray_trace_variants())
        if (features.includes(variant.required) && variant.name != "reference")
            contenders.push_back({std::string(variant.name), count,
                                  [&, kernel = variant.function] { trace(kernel, view, work, ours); }});
    const std::size_t own = contenders.size();
    contenders.push_back({"Embree one by one", count, [&] { embree.one_by_one(work, theirs); }});
    contenders.push_back({"Embree sixteen", count, [&] { embree.sixteen(work, theirs); }});
    contenders.push_back({"Embree stream", count, [&] { embree.stream(work, theirs); }});
    const auto timings = time_in_turns(contenders, rounds, sample_seconds);
    std::size_t best = own;
    for (std::size_t i = own; i < timings.size(); ++i)
        if (timings[i].rate > timings[best].rate) best = i;
    fmt::print("{}: {} rays, {:.4f} % differ\n", work.name, work.count, 100 * differing(work, ours, theirs));
    for (const auto& timing : timings)
        fmt::print("  {:20} {:7.2f} Mray/s  {:5.2f} of {}\n", timing.name, timing.rate / 1e6,
                   ratio(timing, timings[best]), timings[best].name);
    std::fflush(stdout);
}

double seconds_of(const std::function<void()>& work) {
    const double start = thread_cpu_seconds();
    work();
    return thread_cpu_seconds() - start;
}

} // namespace

int main(int count, char** words) {
    const auto features = detect_cpu_features();
    const Scene scene = make_scene();
    std::unique_ptr<Tree> tree;
    const double build_s = seconds_of([&] { tree = std::make_unique<Tree>(scene); });
    fmt::print("{} triangles, tree of {:.1f} MB ({} nodes, {:.2f} triangles a leaf) built in {:.2f} s\n",
               scene.triangles.size(), static_cast<double>(tree->size_bytes()) / 1e6, tree->nodes().size(),
               static_cast<double>(scene.triangles.size()) / static_cast<double>(tree->blocks().size()), build_s);
    const auto& kernel = best_variant(ray_trace_variants(), features);
    const Renderer renderer(scene, *tree, kernel.function);
    Film film;
    std::array<Vector, Film::tile_pixels> light;
    const auto rays = std::make_unique<TileRays>();
    Work works[] = {{"eye", Kind::nearest, {}, 0},
                    {"sun", Kind::blocked, {}, 0},
                    {"bounce", Kind::nearest, {}, 0},
                    {"sun of bounce", Kind::blocked, {}, 0}};
    double traced = 0;
    const double pass_s = seconds_of([&] {
        for (std::size_t tile = 0; tile < Film::tiles; ++tile) {
            renderer.render(0, tile, *rays, light);
            traced += static_cast<double>(rays->count());
        }
    });
    fmt::print("a pass: {:.0f} rays, {:.2f} Mray/s, shading included\n", traced, traced / pass_s / 1e6);
    for (std::size_t tile = 0; tile < Film::tiles; ++tile) {
        renderer.render(0, tile, *rays, light);
        works[0].add(rays->eye), works[1].add(rays->sun), works[2].add(rays->bounce);
        works[3].add(rays->sun_of_bounce);
    }
    if (count > 1) {
        for (std::uint64_t pass = 0; pass < Film::passes; ++pass)
            for (std::size_t tile = 0; tile < Film::tiles; ++tile)
                renderer.render(pass, tile, *rays, light), film.put(pass, tile, light);
        const Bytes png = film.encode_png();
        std::ofstream(words[1], std::ios::binary)
            .write(reinterpret_cast<const char*>(png.data()), static_cast<std::streamsize>(png.size()));
        return 0;
    }
    std::unique_ptr<Embree> embree;
    fmt::print("Embree builds its tree in {:.2f} s\n", seconds_of([&] { embree = std::make_unique<Embree>(scene); }));
    for (const auto& work : works) compare(work, *tree, *embree, features);
}
