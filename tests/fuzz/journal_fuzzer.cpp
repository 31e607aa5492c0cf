// A journal that decodes encodes to one that decodes to the same.
#include "error/error.h"
#include "payments/journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    try {
        const auto payments = decode_journal(text_of({data, size}), "input");
        check(decode_journal(encode_journal(payments), "again") == payments, "a journal survives its text");
    } catch (const Error& error) {
        check(error.kind() == ErrorKind::environment, "a bad journal is an error of the environment");
    }
    return 0;
}
