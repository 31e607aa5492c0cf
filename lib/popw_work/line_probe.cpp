#include "popw_work/line_probe.h"

#include "bytes/hex.h"
#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "popw_rules/tagged_hash.h"

namespace kaisar::popw {
namespace {

constexpr std::uint64_t stream_nonce = 6;

Bytes make_stream(const Primitives& primitives, const Bytes32& key, std::uint64_t bytes) {
    Bytes stream(bytes);
    primitives.chacha8(key.data(), stream_nonce, 0, stream.data(), bytes / 64);
    return stream;
}

} // namespace

std::string probe_token(ByteView receipt) { return encode_hex(tagged_hash("probe", {receipt})); }

Bytes download_stream(const Primitives& primitives, ByteView secret, std::string_view token, std::uint64_t bytes) {
    ByteWriter message;
    message.put(bytes_of("probe down")).put(bytes_of(token)).put(bytes);
    return make_stream(primitives, hmac_sha256(secret, message.bytes()), bytes);
}

Bytes upload_stream(const Primitives& primitives, std::string_view token, std::uint64_t bytes) {
    return make_stream(primitives, tagged_hash("probe-up", {bytes_of(token)}), bytes);
}

} // namespace kaisar::popw
