/// The way to the network, as an interface: tests can stand in for it.
#pragma once

#include "http/message.h"

#include <chrono>
#include <memory>
#include <stop_token>

namespace kaisar {

struct TransportLimits {
    /// For the whole exchange, connecting included.
    std::chrono::milliseconds timeout{30'000};
    /// A longer answer is cut off and refused.
    std::size_t body_limit_bytes = 1 << 20;
};

class Transport {
public:
    virtual ~Transport() = default;
    /// The complete answer, whatever its status. Anything less (no connection, timeout, truncated, over a limit) is
    /// Error(network); a stop request is Error(interrupted). Redirects are not followed.
    virtual HttpResponse send(const Url& to, const HttpRequest& request, const TransportLimits& limits,
                              const std::stop_token& stop) = 0;
};

/// libcurl with kept-alive connections, for any number of threads; TLS 1.2 or newer, certificates and names checked.
std::unique_ptr<Transport> make_curl_transport();

} // namespace kaisar
