#include "checker/discipline.h"

#include <algorithm>

namespace kaisar::checker {
namespace {

using std::chrono::days;

constexpr days week{7};
constexpr days month{30};
constexpr std::ptrdiff_t week_limit = 2;
constexpr std::ptrdiff_t month_limit = 5;
constexpr std::size_t lifetime_limit = 10;

} // namespace

std::optional<Instant> banned_until(std::span<const Instant> wrong_votes, Instant at) {
    Instant until = Instant::min();
    for (std::size_t i = 0; i < wrong_votes.size() && wrong_votes[i] <= at; ++i) {
        const auto vote = wrong_votes[i];
        const auto count_since = [&](Instant begin) {
            return std::ranges::count_if(wrong_votes.first(i + 1), [&](Instant each) { return each > begin; });
        };
        if (i + 1 > lifetime_limit) return Instant::max();
        if (count_since(vote - month) >= month_limit) until = std::max<Instant>(until, vote + 6 * month);
        if (count_since(vote - week) >= week_limit) until = std::max<Instant>(until, vote + month);
    }
    return until > at ? std::optional(until) : std::nullopt;
}

} // namespace kaisar::checker
