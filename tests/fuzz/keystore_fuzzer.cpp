// A keystore that decodes encodes to one that decodes to the same; anything else is an Error.
#include "error/error.h"
#include "wallet/keystore_json.h"

#include "bytes/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    try {
        const auto keystore = decode_keystore(text_of({data, size}), "input");
        check(decode_keystore(encode_keystore(keystore), "again") == keystore, "a keystore survives its JSON");
    } catch (const Error& error) {
        check(error.kind() == ErrorKind::wallet, "a bad keystore is an error of the wallet");
    }
    return 0;
}
