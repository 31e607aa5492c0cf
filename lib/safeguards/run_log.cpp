#include "safeguards/run_log.h"

#include "error/error.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::string_view first_line = "kaisar runs 1";
constexpr std::size_t file_limit_bytes = 1 << 20;

} // namespace

std::vector<Instant> RunLog::within_hour(Instant now) const {
    std::vector<Instant> runs;
    const auto content = find_file(file_, file_limit_bytes);
    if (!content) return runs;
    auto text = text_of(*content);
    bool is_first = true;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto run = is_first ? std::nullopt : parse_rfc3339(line);
        if (is_first ? line != first_line : !run)
            throw Error(ErrorKind::environment,
                        fmt::format("{}: \"{}\" is nothing that this version writes", file_.string(), line),
                        "remove the file: it only counts the runs of the last hour");
        is_first = false;
        if (run && *run <= now && now - *run < std::chrono::hours(1)) runs.push_back(*run);
    }
    return runs;
}

void RunLog::add(Instant now) const {
    auto text = fmt::format("{}\n", first_line);
    for (const auto run : within_hour(now)) text += format_rfc3339(run) + "\n";
    save_file(file_, text + format_rfc3339(now) + "\n");
}

} // namespace kaisar
