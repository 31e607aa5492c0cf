#include "http/message.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace kaisar {
namespace {

bool is_equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

constexpr std::size_t url_limit_bytes = 2048;

} // namespace

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const {
    std::optional<std::string_view> found;
    for (const auto& [field, value] : fields_) {
        if (!is_equal_ignoring_case(field, name)) continue;
        if (found) return std::nullopt;
        found = value;
    }
    return found;
}

std::string Url::authority() const {
    const auto shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
    const bool is_default = port == (scheme == "https" ? 443 : 80);
    return is_default ? shown : shown + ":" + std::to_string(port);
}

std::string Url::text() const { return scheme + "://" + authority() + path; }

bool Url::is_loopback() const { return host == "localhost" || host == "::1" || host.starts_with("127."); }

std::optional<Url> parse_url(std::string_view text) {
    Url url;
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos || text.size() > url_limit_bytes) return std::nullopt;
    url.scheme = text.substr(0, scheme_end);
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    auto rest = text.substr(scheme_end + 3);
    const auto path_start = rest.find('/');
    if (path_start != std::string_view::npos) {
        url.path = rest.substr(path_start);
        rest = rest.substr(0, path_start);
        while (url.path.ends_with('/')) url.path.pop_back();
    }
    if (rest.find_first_of("@?# \t\r\n") != std::string_view::npos ||
        url.path.find_first_of("?# \t\r\n") != std::string::npos)
        return std::nullopt;
    std::string_view port;
    if (rest.starts_with('[')) {
        const auto close = rest.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        url.host = rest.substr(1, close - 1);
        rest = rest.substr(close + 1);
        if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
        if (!rest.empty()) port = rest.substr(1);
    } else {
        const auto colon = rest.find(':');
        url.host = rest.substr(0, colon);
        if (colon != std::string_view::npos) port = rest.substr(colon + 1);
    }
    url.port = url.scheme == "https" ? 443 : 80;
    if (!port.empty()) {
        const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), url.port);
        if (code != std::errc{} || end != port.data() + port.size() || url.port == 0) return std::nullopt;
    }
    if (url.host.empty()) return std::nullopt;
    return url;
}

} // namespace kaisar
