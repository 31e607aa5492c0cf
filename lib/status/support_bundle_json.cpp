#include "error/error.h"
#include "status/support_bundle.h"
#include "json/document.h"

#include <algorithm>
#include <vector>

namespace kaisar {
namespace {

constexpr std::size_t file_limit_bytes = 1 << 20;
constexpr std::size_t log_tail_bytes = 16 * 1024;

/// A JSON file's content, or the reason why it is not there.
Json read_document(const Path& path) {
    try {
        const auto content = find_file(path, file_limit_bytes);
        return content ? JsonReader::parse(text_of(*content), path.filename().string()).json() : Json(nullptr);
    } catch (const Error& error) {
        return {{"unreadable", error.message()}};
    }
}

std::vector<Path> sorted_files(const Path& directory, std::string_view extension) {
    std::vector<Path> paths;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
        if (entry.path().extension() == extension) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

Json read_setup_logs(const Path& directory) {
    Json logs = Json::object();
    for (const auto& path : sorted_files(directory, ".log")) {
        const auto name = path.filename().string();
        try {
            const auto content = load_file(path, file_limit_bytes);
            const auto text = text_of(content);
            logs[name] = text.substr(text.size() - std::min(text.size(), log_tail_bytes));
        } catch (const Error& error) {
            logs[name] = {{"unreadable", error.message()}};
        }
    }
    return logs;
}

Json list_names(const Path& directory, std::string_view extension) {
    Json names = Json::array();
    for (const auto& path : sorted_files(directory, extension)) names.push_back(path.filename().string());
    return names;
}

} // namespace

std::string make_support_bundle(const DataDirectory& directory, std::string_view version_json,
                                std::string_view status_json) {
    return to_pretty_text({{"schema", "kaisar.support-bundle/1"},
                           {"version", JsonReader::parse(version_json, "version").json()},
                           {"status", JsonReader::parse(status_json, "status").json()},
                           {"inventory", read_document(directory.inventory())},
                           {"registration", read_document(directory.registration())},
                           {"network", read_document(directory.network())},
                           {"certificate", read_document(directory.certificate())},
                           {"setup_logs", read_setup_logs(directory.setup())},
                           {"outbox", list_names(directory.outbox(), ".kpw")},
                           {"receipt_files", list_names(directory.receipts(), ".log")}});
}

} // namespace kaisar
