#include "client/portal_client.h"

#include "protocol/http_signature.h"
#include "protocol/portal_messages_json.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr int tries = 4;
constexpr std::chrono::milliseconds first_pause{250};

bool is_passing(int status) { return status == 429 || status >= 500; }

/// libcurl sends a request again by itself when a kept-alive connection breaks; that the network had it already shows
/// in the answer to the second copy. The next attempt is signed anew, and every request may be repeated.
bool was_sent_twice(const PortalFailure& failure) { return failure.code == "replayed"; }

} // namespace

Url require_portal_url(std::string_view text) {
    const auto url = parse_url(text);
    if (!url)
        throw Error(ErrorKind::usage, fmt::format("not an address: {}", text),
                    "give https://HOST[:PORT], or a network profile's file");
    if (url->scheme == "http" && !url->is_loopback())
        throw Error(ErrorKind::usage, fmt::format("{} is plain http to another machine", text),
                    "use https; http is for this machine only");
    return *url;
}

PortalClient::PortalClient(const Connection& connection, Url url, const Bytes32& answer_key, const Ed25519Key& node_key)
    : connection_(connection), url_(std::move(url)), answer_key_(answer_key), node_key_(node_key) {}

HttpResponse PortalClient::exchange(std::string_view method, std::string_view target, const std::string& body) {
    HttpRequest request{.method = std::string(method),
                        .authority = url_.authority(),
                        .target = std::string(target),
                        .headers = {},
                        .body = body};
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    sign_request(request, node_key_, connection_.clock.now());
    auto response = connection_.transport.send(url_, request, {.timeout = connection_.timeout}, connection_.stop);
    if (is_passing(response.status)) return response;
    if (!is_valid_response(response, request, answer_key_))
        throw Error(ErrorKind::mismatch,
                    fmt::format("the answer of {}{} is not signed by the pinned key", url_.text(), target),
                    "somebody else answers at that address, or the network changed its key: compare the profile with "
                    "the operator's");
    return response;
}

std::string PortalClient::call(std::string_view method, std::string_view target, std::string body) {
    auto pause = first_pause;
    for (int attempt = 1;; ++attempt, pause *= 2) {
        try {
            auto response = exchange(method, target, body);
            if (response.status < 300) return std::move(response.body);
            const auto failure = decode_portal_failure(response.body);
            const auto message = fmt::format("{} ({})", failure.message, failure.code);
            if (!is_passing(response.status) && !was_sent_twice(failure))
                throw Error(ErrorKind::refused, message, failure.hint);
            throw Error(ErrorKind::network, fmt::format("{}: status {}: {}", url_.text(), response.status, message),
                        "the network side is busy or stopping; run the same command again later");
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::network || attempt == tries) throw;
        }
        if (!connection_.clock.sleep_until(connection_.clock.now() + pause, connection_.stop))
            throw Error(ErrorKind::interrupted, "interrupted", "run the same command again to go on");
    }
}

} // namespace kaisar
