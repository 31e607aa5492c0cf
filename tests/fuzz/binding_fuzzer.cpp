// A binding or a request that decodes encodes to one that decodes to the same, and any binding can be checked.
#include "bytes/bytes.h"
#include "error/error.h"
#include "evm/binding_json.h"

namespace {

using namespace kaisar;

template <class Decode, class Encode>
void decode_twice(std::string_view input, Decode decode, Encode encode) {
    try {
        const auto value = decode(input, "input");
        check(decode(encode(value), "again") == value, "a document survives its JSON");
    } catch (const Error& error) {
        check(error.kind() == ErrorKind::environment, "a bad document is an error of the environment");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = text_of({data, size});
    decode_twice(input, decode_binding, encode_binding);
    decode_twice(input, decode_binding_request, encode_binding_request);
    try {
        const auto binding = decode_binding(input, "input");
        check_binding(binding, binding.binding.issued_at, 0);
        check_binding(binding, binding.binding.expires_at, 0);
    } catch (const Error&) {
        return 0;
    }
    return 0;
}
