#include "popw_rules/tagged_hash.h"

#include "crypto/hash.h"

namespace kaisar::popw {

Bytes32 tag_digest(std::string_view tag) { return sha256({bytes_of("kaisar/popw/1/"), bytes_of(tag)}); }

Bytes32 tagged_hash(std::string_view tag, std::initializer_list<ByteView> parts) {
    const auto digest = tag_digest(tag);
    Bytes message;
    append(message, digest);
    append(message, digest);
    for (auto part : parts) append(message, part);
    return sha256(message);
}

} // namespace kaisar::popw
