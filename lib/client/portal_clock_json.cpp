#include "client/portal_client.h"
#include "json/document.h"

#include <fmt/format.h>

namespace kaisar {

std::chrono::microseconds fetch_clock_offset(const Connection& connection, const Url& url) {
    const HttpRequest request{
        .method = "GET", .authority = url.authority(), .target = "/v1/health", .headers = {}, .body = {}};
    const auto asked_at = connection.clock.now();
    const auto response = connection.transport.send(url, request, {.timeout = connection.timeout}, connection.stop);
    const auto answered_at = connection.clock.now();
    if (response.status != 200)
        throw Error(ErrorKind::network, fmt::format("{} is not well: status {}", url.text(), response.status),
                    "try again later");
    const auto portal_us = decode_answer(
        [](std::string_view text) { return JsonReader::parse(text, "the portal's health").unsigned_integer("now_us"); },
        response.body);
    const auto middle = asked_at + (answered_at - asked_at) / 2;
    return std::chrono::microseconds(static_cast<std::int64_t>(portal_us)) - middle.time_since_epoch();
}

} // namespace kaisar
