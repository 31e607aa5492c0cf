#include "http_server.h"

#include "error/error.h"
#include "http_session.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <csignal>
#include <fmt/format.h>
#include <unordered_map>

namespace kaisar::network {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Addresses that are remembered for their rate; an attacker with more of them is a matter for the firewall.
constexpr std::size_t address_limit = 100'000;
/// What is in flight has this long after SIGTERM.
constexpr std::chrono::seconds finish_time{10};

tcp::endpoint resolve(asio::io_context& context, const HttpServerOptions& options) {
    error_code error;
    tcp::resolver resolver(context);
    const auto found = resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
    if (error || found.empty())
        throw Error(ErrorKind::environment,
                    fmt::format("--listen: the host \"{}\" has no address here: {}", options.host, error.message()),
                    "name an address of this machine, such as 127.0.0.1:8321");
    const auto endpoint = found.begin()->endpoint();
    if (!endpoint.address().is_loopback() && options.tls_certificate.empty())
        throw Error(
            ErrorKind::usage,
            fmt::format("--listen {}:{}: plain HTTP is served on loopback addresses only", options.host, options.port),
            "give --tls-cert FILE and --tls-key FILE, or listen on 127.0.0.1 behind a proxy that speaks TLS");
    return endpoint;
}

std::unique_ptr<asio::ssl::context> make_tls(const HttpServerOptions& options) {
    if (options.tls_certificate.empty() != options.tls_key.empty())
        throw Error(ErrorKind::usage, "--tls-cert and --tls-key belong together", "give both, or neither");
    if (options.tls_certificate.empty()) return nullptr;
    auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    error_code error;
    tls->set_options(
        asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
    if (!error) tls->use_certificate_chain_file(options.tls_certificate, error);
    if (error)
        throw Error(ErrorKind::environment, fmt::format("--tls-cert {}: {}", options.tls_certificate, error.message()),
                    "give a PEM file with the certificate, then its issuers");
    tls->use_private_key_file(options.tls_key, asio::ssl::context::pem, error);
    if (error)
        throw Error(ErrorKind::environment, fmt::format("--tls-key {}: {}", options.tls_key, error.message()),
                    "give the PEM file with the private key of that certificate");
    return tls;
}

} // namespace

class HttpServer::Implementation {
public:
    Implementation(HttpServerOptions options, ServerHandler handler, BodyLimit body_limit, const Clock& clock)
        : options_(std::move(options)), tls_(make_tls(options_)), acceptor_(context_), pause_(context_),
          signals_(context_, SIGTERM, SIGINT), finish_(context_), pool_(options_.handler_threads),
          buckets_(options_.per_address, address_limit), session_{.handler = std::move(handler),
                                                                  .body_limit = std::move(body_limit),
                                                                  .clock = clock,
                                                                  .pool = pool_,
                                                                  .is_within_rate =
                                                                      [this, &clock](const std::string& address) {
                                                                          return buckets_.try_take(address,
                                                                                                   clock.steady_now());
                                                                      }} {
        const auto endpoint = resolve(context_, options_);
        error_code error;
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (error)
            throw Error(ErrorKind::environment,
                        fmt::format("--listen {}:{}: {}", options_.host, options_.port, error.message()),
                        "name another port, or 0 for any free one");
    }

    std::string url() const {
        const auto endpoint = acceptor_.local_endpoint();
        const auto host = endpoint.address().is_v6() ? fmt::format("[{}]", endpoint.address().to_string())
                                                     : endpoint.address().to_string();
        return fmt::format("{}://{}:{}", tls_ ? "https" : "http", host, endpoint.port());
    }

    void run(const std::function<void()>& on_ready) {
        signals_.async_wait([this](error_code error, int) {
            if (!error) stop();
        });
        accept();
        asio::post(context_, on_ready);
        context_.run();
        pool_.join();
    }

private:
    void accept() {
        acceptor_.async_accept([this](error_code error, tcp::socket socket) {
            if (error == asio::error::operation_aborted) return;
            if (error) {
                // Out of descriptors, most likely: some come free when connections end.
                pause_.expires_after(std::chrono::milliseconds(50));
                pause_.async_wait([this](error_code stopped) {
                    if (!stopped) accept();
                });
                return;
            }
            admit(std::move(socket));
            accept();
        });
    }

    void admit(tcp::socket socket) {
        error_code error;
        const auto remote = socket.remote_endpoint(error);
        if (error) return;
        const auto address = remote.address().to_string();
        if (sessions_.size() >= options_.connection_limit ||
            per_address_[address] >= options_.connections_per_address) {
            if (per_address_[address] == 0) per_address_.erase(address);
            return; // the socket closes; the client sees a connection that ended before an answer and tries again
        }
        ++per_address_[address];
        auto session = start_session(std::move(socket), tls_.get(), session_, [this, address](SessionHandle* ended) {
            if (--per_address_[address] == 0) per_address_.erase(address);
            sessions_.erase(ended);
            if (is_stopping_ && sessions_.empty()) finish_.cancel();
        });
        sessions_.emplace(session.get(), session);
    }

    void stop() {
        is_stopping_ = true;
        error_code ignored;
        acceptor_.close(ignored);
        pause_.cancel();
        finish_.expires_after(finish_time);
        finish_.async_wait([this](error_code cancelled) {
            if (!cancelled) for_each_session([](SessionHandle& session) { session.abort(); });
        });
        for_each_session([](SessionHandle& session) { session.finish(); });
        if (sessions_.empty()) finish_.cancel();
    }

    /// A session may end, and leave the map, while it is called.
    template <class Call>
    void for_each_session(Call call) {
        std::vector<std::weak_ptr<SessionHandle>> all;
        for (const auto& [key, session] : sessions_) all.push_back(session);
        for (const auto& weak : all)
            if (const auto session = weak.lock()) call(*session);
    }

    HttpServerOptions options_;
    asio::io_context context_{1};
    std::unique_ptr<asio::ssl::context> tls_;
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    asio::signal_set signals_;
    asio::steady_timer finish_;
    asio::thread_pool pool_;
    TokenBuckets buckets_;
    SessionContext session_;
    std::unordered_map<SessionHandle*, std::weak_ptr<SessionHandle>> sessions_;
    std::unordered_map<std::string, std::size_t> per_address_;
    bool is_stopping_ = false;
};

HttpServer::HttpServer(HttpServerOptions options, ServerHandler handler, BodyLimit body_limit, const Clock& clock)
    : implementation_(
          std::make_unique<Implementation>(std::move(options), std::move(handler), std::move(body_limit), clock)) {}

HttpServer::~HttpServer() = default;

std::string HttpServer::url() const { return implementation_->url(); }

void HttpServer::run(const std::function<void()>& on_ready) { implementation_->run(on_ready); }

} // namespace kaisar::network
