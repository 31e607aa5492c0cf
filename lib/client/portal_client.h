/// A worker's side of the signed conversation with a portal or a peer.
#pragma once

#include "clock/clock.h"
#include "crypto/ed25519.h"
#include "error/error.h"
#include "http/transport.h"

#include <chrono>
#include <stop_token>
#include <string>

namespace kaisar {

/// How a worker reaches the network: what every conversation of one run shares.
struct Connection {
    Transport& transport;
    const Clock& clock;
    std::chrono::milliseconds timeout;
    std::stop_token stop;
};

/// The address taken apart; Error(usage) when it is no URL, or plain http to anywhere but this machine.
Url require_portal_url(std::string_view text);

class PortalClient {
public:
    /// Answers are accepted only if `answer_key` signed them.
    PortalClient(const Connection& connection, Url url, const Bytes32& answer_key, const Ed25519Key& node_key);

    /// Sends a signed request and returns the body of the answer. A passing fault (no connection, 429, 5xx) is tried
    /// again a few times and then Error(network); a refusal is Error(refused) with its reason code; a forged answer is
    /// Error(refused).
    std::string call(std::string_view method, std::string_view target, std::string body = {});

private:
    HttpResponse exchange(std::string_view method, std::string_view target, const std::string& body);

    Connection connection_;
    Url url_;
    Bytes32 answer_key_;
    const Ed25519Key& node_key_;
};

/// Runs `decode` on an answer; a field that is missing or wrong there is the network's fault, so its Error becomes
/// Error(network).
template <class Decode>
auto decode_answer(Decode decode, std::string_view body) {
    try {
        return decode(body);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::environment) throw;
        throw Error(ErrorKind::network, error.message(),
                    "the network side answered something else than it should; try again later");
    }
}

/// The offset to add to this machine's clock to get the portal's, measured by one unsigned request. Half the round trip
/// is allowed for.
std::chrono::microseconds fetch_clock_offset(const Connection& connection, const Url& url);

} // namespace kaisar
