/// One connection of the HTTP server: requests are read within limits, handed to the pool and answered in order.
#pragma once

#include "network/exchange.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <functional>
#include <memory>
#include <optional>

namespace kaisar::network {

/// What all sessions of a server use; lives as long as the server.
struct SessionContext {
    ServerHandler handler;
    BodyLimit body_limit;
    const Clock& clock;
    boost::asio::thread_pool& pool;
    std::function<bool(const std::string& address)> is_within_rate;
};

/// A connection as its server sees it.
class SessionHandle {
public:
    virtual ~SessionHandle() = default;
    /// Closes the connection when it is idle, otherwise after the answer that is due; a held request is answered now.
    virtual void finish() = 0;
    virtual void abort() = 0;
};

using SessionEnd = std::function<void(SessionHandle*)>;

/// Starts serving the socket; with a TLS context the handshake comes first. `on_end` is called once, on the socket
/// thread.
std::shared_ptr<SessionHandle> start_session(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls,
                                             SessionContext& context, SessionEnd on_end);

} // namespace kaisar::network
