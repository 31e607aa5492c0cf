#include "render/film.h"

#include "render/png.h"

#include <algorithm>
#include <cmath>

namespace kaisar::render {
namespace {

constexpr std::uint32_t not_rendered = 0xffffffff; // ten bits a channel leave the two highest at zero
constexpr float steps = 1023;

/// Light as a film answers to it, 0 … 1 (Narkowicz's fit to the ACES curve, 2015).
float tone(float light) {
    const float answer = light * (2.51f * light + 0.03f) / (light * (2.43f * light + 0.59f) + 0.14f);
    return std::clamp(answer, 0.0f, 1.0f);
}

std::uint32_t pack(Vector light) {
    const auto channel = [](float value) { return static_cast<std::uint32_t>(tone(value) * steps + 0.5f); };
    return channel(light.x) << 20 | channel(light.y) << 10 | channel(light.z);
}

/// sRGB's curve (IEC 61966-2-1).
std::uint8_t byte_of(float linear) {
    const float value = linear <= 0.0031308f ? 12.92f * linear : 1.055f * std::pow(linear, 1 / 2.4f) - 0.055f;
    return static_cast<std::uint8_t>(value * 255 + 0.5f);
}

} // namespace

Film::Film() : samples_(samples * height * width) { erase(); }

void Film::erase() {
    for (auto& sample : samples_) sample.store(not_rendered, std::memory_order_relaxed);
}

Film::Place Film::place_of(std::uint64_t pass, std::size_t tile, std::size_t i) {
    const std::size_t within = i % 16, block = i / 16; // 4 x 4 pixels, 4 x 4 such blocks
    const std::size_t column = tile % tiles_across * tile_edge + block % 4 * 4 + within % 4;
    const std::size_t row = tile / tiles_across * tile_edge + block / 4 * 4 + within / 4;
    // Passes visit the square so that few of them are spread over it already.
    constexpr std::uint8_t order[16] = {0, 10, 2, 8, 5, 15, 7, 13, 1, 11, 3, 9, 4, 14, 6, 12};
    const std::size_t offset = order[pass % 16];
    return {column * lattice + offset % lattice, row * lattice + offset / lattice, pass / 16 % samples};
}

void Film::put(std::uint64_t pass, std::size_t tile, std::span<const Vector, tile_pixels> light) {
    for (std::size_t i = 0; i < tile_pixels; ++i)
        samples_[index_of(place_of(pass, tile, i))].store(pack(light[i]), std::memory_order_relaxed);
}

bool Film::has(std::uint64_t pass, std::size_t tile) const {
    return find(place_of(pass, tile, tile_pixels - 1)).has_value();
}

bool Film::holds(std::uint64_t pass, std::size_t tile, std::span<const Vector, tile_pixels> light) const {
    for (std::size_t i = 0; i < tile_pixels; ++i)
        if (find(place_of(pass, tile, i)) != pack(light[i])) return false;
    return true;
}

std::optional<std::uint32_t> Film::find(Place place) const {
    const auto sample = samples_[index_of(place)].load(std::memory_order_relaxed);
    if (sample == not_rendered) return std::nullopt;
    return sample;
}

Bytes Film::encode_png() const {
    Bytes pixels(width * height * 3);
    for (std::size_t y = 0; y < height; ++y) {
        for (std::size_t x = 0; x < width; ++x) {
            std::uint32_t sum[3] = {}, count = 0;
            for (std::size_t sample = 0; sample < samples; ++sample) {
                const auto found = find({x, y, sample});
                if (!found) continue;
                for (std::size_t channel = 0; channel < 3; ++channel)
                    sum[channel] += *found >> (20 - 10 * channel) & 0x3ff;
                ++count;
            }
            for (std::size_t channel = 0; channel < 3 && count != 0; ++channel)
                pixels[(y * width + x) * 3 + channel] =
                    byte_of(static_cast<float>(sum[channel]) / (steps * static_cast<float>(count)));
        }
    }
    return render::encode_png(pixels, width, height);
}

} // namespace kaisar::render
