/// A worker's side of the PoPW conversation with one checker: binary messages, each with a signature of its own.
#pragma once

#include "client/portal_client.h"
#include "popw_rules/messages.h"
#include "popw_rules/schedule.h"

#include <functional>
#include <optional>
#include <span>

namespace kaisar {

class CheckerClient {
public:
    /// Longer than any answer but a stream.
    static constexpr std::size_t short_answer_bytes = 4096;

    CheckerClient(const Connection& connection, Url url, const Bytes32& public_key);

    const Bytes32& public_key() const { return public_key_; }

    /// The beacon's bytes, waited for until `deadline`; verified to be this checker's, for that slot and phase.
    /// Error(network) when it does not come in time.
    Bytes fetch_beacon(popw::SlotId slot, popw::BeaconPhase phase, Instant deadline);

    /// The receipt's bytes, verified to be this checker's and for exactly this mark.
    Bytes submit_mark(ByteView mark);

    /// Hands the proof over; returns once the checker has it on disk. A proof that it has already is fine.
    void submit_proof(ByteView proof);

    /// The verdict's bytes, waited for until `deadline`; nothing when none was reached by then.
    std::optional<Bytes> find_verdict(const Bytes32& proof_hash, Instant deadline);

    /// Lets the checker measure the line with streams of one of those sizes, the first that passes; false when it does
    /// not expect to. `make_upload` gives what is streamed upwards. Error(network) when none passed until `deadline`.
    bool measure_line(std::string_view token, std::span<const std::uint64_t> sizes,
                      const std::function<Bytes(std::uint64_t bytes)>& make_upload, Instant deadline);

private:
    bool measure_with(std::string_view token, std::uint64_t bytes,
                      const std::function<Bytes(std::uint64_t bytes)>& make_upload, Instant deadline);
    HttpResponse exchange(std::string_view method, std::string target, ByteView body, std::chrono::milliseconds timeout,
                          std::size_t answer_bytes = short_answer_bytes);
    /// No single request waits longer than the connection's timeout, and none past the deadline. Asks again until there
    /// is an answer (200), a refusal (Error), or the deadline has passed (nothing).
    std::optional<Bytes> wait_for(const std::string& target, Instant deadline);

    Connection connection_;
    Url url_;
    Bytes32 public_key_;
};

} // namespace kaisar
