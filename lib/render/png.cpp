#include "render/png.h"

#include "error/error.h"

#include <cstdlib>
#include <zlib.h>

namespace kaisar::render {
namespace {

void append_big_endian(Bytes& to, std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_chunk(Bytes& to, std::string_view type, ByteView content) {
    append_big_endian(to, content.size());
    const auto start = to.size();
    append(to, bytes_of(type));
    append(to, content);
    append_big_endian(to, crc32(0, to.data() + start, static_cast<uInt>(to.size() - start)));
}

std::uint8_t paeth(int left, int above, int corner) {
    const int guess = left + above - corner;
    const int to_left = std::abs(guess - left), to_above = std::abs(guess - above),
              to_corner = std::abs(guess - corner);
    const int nearest = to_left <= to_above && to_left <= to_corner ? left : to_above <= to_corner ? above : corner;
    return static_cast<std::uint8_t>(nearest);
}

/// Each row behind the number of its filter (4, Paeth): what a channel differs from what its neighbours promise.
Bytes filter(ByteView pixels, std::size_t width, std::size_t height) {
    constexpr std::size_t channels = 3;
    const std::size_t row_bytes = width * channels;
    Bytes filtered;
    filtered.reserve((row_bytes + 1) * height);
    for (std::size_t y = 0; y < height; ++y) {
        filtered.push_back(4);
        for (std::size_t i = 0; i < row_bytes; ++i) {
            const std::size_t at = y * row_bytes + i;
            const int left = i >= channels ? pixels[at - channels] : 0, above = y > 0 ? pixels[at - row_bytes] : 0;
            const int corner = i >= channels && y > 0 ? pixels[at - row_bytes - channels] : 0;
            filtered.push_back(static_cast<std::uint8_t>(pixels[at] - paeth(left, above, corner)));
        }
    }
    return filtered;
}

} // namespace

Bytes encode_png(ByteView pixels, std::size_t width, std::size_t height) {
    check(width > 0 && height > 0 && pixels.size() == width * height * 3, "three bytes a pixel");
    Bytes png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    Bytes header;
    append_big_endian(header, width);
    append_big_endian(header, height);
    append(header, Bytes{8, 2, 0, 0, 0}); // bits a channel, red green blue, deflate, filters, not interlaced
    append_chunk(png, "IHDR", header);
    const Bytes filtered = filter(pixels, width, height);
    uLongf size = compressBound(static_cast<uLong>(filtered.size()));
    Bytes packed(size);
    check(compress2(packed.data(), &size, filtered.data(), static_cast<uLong>(filtered.size()), 9) == Z_OK,
          "zlib was given the room that it asked for");
    append_chunk(png, "IDAT", ByteView(packed).first(size));
    append_chunk(png, "IEND", {});
    return png;
}

} // namespace kaisar::render
