// Passes, the light that variants agree on, and the file that is made of it.
#include "kernels/each_variant.h"
#include "render/png.h"
#include "render/renderer.h"

#include <cstring>
#include <memory>
#include <zlib.h>

using namespace kaisar;
using namespace kaisar::render;

namespace {

std::size_t big_endian(ByteView bytes) {
    return std::size_t{bytes[0]} << 24 | std::size_t{bytes[1]} << 16 | std::size_t{bytes[2]} << 8 | bytes[3];
}

/// The content of the only chunk of that type; checks the checksum of every chunk on the way.
Bytes chunk_of(ByteView png, std::string_view type) {
    Bytes content;
    std::size_t at = 8;
    while (at < png.size()) {
        const std::size_t size = big_endian(png.subspan(at));
        const auto body = png.subspan(at + 4, 4 + size);
        CHECK(crc32(0, body.data(), static_cast<uInt>(body.size())) == big_endian(png.subspan(at + 8 + size)));
        if (text_of(body.first(4)) == type) content.assign(body.begin() + 4, body.end());
        at += 12 + size;
    }
    CHECK(at == png.size());
    return content;
}

} // namespace

TEST_CASE("The passes of a picture take every pixel once a sample") {
    std::vector<std::uint8_t> taken(Film::width * Film::height * Film::samples);
    for (std::uint64_t pass = 0; pass < Film::passes; ++pass)
        for (std::size_t tile = 0; tile < Film::tiles; ++tile)
            for (std::size_t i = 0; i < Film::tile_pixels; ++i) {
                const auto place = Film::place_of(pass, tile, i);
                ++taken[(place.sample * Film::height + place.y) * Film::width + place.x];
            }
    CHECK(std::all_of(taken.begin(), taken.end(), [](auto times) { return times == 1; }));
    const auto again = Film::place_of(Film::passes + 3, 5, 7), before = Film::place_of(3, 5, 7);
    CHECK(again.x == before.x);
    CHECK(again.y == before.y);
    CHECK(again.sample == before.sample);
}

TEST_CASE("Light is the same under every variant, bit by bit") {
    const Scene scene = make_scene();
    const Tree tree(scene);
    const auto table = kernels::ray_trace_variants();
    const Renderer plain(scene, tree, table.front().function);
    const auto rays = std::make_unique<TileRays>();
    std::array<Vector, Film::tile_pixels> expected, found;
    tests::for_each_variant<kernels::RayTrace>("ray_trace", table, [&](kernels::RayTrace variant) {
        const Renderer renderer(scene, tree, variant);
        for (const std::size_t tile : {0u, 40u, 57u, 72u, 90u, 143u}) {
            plain.render(tile, tile, *rays, expected);
            renderer.render(tile, tile, *rays, found);
            CHECK(rays->eye.count == Film::tile_pixels);
            CHECK(rays->bounce.count > 0);
            REQUIRE(std::memcmp(expected.data(), found.data(), sizeof expected) == 0);
        }
    });
}

TEST_CASE("A film knows what was put and what was not, and what would be something else") {
    Film film;
    std::array<Vector, Film::tile_pixels> light;
    light.fill({0.2f, 0.5f, 0.9f});
    CHECK_FALSE(film.has(3, 9));
    CHECK_FALSE(film.holds(3, 9, light));
    film.put(3, 9, light);
    CHECK(film.has(3, 9));
    CHECK_FALSE(film.has(4, 9));
    CHECK(film.holds(3, 9, light));
    light[200].y = 0.49f;
    CHECK_FALSE(film.holds(3, 9, light));
    film.erase();
    CHECK_FALSE(film.has(3, 9));
}

TEST_CASE("A PNG gives its pixels back") {
    constexpr std::size_t width = 5, height = 3, row_bytes = width * 3;
    Bytes pixels(width * height * 3);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * i * 7 + i);
    const Bytes png = encode_png(pixels, width, height);
    const Bytes header = chunk_of(png, "IHDR");
    CHECK(header == Bytes{0, 0, 0, width, 0, 0, 0, height, 8, 2, 0, 0, 0});
    const Bytes packed = chunk_of(png, "IDAT");
    Bytes rows((row_bytes + 1) * height);
    uLongf size = rows.size();
    REQUIRE(uncompress(rows.data(), &size, packed.data(), static_cast<uLong>(packed.size())) == Z_OK);
    REQUIRE(size == rows.size());
    Bytes decoded(pixels.size());
    for (std::size_t y = 0; y < height; ++y) {
        CHECK(rows[y * (row_bytes + 1)] == 4);
        for (std::size_t i = 0; i < row_bytes; ++i) { // §9.4 of the specification
            const auto at = [&](bool here, std::size_t index) { return here ? int{decoded[index]} : 0; };
            const std::size_t place = y * row_bytes + i;
            const int a = at(i >= 3, place - 3), b = at(y > 0, place - row_bytes),
                      c = at(i >= 3 && y > 0, place - row_bytes - 3);
            const int p = a + b - c, pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
            const int predictor = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
            decoded[place] = static_cast<std::uint8_t>(rows[y * (row_bytes + 1) + 1 + i] + predictor);
        }
    }
    CHECK(decoded == pixels);
}
