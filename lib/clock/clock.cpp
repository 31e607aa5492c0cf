#include "clock/clock.h"

#include <condition_variable>
#include <cstdio>
#include <mutex>

namespace kaisar {

using namespace std::chrono;

Instant SystemClock::now() const { return floor<microseconds>(system_clock::now()); }

steady_clock::time_point SystemClock::steady_now() const { return steady_clock::now(); }

bool SystemClock::sleep_until(Instant deadline, std::stop_token stop) const {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    // Waited for in short steps against the wall clock: a suspended machine or a stepped clock must not oversleep.
    while (!stop.stop_requested()) {
        const auto left = deadline - now();
        if (left <= microseconds::zero()) return true;
        wake.wait_for(lock, stop, std::min<microseconds>(left, seconds(1)), [] { return false; });
    }
    return false;
}

std::string format_rfc3339(Instant instant) {
    const auto day = floor<days>(instant);
    const year_month_day date{day};
    const hh_mm_ss time{floor<seconds>(instant - day)};
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return text;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
    // sscanf alone would take signs and spaces for digits.
    constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
    if (text.size() < form.size()) return std::nullopt;
    for (std::size_t i = 0; i < form.size(); ++i)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return std::nullopt;
    const std::string copy(text);
    int year_number = 0, hour = 0, minute = 0, second = 0;
    unsigned month_number = 0, day_number = 0;
    std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d", &year_number, &month_number, &day_number, &hour, &minute,
                &second);
    auto rest = text.substr(form.size());
    microseconds fraction{0};
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        long unit = 100'000;
        std::size_t digits = 0;
        for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits, unit /= 10)
            fraction += microseconds{(rest[digits] - '0') * unit};
        if (digits == 0) return std::nullopt;
        rest.remove_prefix(digits);
    }
    const year_month_day date{year{year_number}, month{month_number}, day{day_number}};
    if (rest != "Z" || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return sys_days{date} + hours{hour} + minutes{minute} + seconds{second} + fraction;
}

} // namespace kaisar
