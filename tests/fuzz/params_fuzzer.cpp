// Whatever decodes as PARAMS encodes to the same bytes, and its times can be used.
#include "popw_rules/schedule.h"

#include "error/error.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kaisar;
    using namespace kaisar::popw;
    const auto params = decode_params({data, size});
    if (!params) return 0;
    const auto encoded = encode_params(*params);
    check(std::equal(encoded.begin(), encoded.end(), data, data + size),
          "decoded constants encode to the bytes they came from");
    const auto now = Instant(std::chrono::seconds(1790000000));
    const auto slot = upcoming_slot(*params, now);
    check(is_scheduled(*params, slot) && t0_of(*params, slot) >= now, "the upcoming slot exists and lies ahead");
    return 0;
}
