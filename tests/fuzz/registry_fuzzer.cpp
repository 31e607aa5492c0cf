// Whatever a contract answers or reverts with, it is read or is no answer.
#include "registry/registry.h"
#include "registry/revert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    const ByteView input(data, size);
    decode_worker(input);
    decode_peer(input);
    decode_report(input);
    decode_value(input);
    decode_address(input);
    explain_revert(input);
    return 0;
}
