/// Who asks, once the request's signature was found to be right.
#pragma once

#include "network/exchange.h"
#include "network/store.h"

#include "error/error.h"

#include <optional>

namespace kaisar::portal {

struct Caller {
    Bytes32 public_key{};
    Bytes32 node_id{};
};

/// What the decoder made of a body, or the answer that says what is wrong with it.
template <class Message>
struct DecodedBody {
    std::optional<Message> message;
    HttpResponse failure;
};

/// Runs a decode_ function, whose Error names the field, on what came from outside.
template <class Decode>
auto decode_body(Decode decode, const std::string& body) -> DecodedBody<decltype(decode(body))> {
    try {
        return {.message = decode(body), .failure = {}};
    } catch (const Error& error) {
        return {.message = std::nullopt,
                .failure = network::failure_response(400, "bad-request", error.message(), error.hint())};
    }
}

/// The answer to a step that needs an earlier one; nothing when the worker is far enough.
std::optional<HttpResponse> find_state_fault(const network::StoredWorker& worker, network::WorkerState needed);

/// The answer while a transaction waits for its block.
HttpResponse chain_is_busy();

/// Moves the worker forward to `reached`; one that is further already stays where it is.
void advance_worker(network::RecordWriter& records, const Bytes32& node_id, network::WorkerState reached, Instant now);

} // namespace kaisar::portal
