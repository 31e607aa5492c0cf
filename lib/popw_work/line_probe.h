/// What goes over the line when a checker measures how fast it is: numbers that cannot be compressed.
#pragma once

#include "popw_work/hashing.h"

#include <string>

namespace kaisar::popw {

/// The bytes that a probe may have, largest first: a line that is too slow for one takes the next.
inline constexpr std::array<std::uint64_t, 3> probe_sizes{32u << 20, 4u << 20, 512u << 10};

/// TH("probe", RECEIPT of a heartbeat), in hexadecimal: names a probe, and nobody but the two ends knows it.
std::string probe_token(ByteView receipt);

/// The first `bytes` bytes that a checker streams to a worker, from a secret of its own. `bytes` is a multiple of 64.
Bytes download_stream(const Primitives& primitives, ByteView secret, std::string_view token, std::uint64_t bytes);
/// The first `bytes` bytes that the worker streams to the checker.
Bytes upload_stream(const Primitives& primitives, std::string_view token, std::uint64_t bytes);

} // namespace kaisar::popw
