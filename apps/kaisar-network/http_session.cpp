#include "http_session.h"

#include "error/error.h"

#include <array>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

namespace kaisar::network {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t header_limit_bytes = 8 * 1024;
/// Taken from the socket at a time, beyond the header.
constexpr std::size_t read_buffer_bytes = 256 * 1024;
/// From an idle connection to a complete header, from there to a complete body, and for taking an answer: a worker
/// behind the slowest line that is of use (75 Mbit/s) needs a fraction of a second for each.
constexpr std::chrono::seconds header_time{30};
constexpr std::chrono::seconds body_time{20};
constexpr std::chrono::seconds write_time{20};
constexpr std::chrono::seconds handshake_time{10};
constexpr std::chrono::seconds drain_time{2};

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

/// The Date field (RFC 9110 section 5.6.7): lets a client notice that its clock is wrong.
std::string format_http_date(Instant instant) {
    const auto day = std::chrono::floor<std::chrono::days>(instant);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(instant - day)};
    static constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", weekdays[std::chrono::weekday{day}.c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

template <class Stream>
class Session final : public SessionHandle, public std::enable_shared_from_this<Session<Stream>> {
public:
    Session(Stream stream, SessionContext& context, SessionEnd on_end)
        : stream_(std::move(stream)), hold_(stream_.get_executor()), context_(context), on_end_(std::move(on_end)) {
        error_code ignored;
        address_ = socket().remote_endpoint(ignored).address().to_string();
    }

    void start() {
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            layer().expires_after(handshake_time);
            stream_.async_handshake(
                asio::ssl::stream_base::server,
                [self = this->shared_from_this()](error_code error) { error ? self->end() : self->read_header(); });
        } else {
            read_header();
        }
    }

    void finish() override {
        is_finishing_ = true;
        if (state_ == State::reading) layer().cancel();
        if (state_ == State::held) hold_.cancel();
    }

    void abort() override { end(); }

private:
    enum class State { reading, answering, held, writing };

    beast::tcp_stream& layer() { return beast::get_lowest_layer(stream_); }
    asio::ip::tcp::socket& socket() { return layer().socket(); }

    void read_header() {
        if (is_finishing_) return close();
        state_ = State::reading;
        parser_.emplace();
        parser_->header_limit(header_limit_bytes);
        parser_->body_limit(boost::none); // until the header says what it is
        layer().expires_after(header_time);
        http::async_read_header(stream_, buffer_, *parser_,
                                [self = this->shared_from_this()](error_code error, std::size_t) {
                                    error ? self->read_failed(error) : self->read_body();
                                });
    }

    void read_body() {
        if (!context_.is_within_rate(address_)) {
            auto response = failure_response(429, "rate-limited", "too many requests from this address",
                                             "wait a second between attempts");
            response.headers.add("Retry-After", "1");
            return refuse(std::move(response));
        }
        begun_at_ = context_.clock.now();
        const auto target = parser_->get().target();
        const auto limit = context_.body_limit(std::string_view(target.data(), target.size()));
        parser_->body_limit(limit);
        // Known too long: refused before any of it is taken.
        if (parser_->content_length().value_or(0) > limit) return read_failed(http::error::body_limit);
        if (http::token_list{parser_->get()[http::field::expect]}.exists("100-continue")) return send_continue();
        receive_body();
    }

    void send_continue() {
        auto interim = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
        http::async_write(stream_, *interim, [self = this->shared_from_this(), interim](error_code error, std::size_t) {
            error ? self->end() : self->receive_body();
        });
    }

    void receive_body() {
        layer().expires_after(body_time);
        http::async_read(stream_, buffer_, *parser_, [self = this->shared_from_this()](error_code error, std::size_t) {
            error ? self->read_failed(error) : self->answer();
        });
    }

    void read_failed(error_code error) {
        if (error == http::error::header_limit)
            return refuse(failure_response(431, "too-large", "the request's header is longer than 8192 bytes"));
        if (error == http::error::body_limit)
            return refuse(failure_response(413, "too-large", "the request's body is longer than is allowed here"));
        const bool is_syntax = error.category() == http::make_error_code(http::error::end_of_stream).category();
        if (is_syntax && error != http::error::end_of_stream && error != http::error::partial_message)
            return refuse(failure_response(400, "bad-request", "this is not an HTTP/1.1 request"));
        close();
    }

    /// Answers a request that was not read to its end; the connection cannot be used after that.
    void refuse(HttpResponse response) {
        is_keep_alive_ = false;
        is_head_ = false;
        is_draining_ = true;
        write(std::move(response));
    }

    void answer() {
        state_ = State::answering;
        auto message = parser_->release();
        is_keep_alive_ = message.keep_alive();
        is_head_ = message.method() == http::verb::head;
        request_ = {.http = {.method = std::string(message.method_string()),
                             .authority = std::string(message[http::field::host]),
                             .target = std::string(message.target()),
                             .headers = {},
                             .body = std::move(message.body())},
                    .address = address_,
                    .received_at = context_.clock.now(),
                    .begun_at = begun_at_};
        for (const auto& field : message)
            request_.http.headers.add(std::string(field.name_string()), std::string(field.value()));
        layer().expires_never();
        ask();
    }

    void ask() {
        state_ = State::answering;
        asio::post(context_.pool, [self = this->shared_from_this()] {
            ServerAnswer answer = self->handle();
            asio::post(self->stream_.get_executor(),
                       [self, answer = std::move(answer)]() mutable { self->take(std::move(answer)); });
        });
    }

    /// On the pool: whatever a handler throws becomes an answer.
    ServerAnswer handle() const {
        try {
            return context_.handler(request_);
        } catch (const Error& error) {
            return failure_response(503, "unavailable", error.message(),
                                    "ask again; if it stays so, tell the network's operator");
        } catch (const std::exception&) {
            return failure_response(500, "unavailable", "the request failed", "tell the network's operator");
        }
    }

    void take(ServerAnswer answer) {
        if (auto* response = std::get_if<HttpResponse>(&answer)) return write(std::move(*response));
        if (is_finishing_) return write_unavailable();
        const auto wait = std::get<AskAgain>(answer).when - context_.clock.now();
        state_ = State::held;
        ++request_.times_held;
        hold_.expires_after(std::clamp<Instant::duration>(wait, Instant::duration::zero(), longest_hold));
        hold_.async_wait(
            [self = this->shared_from_this()](error_code error) { error ? self->write_unavailable() : self->ask(); });
    }

    void write_unavailable() {
        auto response = failure_response(503, "unavailable", "the server is stopping", "ask again in a few seconds");
        response.headers.add("Retry-After", "1");
        write(std::move(response));
    }

    void write(HttpResponse answer) {
        state_ = State::writing;
        response_ = {static_cast<http::status>(answer.status), 11};
        for (const auto& [name, value] : answer.headers.fields()) response_.set(name, value);
        response_.set(http::field::date, format_http_date(context_.clock.now()));
        response_.body() = std::move(answer.body);
        response_.keep_alive(is_keep_alive_ && !is_finishing_);
        response_.prepare_payload();
        if (is_head_) response_.body().clear();
        layer().expires_after(write_time);
        http::async_write(stream_, response_, [self = this->shared_from_this()](error_code error, std::size_t) {
            if (error) return self->end();
            self->response_.keep_alive() ? self->read_header() : self->close();
        });
    }

    void close() {
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            layer().expires_after(write_time);
            stream_.async_shutdown([self = this->shared_from_this()](error_code) { self->end(); });
        } else {
            error_code ignored;
            socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
            if (!is_draining_) return end();
            layer().expires_after(drain_time);
            drain();
        }
    }

    /// Closing with unread bytes resets the connection, and the client would lose the answer: takes them, for a moment.
    void drain() {
        buffer_.clear();
        layer().async_read_some(
            buffer_.prepare(header_limit_bytes),
            [self = this->shared_from_this()](error_code error, std::size_t) { error ? self->end() : self->drain(); });
    }

    void end() {
        layer().close();
        hold_.cancel();
        if (auto on_end = std::exchange(on_end_, nullptr)) on_end(this);
    }

    Stream stream_;
    asio::steady_timer hold_;
    SessionContext& context_;
    SessionEnd on_end_;
    std::string address_;
    State state_ = State::reading;
    beast::flat_buffer buffer_{header_limit_bytes + read_buffer_bytes};
    std::optional<http::request_parser<http::string_body>> parser_;
    ServerRequest request_;
    http::response<http::string_body> response_;
    Instant begun_at_{};
    bool is_keep_alive_ = false;
    bool is_head_ = false;
    bool is_finishing_ = false;
    bool is_draining_ = false;
};

template <class Stream>
std::shared_ptr<SessionHandle> start(Stream stream, SessionContext& context, SessionEnd on_end) {
    auto session = std::make_shared<Session<Stream>>(std::move(stream), context, std::move(on_end));
    session->start();
    return session;
}

} // namespace

std::shared_ptr<SessionHandle> start_session(asio::ip::tcp::socket socket, asio::ssl::context* tls,
                                             SessionContext& context, SessionEnd on_end) {
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (tls) return start(TlsStream(PlainStream(std::move(socket)), *tls), context, std::move(on_end));
    return start(PlainStream(std::move(socket)), context, std::move(on_end));
}

} // namespace kaisar::network
