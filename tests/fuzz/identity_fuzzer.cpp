// An identity that decodes was signed by its node key, encodes to one that decodes to the same, and has its document.
#include "bytes/bytes.h"
#include "error/error.h"
#include "identity/identity_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    try {
        const auto identity = decode_identity(text_of({data, size}), "input");
        check(is_signed(identity), "what decodes is signed");
        check(decode_identity(encode_identity(identity), "again") == identity, "an identity survives its JSON");
        check(!encode_did_document(identity).empty(), "an identity has a document");
    } catch (const Error& error) {
        check(error.kind() == ErrorKind::environment || error.kind() == ErrorKind::refused,
              "a bad identity is a damaged file or one that was changed");
    }
    return 0;
}
