#include "network/exchange.h"

#include "protocol/portal_messages_json.h"

namespace kaisar::network {

std::vector<std::string_view> path_segments(std::string_view target) {
    std::vector<std::string_view> segments;
    auto path = target.substr(0, target.find('?'));
    while (!path.empty()) {
        path.remove_prefix(path.front() == '/' ? 1 : 0);
        const auto end = path.find('/');
        if (const auto segment = path.substr(0, end); !segment.empty()) segments.push_back(segment);
        path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
    }
    return segments;
}

HttpResponse json_response(int status, std::string body) {
    HttpResponse response{.status = status, .headers = {}, .body = std::move(body)};
    response.headers.add("Content-Type", "application/json");
    return response;
}

HttpResponse binary_response(int status, ByteView body) {
    HttpResponse response{.status = status, .headers = {}, .body = std::string(text_of(body))};
    response.headers.add("Content-Type", "application/octet-stream");
    return response;
}

HttpResponse empty_response(int status) { return {.status = status, .headers = {}, .body = {}}; }

HttpResponse failure_response(int status, std::string_view code, std::string_view message, std::string_view hint) {
    return json_response(status, encode_portal_failure({std::string(code), std::string(message), std::string(hint)}));
}

} // namespace kaisar::network
