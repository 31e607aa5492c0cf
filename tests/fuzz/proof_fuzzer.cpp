// Whatever decodes as a PROOF encodes to the same bytes, the signature aside; and no bytes make the verifier fail.
#include "popw/proof_file.h"

#include "error/error.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    using namespace kaisar::popw;
    static const auto key = Ed25519Key::from_seed(Bytes32{});
    static const auto params = *find_params("test");
    static const auto primitives = choose_primitives(detect_cpu_features());
    const ByteView input(data, size);
    if (const auto file = decode_proof_file(input)) {
        check(encode_proof_file(*file) == Bytes(data, data + size), "a decoded proof file encodes to the same bytes");
        verify_proof_file(*file, primitives);
    }
    const auto decoded = decode_proof(input, params);
    if (decoded.code != VerdictCode::ok) return 0;
    const auto encoded = encode_proof(decoded.proof, key);
    check(encoded.size() == size && std::equal(data, data + size - signature_bytes, encoded.begin()),
          "a decoded proof encodes to the bytes that it came from");
    VerifierContext context{.params = params};
    context.node_key = key.public_key();
    verify_proof(input, context, primitives);
    return 0;
}
