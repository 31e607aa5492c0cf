/// The HTTP/1.1 server: moves bytes between sockets and a handler, within limits. What is said is decided in
/// lib/network.
///
/// One thread does all socket work and never waits for a handler; handlers run on a pool of threads, because they wait
/// for the store. A slow client therefore holds a socket and nothing else.
#pragma once

#include "network/exchange.h"
#include "network/token_bucket.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kaisar::network {

struct HttpServerOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;      ///< 0: any free one.
    std::string tls_certificate; ///< PEM file; empty: plain HTTP, which only loopback addresses may have.
    std::string tls_key;
    /// One NAT may hide a few hundred workers that all send a mark in the same second.
    BucketLimit per_address{.per_second = 200, .burst = 2000};
    std::size_t connection_limit = 8192;
    std::size_t connections_per_address = 1024;
    std::size_t handler_threads = 32;
};

class HttpServer {
public:
    /// Binds and listens; Error(environment) when the address cannot be had, Error(usage) for plain HTTP beyond
    /// loopback.
    HttpServer(HttpServerOptions options, ServerHandler handler, BodyLimit body_limit, const Clock& clock);
    ~HttpServer();

    /// `http://127.0.0.1:8321`, with the port that was chosen.
    std::string url() const;

    /// Serves until SIGTERM or SIGINT, then answers what has been asked and returns. `on_ready` runs when requests are
    /// taken.
    void run(const std::function<void()>& on_ready);

private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

} // namespace kaisar::network
