#include "report_json.h"

#include "build_facts.h"
#include "json/document.h"

#include <fmt/format.h>
#include <sstream>

namespace kaisar {

std::string version_json(CpuFeatures features) {
    Json variants = Json::array();
    variants.push_back("reference");
    std::istringstream names(names_of(features));
    for (std::string name; names >> name;) variants.push_back(name);
    return to_line({{"schema", "kaisar.version/1"},
                    {"version", build_version},
                    {"commit", build_commit},
                    {"compiler", build_compiler},
                    {"cuda", build_has_cuda},
                    {"variants", variants}});
}

std::string error_json(const Error& error) {
    return to_line({{"schema", "kaisar.error/1"},
                    {"error",
                     {{"kind", name_of(error.kind())},
                      {"code", static_cast<int>(error.kind())},
                      {"message", error.message()},
                      {"hint", error.hint()}}}});
}

std::string version_text() { return fmt::format("kaisar {} ({}, {})", build_version, build_commit, build_compiler); }

} // namespace kaisar
