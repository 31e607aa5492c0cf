#include "error/error.h"
#include "settings/configuration.h"
#include "json/document.h"

#include <algorithm>
#include <array>

namespace kaisar {
namespace {

constexpr std::size_t file_limit_bytes = 64 * 1024;
constexpr std::array<std::string_view, 9> fields{"network",       "max_memory_bytes",  "max_threads",
                                                 "runs_per_hour", "max_temperature_c", "max_power_w",
                                                 "busy_percent",  "ignore_load",       "longest_run_s"};

std::optional<unsigned> find_count(const JsonReader& reader, std::string_view field) {
    const auto value = reader.find_unsigned_integer(field);
    if (!value) return std::nullopt;
    if (*value == 0 || *value > 1'000'000) reader.refuse(field, "a number from 1 to 1000000");
    return static_cast<unsigned>(*value);
}

std::optional<double> find_limit(const JsonReader& reader, std::string_view field) {
    if (!reader.has(field)) return std::nullopt;
    const auto value = reader.number(field);
    if (!(value > 0)) reader.refuse(field, "a number above 0");
    return value;
}

OwnerLimits read_limits(const JsonReader& reader) {
    OwnerLimits limits{.max_memory_bytes = reader.find_unsigned_integer("max_memory_bytes"),
                       .max_threads = find_count(reader, "max_threads"),
                       .runs_per_hour = find_count(reader, "runs_per_hour"),
                       .max_temperature_c = find_limit(reader, "max_temperature_c"),
                       .max_power_w = find_limit(reader, "max_power_w"),
                       .busy_percent = find_limit(reader, "busy_percent")};
    if (reader.has("ignore_load") && reader.boolean("ignore_load")) limits.load = LoadPolicy::ignored;
    if (const auto seconds = find_count(reader, "longest_run_s")) limits.longest_run = std::chrono::seconds(*seconds);
    return limits;
}

} // namespace

Configuration load_configuration(const Path& path) {
    const auto content = load_file(path, file_limit_bytes);
    try {
        const auto reader =
            JsonReader::parse(text_of(content), path.string(), "correct the file, or name another one with --config");
        for (const auto& [field, value] : reader.json().items())
            if (std::ranges::find(fields, field) == fields.end())
                reader.refuse(field, "one of the fields that docs/safeguards.md lists");
        return {.network = reader.find_string("network"), .limits = read_limits(reader)};
    } catch (const Error& error) {
        throw Error(ErrorKind::usage, error.message(), error.hint());
    }
}

} // namespace kaisar
