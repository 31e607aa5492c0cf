/// Pictures as PNG files (W3C, "Portable Network Graphics (PNG) Specification", second edition).
#pragma once

#include "bytes/bytes.h"

namespace kaisar::render {

/// Eight bits a channel, red, green, blue, rows from the top. `pixels` holds width * height * 3 bytes.
Bytes encode_png(ByteView pixels, std::size_t width, std::size_t height);

} // namespace kaisar::render
