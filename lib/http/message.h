/// HTTP messages as both ends see them: no connection, no encoding, just what was asked and what was answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kaisar {

/// Header fields in the order received; names compare without regard to case.
class HttpHeaders {
public:
    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    /// The value of the only field of that name; nothing when it is missing or there more than once.
    std::optional<std::string_view> find(std::string_view name) const;
    const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpRequest {
    std::string method = "GET";
    /// The Host header: host and, where it is not the scheme's own, port.
    std::string authority;
    /// Path and query, as sent: "/v1/workers?page=2".
    std::string target = "/";
    HttpHeaders headers;
    std::string body;
};

struct HttpResponse {
    int status = 200;
    HttpHeaders headers;
    std::string body;
};

/// A base URL taken apart; only http and https, no user information, no query.
struct Url {
    std::string scheme;
    std::string host;
    std::uint16_t port = 0;
    std::string path;

    std::string authority() const;
    std::string text() const;
    /// 127.0.0.0/8, ::1 or localhost: where plain HTTP is allowed.
    bool is_loopback() const;
};

/// Nothing when the text is not such a URL.
std::optional<Url> parse_url(std::string_view text);

} // namespace kaisar
