// Whatever decodes as a MARK encodes to the same bytes, the signature aside: one byte string per meaning.
#include "popw_rules/messages.h"

#include "error/error.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    using namespace kaisar::popw;
    static const auto key = Ed25519Key::from_seed(Bytes32{});
    const ByteView input(data, size);
    const auto decoded = decode_mark(input);
    if (!decoded) return 0;
    const auto encoded = encode_mark(*decoded, key);
    check(encoded.size() == size && std::equal(data, data + size - signature_bytes, encoded.begin()),
          "a decoded message encodes to the bytes that it came from");
    is_signed_by(input, key.public_key());
    return 0;
}
