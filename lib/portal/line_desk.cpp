#include "portal/line_desk.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "popw_work/line_probe.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace kaisar::portal {
namespace {

using namespace network;
using namespace std::chrono_literals;

constexpr auto measurement_time = 60s;
constexpr std::size_t token_segment = 2, what_segment = 3, size_segment = 4;

std::optional<std::uint64_t> find_size(const std::vector<std::string_view>& path) {
    if (path.size() != size_segment + 1) return std::nullopt;
    const auto text = path[size_segment];
    std::uint64_t bytes = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    const bool fits = bytes != 0 && bytes % 64 == 0 && bytes <= LineDesk::exchange_limit_bytes;
    return fits ? std::optional(bytes) : std::nullopt;
}

HttpResponse limited(std::string_view what, std::chrono::seconds pause) {
    auto response = failure_response(429, "rate-limited", what, fmt::format("try again in {} s", pause.count()));
    response.headers.add("Retry-After", std::to_string(pause.count()));
    return response;
}

HttpResponse used_up() {
    return failure_response(403, "allowance-used", "this measurement has had all the bytes that it may",
                            "--duration makes it less");
}

} // namespace

bool LineDesk::is_for_line(const std::vector<std::string_view>& path) {
    return path.size() > what_segment && path[0] == "v1" && path[1] == "line";
}

HttpResponse LineDesk::open(const Caller& caller) {
    const auto now = clock_.now();
    const std::lock_guard lock(mutex_);
    std::erase_if(open_, [&](const auto& entry) {
        return entry.second.expires <= now || entry.second.node_id == caller.node_id;
    });
    for (auto& [node_id, times] : opened_) std::erase_if(times, [&](Instant at) { return at <= now - 1h; });
    std::erase_if(opened_, [](const auto& entry) { return entry.second.empty(); });
    auto& before = opened_[caller.node_id];
    if (before.size() >= measurements_per_hour)
        return limited("this worker has measured its line often enough within an hour",
                       std::chrono::ceil<std::chrono::seconds>(before.front() + 1h - now));
    if (open_.size() >= open_limit) return limited("others are measuring their lines just now", measurement_time);
    before.push_back(now);
    const auto token = encode_hex(random_array<16>());
    open_.emplace(token, Measurement{.node_id = caller.node_id, .expires = now + measurement_time});
    return json_response(200, fmt::format(R"({{"token":"{}"}})", token));
}

std::uint64_t LineDesk::body_limit(const std::vector<std::string_view>& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(path[token_segment]);
    return found != open_.end() && path[what_segment] == "up" ? exchange_limit_bytes : 0;
}

HttpResponse LineDesk::answer(const HttpRequest& request, const std::vector<std::string_view>& path) {
    std::unique_lock lock(mutex_);
    const auto found = open_.find(path[token_segment]);
    if (found == open_.end() || found->second.expires <= clock_.now())
        return failure_response(404, "unknown-measurement", "no measurement of a line has this token",
                                "begin another: one lasts a minute");
    const auto what = path[what_segment];
    if (request.method == "GET" && what == "ping") return empty_response(204);
    const auto bytes = find_size(path);
    if (!bytes)
        return failure_response(400, "bad-request",
                                fmt::format("expected a multiple of 64 bytes, {} at most", exchange_limit_bytes),
                                "docs/protocol.md has the line");
    if (request.method == "GET" && what == "down") return send(found->second, found->first, *bytes, lock);
    if (request.method == "POST" && what == "up") return take(found->second, found->first, *bytes, request.body, lock);
    return failure_response(404, "not-found", "a line has ping, down and up", "docs/protocol.md has the line");
}

HttpResponse LineDesk::send(Measurement& measurement, const std::string& token, std::uint64_t bytes,
                            std::unique_lock<std::mutex>& lock) {
    if (measurement.down_left < bytes) return used_up();
    measurement.down_left -= bytes;
    const std::string name = token; // the measurement may end as soon as the lock is gone
    lock.unlock();
    return binary_response(200, popw::upload_stream(primitives_, name, bytes));
}

HttpResponse LineDesk::take(Measurement& measurement, const std::string& token, std::uint64_t bytes,
                            const std::string& body, std::unique_lock<std::mutex>& lock) {
    if (measurement.up_left < bytes) return used_up();
    measurement.up_left -= bytes;
    const std::string name = token;
    lock.unlock();
    if (!std::ranges::equal(bytes_of(body), popw::upload_stream(primitives_, name, bytes)))
        return failure_response(400, "bad-request", "the body is not the stream that the token names",
                                "docs/protocol.md has the line");
    return empty_response(204);
}

} // namespace kaisar::portal
