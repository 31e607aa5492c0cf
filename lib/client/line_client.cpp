#include "client/line_client.h"

#include "bytes/hex.h"
#include "popw_work/line_probe.h"
#include "protocol/portal_messages_json.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {

LineClient::LineClient(const Connection& connection, Url peer, PortalClient& signed_peer, const Bytes32& node_id,
                       const popw::Primitives& primitives)
    : connection_(connection), url_(std::move(peer)),
      token_(decode_answer(decode_line_token,
                           signed_peer.call("POST", fmt::format("/v1/workers/{}/line", encode_hex(node_id))))),
      primitives_(primitives) {}

HttpResponse LineClient::exchange(std::string_view method, const std::string& what, const Bytes& body) {
    constexpr std::size_t answer_room_bytes = 8u << 20;
    HttpRequest request{.method = std::string(method),
                        .authority = url_.authority(),
                        .target = fmt::format("/v1/line/{}/{}", token_, what),
                        .headers = {},
                        .body = std::string(text_of(body))};
    if (!body.empty()) request.headers.add("Content-Type", "application/octet-stream");
    auto response = connection_.transport.send(
        url_, request, {.timeout = connection_.timeout, .body_limit_bytes = answer_room_bytes}, connection_.stop);
    if (response.status < 300) return response;
    const auto failure = decode_portal_failure(response.body);
    throw Error(response.status == 429 || response.status >= 500 ? ErrorKind::network : ErrorKind::refused,
                fmt::format("{}: {} ({})", url_.text(), failure.message, failure.code), failure.hint);
}

const Bytes& LineClient::stream(std::uint64_t bytes) {
    if (stream_.size() != bytes) stream_ = popw::upload_stream(primitives_, token_, bytes);
    return stream_;
}

void LineClient::download(std::uint64_t bytes) {
    const auto& expected = stream(bytes);
    const auto response = exchange("GET", fmt::format("down/{}", bytes), {});
    if (!std::ranges::equal(bytes_of(response.body), expected))
        throw Error(ErrorKind::mismatch, "the peer sent something else than the stream that was agreed on",
                    "something between here and the peer changes what passes");
}

void LineClient::upload(std::uint64_t bytes) { exchange("POST", fmt::format("up/{}", bytes), stream(bytes)); }

void LineClient::ping() { exchange("GET", "ping", {}); }

} // namespace kaisar
