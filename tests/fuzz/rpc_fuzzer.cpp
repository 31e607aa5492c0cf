// Whatever a node answers, it is read or is the network's fault.
#include "error/error.h"
#include "jsonrpc/json_rpc.h"

namespace {

using namespace kaisar;

template <class Decode>
void decode_or_refuse(Decode decode) {
    try {
        decode();
    } catch (const Error& error) {
        check(error.kind() == ErrorKind::network, "a bad answer is the network's fault");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = text_of({data, size});
    for (const std::size_t count : {1u, 2u, 3u})
        decode_or_refuse([&] {
            for (const auto& answer : decode_rpc_answers(input, count)) {
                decode_or_refuse([&] { decode_receipt(answer.result); });
                decode_or_refuse([&] { decode_block(answer.result); });
                decode_or_refuse([&] { decode_block_transactions(answer.result); });
                decode_or_refuse([&] { decode_logs(answer.result); });
                decode_or_refuse([&] { decode_amount(answer.result); });
            }
        });
    decode_or_refuse([&] { decode_quantity(input); });
    decode_or_refuse([&] { decode_data(input); });
    decode_or_refuse([&] { decode_hash(input); });
    return 0;
}
