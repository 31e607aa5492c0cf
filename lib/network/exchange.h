/// An HTTP exchange as portal and checkers see it: a whole request in, a whole answer out, no sockets.
#pragma once

#include "bytes/bytes.h"
#include "clock/clock.h"
#include "http/message.h"

#include <functional>
#include <string_view>
#include <variant>
#include <vector>

namespace kaisar::network {

struct ServerRequest {
    HttpRequest http;
    std::string address;     ///< Of the client's socket.
    Instant received_at;     ///< When the last byte had come in: the time that receipts state.
    Instant begun_at{};      ///< When its header had come in.
    unsigned times_held = 0; ///< How often the answer to it was "ask again".
};

/// The answer exists only later: the same request is put again at `when`, unless the client goes away.
struct AskAgain {
    Instant when;
};

using ServerAnswer = std::variant<HttpResponse, AskAgain>;
using ServerHandler = std::function<ServerAnswer(const ServerRequest&)>;
/// How many bytes a request to that target may bring; asked once its header is there.
using BodyLimit = std::function<std::uint64_t(std::string_view target)>;

/// A request is held for its answer at most this long: proxies close silent connections soon after.
inline constexpr std::chrono::seconds longest_hold{30};

/// The path's parts between its slashes, without the query: {"v1", "workers"}.
std::vector<std::string_view> path_segments(std::string_view target);

HttpResponse json_response(int status, std::string body);
HttpResponse binary_response(int status, ByteView body);
HttpResponse empty_response(int status);
/// The body that docs/protocol.md gives every answer that is not a success.
HttpResponse failure_response(int status, std::string_view code, std::string_view message, std::string_view hint = "");

} // namespace kaisar::network
