#include "settings/configuration.h"
#include "json/document.h"

namespace kaisar {
namespace {

constexpr std::size_t file_limit_bytes = 64 * 1024;

} // namespace

Configuration load_configuration(const Path& path) {
    const auto content = load_file(path, file_limit_bytes);
    const auto reader =
        JsonReader::parse(text_of(content), path.string(), "correct the file, or name another one with --config");
    for (const auto& [field, value] : reader.json().items())
        if (field != "network") reader.refuse(field, "only the field \"network\"");
    return {.network = reader.find_string("network")};
}

} // namespace kaisar
