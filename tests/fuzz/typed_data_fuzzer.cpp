// Typed data has a digest, always the same, or is an Error.
#include "bytes/bytes.h"
#include "error/error.h"
#include "evm/typed_data_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    try {
        const auto document = text_of({data, size});
        check(typed_data_json_digest(document, "input") == typed_data_json_digest(document, "input"),
              "a digest is a function");
    } catch (const Error& error) {
        check(error.kind() == ErrorKind::environment, "bad typed data is an error of the environment");
    }
    return 0;
}
