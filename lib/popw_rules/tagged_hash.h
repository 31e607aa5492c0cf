/// The hash of PoPW/1: SHA-256 with a tag in front, so that a digest made for one purpose is never valid for another.
#pragma once

#include "bytes/bytes.h"

#include <initializer_list>
#include <string_view>

namespace kaisar::popw {

/// SHA-256("kaisar/popw/1/" || tag), written twice before every tagged message; it fills exactly one block.
Bytes32 tag_digest(std::string_view tag);

/// TH(tag, parts joined). The proof's hot loops use popw_work/hashing.h, which gives the same digests.
Bytes32 tagged_hash(std::string_view tag, std::initializer_list<ByteView> parts);

} // namespace kaisar::popw
