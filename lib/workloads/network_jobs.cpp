// The line to the peer: one exchange after the other, timed by the wall.
#include "workloads/job.h"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <memory>

namespace kaisar {
namespace {

constexpr std::uint64_t exchange_bytes = 1 << 20;

/// Threads of a team cannot throw: the first failure is kept, nothing is sent after it, and whoever asks for the
/// answers gets it.
struct Exchanges {
    std::uint64_t done = 0, expected = 0;
    std::exception_ptr failure;
};

Job make_network(const JobSettings& s, std::string_view name, double work, const std::function<void()>& exchange) {
    if (!s.variant.empty())
        throw Error(ErrorKind::usage, fmt::format("{} has no variants", name), "leave --variant out");
    Job job;
    job.variant = "http";
    job.timed_by = TimedBy::wall;
    job.work_per_round = work;
    job.most_rounds = 4; // servers allow an address some hundred requests a second
    const auto state = std::make_shared<Exchanges>();
    job.run = [state, exchange](unsigned, std::uint64_t rounds) {
        state->expected = rounds;
        state->done = 0;
        try {
            for (; rounds != 0 && !state->failure; --rounds, ++state->done) exchange();
        } catch (...) {
            state->failure = std::current_exception();
        }
    };
    job.poison = [state] { state->done = 0, state->expected = 1; };
    job.has_right_answers = [state] {
        if (state->failure) std::rethrow_exception(state->failure);
        return state->done == state->expected;
    };
    return job;
}

const NetworkLine& require_line(const JobSettings& s, std::string_view name) {
    if (s.line != nullptr) return *s.line;
    throw Error(ErrorKind::environment, fmt::format("{} needs a peer, and this machine has none", name),
                "kaisar register takes one");
}

/// The peer's streams come in blocks of 64 bytes.
std::uint64_t choose_exchange(const JobSettings& s) {
    constexpr std::uint64_t block_bytes = 64, most_bytes = 4u << 20;
    if (s.size_bytes > most_bytes)
        throw Error(ErrorKind::usage, fmt::format("exchanges of {} bytes are too large", s.size_bytes),
                    fmt::format("--size goes up to {} for a network", most_bytes));
    return s.size_bytes == 0 ? exchange_bytes : std::max(block_bytes, s.size_bytes / block_bytes * block_bytes);
}

} // namespace

Job make_network_down(const JobSettings& s) {
    const auto& line = require_line(s, "network-down");
    const auto bytes = choose_exchange(s);
    auto job = make_network(s, "network-down", static_cast<double>(bytes), [&line, bytes] { line.download(bytes); });
    job.bytes = bytes;
    return job;
}

Job make_network_up(const JobSettings& s) {
    const auto& line = require_line(s, "network-up");
    const auto bytes = choose_exchange(s);
    auto job = make_network(s, "network-up", static_cast<double>(bytes), [&line, bytes] { line.upload(bytes); });
    job.bytes = bytes;
    return job;
}

Job make_network_rtt(const JobSettings& s) {
    const auto& line = require_line(s, "network-rtt");
    return make_network(s, "network-rtt", 1, [&line] { line.ping(); });
}

} // namespace kaisar
