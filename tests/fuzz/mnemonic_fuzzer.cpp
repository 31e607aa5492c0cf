// Words that are a mnemonic are the same one when read again, and bytes of a fitting length always are entropy.
#include "bytes/bytes.h"
#include "error/error.h"
#include "wallet/mnemonic.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    const ByteView input(data, size);
    try {
        const auto mnemonic = parse_mnemonic(input);
        check(std::ranges::equal(parse_mnemonic(mnemonic.view()).view(), mnemonic.view()),
              "a parsed mnemonic parses to itself");
    } catch (const Error& error) {
        check(error.kind() == ErrorKind::wallet, "a bad mnemonic is an error of the wallet");
    }
    if (size >= 16) {
        const auto mnemonic = encode_mnemonic(input.first(std::min<std::size_t>(size / 4 * 4, 32)));
        check(std::ranges::equal(parse_mnemonic(mnemonic.view()).view(), mnemonic.view()),
              "an encoded mnemonic parses to itself");
    }
    return 0;
}
