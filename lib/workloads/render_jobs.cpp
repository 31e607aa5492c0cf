// A picture, pass by pass: the rays of a path tracer through a scene that is larger than second-level caches.
#include "render/renderer.h"
#include "workloads/job.h"

#include <array>
#include <atomic>
#include <memory>

namespace kaisar {
namespace {

using render::Film;

constexpr std::size_t checked_tiles = 8; // of 256 pixels, by the plain variant: some 30 ms
constexpr std::uint64_t counted_passes = 4;

/// Deals tiles out to threads, run after run, without a moment at which nobody runs: the first to arrive in a run makes
/// the next run's counter ready.
class Tiles {
public:
    explicit Tiles(unsigned threads) : threads_(threads) {}

    /// Calls work(pass, tile) for every tile of the passes that this thread gets.
    template <class Work>
    void share_out(std::uint64_t rounds, Work work) {
        const auto arrival = arrivals_.fetch_add(1);
        Run& run = runs_[arrival / threads_ % 2];
        if (arrival % threads_ == 0) {
            Run& next = runs_[(arrival / threads_ + 1) % 2];
            next.first_pass = run.first_pass + rounds;
            next.dealt = 0;
        }
        for (;;) {
            const auto item = run.dealt.fetch_add(1);
            if (item >= rounds * Film::tiles) return;
            work(run.first_pass + item / Film::tiles, item % Film::tiles);
        }
    }

private:
    struct alignas(64) Run {
        std::atomic<std::uint64_t> first_pass = 0, dealt = 0;
    };
    unsigned threads_;
    std::atomic<std::uint64_t> arrivals_ = 0;
    std::array<Run, 2> runs_;
};

struct Rendering {
    Rendering(const JobSettings& s, kernels::RayTrace kernel)
        : team(s.team), scene(render::make_scene()), tree(scene), renderer(scene, tree, kernel), tiles(s.team.size()) {
        for (unsigned t = 0; t < s.team.size(); ++t) rays.push_back(std::make_unique<render::TileRays>());
    }

    void render(unsigned thread, std::uint64_t pass, std::size_t tile) {
        std::array<render::Vector, Film::tile_pixels> light;
        renderer.render(pass, tile, *rays[thread], light);
        film.put(pass, tile, light);
    }

    /// Passes differ by less than a hundredth in their rays.
    double count_rays_of_a_pass() {
        std::atomic<std::uint64_t> count = 0;
        team.run([&](unsigned thread) {
            tiles.share_out(counted_passes, [&](std::uint64_t pass, std::size_t tile) {
                render(thread, pass, tile);
                count += rays[thread]->count();
            });
        });
        return static_cast<double>(count) / counted_passes;
    }

    /// Tiles at random places, of those that were rendered, again with the plain variant: the same, pixel by pixel.
    bool has_right_answers() {
        const render::Renderer plain(scene, tree, kernels::ray_trace_variants().front().function);
        Splitmix random(17);
        std::size_t checked = 0;
        std::array<render::Vector, Film::tile_pixels> light;
        for (std::uint64_t pass = 0; pass < Film::passes && checked < checked_tiles; ++pass) {
            const std::size_t tile = random.next() % Film::tiles;
            if (!film.has(pass, tile)) continue;
            plain.render(pass, tile, *rays.front(), light);
            if (!film.holds(pass, tile, light)) return false;
            ++checked;
        }
        return checked > 0;
    }

    Picture draw() {
        std::atomic<std::uint64_t> next = 0;
        team.run([&](unsigned thread) {
            for (std::uint64_t item; (item = next.fetch_add(1)) < Film::passes * Film::tiles;)
                if (const auto pass = item / Film::tiles, tile = item % Film::tiles; !film.has(pass, tile))
                    render(thread, pass, tile);
        });
        return {"A golden knot over rings of pearls, in the light of a low sun", Film::width, Film::height,
                film.encode_png()};
    }

    Team& team;
    render::Scene scene;
    render::Tree tree;
    render::Renderer renderer;
    Tiles tiles;
    std::vector<std::unique_ptr<render::TileRays>> rays; // one a thread
    Film film;
};

} // namespace

Job make_render(const JobSettings& s) {
    const auto table = kernels::ray_trace_variants();
    const auto& variant = s.variant.empty() ? kernels::best_variant(table, s.features)
                                            : kernels::require_variant(table, s.features, s.variant);
    const auto rendering = std::make_shared<Rendering>(s, variant.function);
    Job job;
    job.variant = variant.name;
    job.bytes = rendering->tree.size_bytes();
    job.work_per_round = rendering->count_rays_of_a_pass();
    job.run = [rendering](unsigned thread, std::uint64_t rounds) {
        rendering->tiles.share_out(
            rounds, [&](std::uint64_t pass, std::size_t tile) { rendering->render(thread, pass, tile); });
    };
    job.poison = [rendering] { rendering->film.erase(); };
    job.has_right_answers = [rendering] { return rendering->has_right_answers(); };
    job.draw = [rendering] { return rendering->draw(); };
    return job;
}

} // namespace kaisar
