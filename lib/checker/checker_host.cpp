#include "checker/checker_host.h"

#include "error/error.h"

#include <charconv>
#include <fmt/format.h>

namespace kaisar::checker {
namespace {

using namespace network;

/// How long the verification thread waits after the store failed, and between looks for proofs that others took in.
constexpr std::chrono::seconds verification_pause{1};
constexpr std::string_view folder = "checkers";

/// The number of the checker that the path is below, as checker_path writes it; nothing for any other path.
std::optional<std::size_t> parse_number(std::span<const std::string_view> path) {
    if (path.size() < 2 || path[0] != folder) return std::nullopt;
    std::size_t number = 0;
    const auto [end, code] = std::from_chars(path[1].data(), path[1].data() + path[1].size(), number);
    if (code != std::errc{} || end != path[1].data() + path[1].size() || path[1].empty()) return std::nullopt;
    return number;
}

} // namespace

std::string checker_path(std::size_t number) { return number == 0 ? "" : fmt::format("/{}/{}", folder, number); }

CheckerHost::CheckerHost(Store& store, const Clock& clock, const NetworkKeys& keys, NetworkConstants constants,
                         const popw::Primitives& primitives)
    : constants_(std::move(constants)) {
    const auto ring = [this] {
        {
            std::lock_guard lock(mutex_);
            ++arrived_;
        }
        proof_arrived_.notify_one();
    };
    for (std::size_t number = 0; number < keys.checkers.size(); ++number)
        checkers_.push_back(std::make_unique<Checker>(store, clock, keys, number, constants_, primitives, ring));
}

bool CheckerHost::is_for_checker(std::span<const std::string_view> path) {
    const auto rest = parse_number(path) ? path.subspan(2) : path;
    return rest.size() >= 3 && rest[0] == "popw" && rest[1] == "v1";
}

ServerAnswer CheckerHost::answer(const ServerRequest& request) {
    const auto segments = path_segments(request.http.target);
    const std::span<const std::string_view> path(segments);
    const auto number = parse_number(path);
    if (number.value_or(0) >= checkers_.size())
        return failure_response(404, "not-found", fmt::format("there is no checker {} here", *number),
                                "GET /v1/network lists the checkers");
    return checkers_[number.value_or(0)]->answer(request, number ? path.subspan(2) : path);
}

std::uint64_t CheckerHost::body_limit(std::string_view target) const {
    const auto segments = path_segments(target);
    const std::span<const std::string_view> path(segments);
    const auto number = parse_number(path);
    if (number.value_or(0) >= checkers_.size()) return 0;
    return checkers_[number.value_or(0)]->body_limit(number ? path.subspan(2) : path);
}

bool CheckerHost::decide_next() {
    bool is_busy = false;
    for (const auto& checker : checkers_) is_busy = checker->decide_next() || is_busy;
    return is_busy;
}

void CheckerHost::run_verification(std::stop_token stop) {
    std::size_t seen = 0;
    while (!stop.stop_requested()) {
        bool is_idle = true;
        {
            std::lock_guard lock(mutex_);
            seen = arrived_;
        }
        try {
            is_idle = !decide_next();
        } catch (const Error&) {
            // The store failed: the proof stays undecided and is taken up again.
        }
        if (!is_idle) continue;
        std::unique_lock lock(mutex_);
        proof_arrived_.wait_for(lock, stop, verification_pause, [&] { return arrived_ != seen; });
    }
}

} // namespace kaisar::checker
