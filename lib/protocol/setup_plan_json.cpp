#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "protocol/figures_json.h"
#include "protocol/setup_plan.h"
#include "json/document.h"

#include <algorithm>

namespace kaisar {
namespace {

constexpr std::string_view schema = "kaisar.setup-plan/1";
constexpr std::size_t step_limit = 64;
constexpr std::size_t script_limit_bytes = 32 * 1024;
constexpr std::uint64_t timeout_limit_s = 3600;

bool is_step_id(std::string_view id) {
    return !id.empty() && id.size() <= 40 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

std::string read_script(const JsonReader& reader, std::string_view field, std::string_view digest_field) {
    auto script = reader.string(field);
    if (script.size() > script_limit_bytes) reader.refuse(field, "a script of at most 32 KiB");
    if (sha256(bytes_of(script)) != reader.bytes32(digest_field))
        reader.refuse(digest_field, "the SHA-256 of the script");
    return script;
}

SetupStep decode_step(const JsonReader& reader) {
    SetupStep step;
    step.id = reader.string("id");
    if (!is_step_id(step.id)) reader.refuse("id", "lower-case letters, digits and dashes, at most 40");
    step.title = reader.string("title");
    step.check = read_script(reader, "check", "check_sha256");
    step.apply = read_script(reader, "apply", "apply_sha256");
    step.needs_root = reader.boolean("needs_root");
    step.may_reboot = reader.boolean("may_reboot");
    step.optional = reader.boolean("optional");
    const auto timeout_s = reader.unsigned_integer("timeout_s");
    if (timeout_s == 0 || timeout_s > timeout_limit_s) reader.refuse("timeout_s", "1 to 3600 seconds");
    step.timeout = std::chrono::seconds(timeout_s);
    return step;
}

} // namespace

std::string encode_setup_plan(const SetupPlan& plan) {
    Json steps = Json::array();
    for (const auto& step : plan.steps)
        steps.push_back({{"id", step.id},
                         {"title", step.title},
                         {"check", step.check},
                         {"check_sha256", encode_hex(sha256(bytes_of(step.check)))},
                         {"apply", step.apply},
                         {"apply_sha256", encode_hex(sha256(bytes_of(step.apply)))},
                         {"needs_root", step.needs_root},
                         {"may_reboot", step.may_reboot},
                         {"optional", step.optional},
                         {"timeout_s", step.timeout.count()}});
    return to_line({{"schema", schema},
                    {"node_id", encode_hex(plan.node_id)},
                    {"issued_at", format_rfc3339(plan.issued_at)},
                    {"expires_at", format_rfc3339(plan.expires_at)},
                    {"steps", steps}});
}

SetupPlan decode_setup_plan(std::string_view text) {
    const auto reader =
        JsonReader::parse(text, "setup plan", "tell the network's operator; nothing of the plan was run");
    if (reader.string("schema") != schema) reader.refuse("schema", schema);
    SetupPlan plan{.node_id = reader.bytes32("node_id"),
                   .issued_at = read_instant(reader, "issued_at"),
                   .expires_at = read_instant(reader, "expires_at"),
                   .steps = {}};
    for (const auto& step : reader.objects("steps")) {
        if (plan.steps.size() == step_limit) reader.refuse("steps", "at most 64 steps");
        plan.steps.push_back(decode_step(step));
        const auto same = [&](const SetupStep& other) { return other.id == plan.steps.back().id; };
        if (std::count_if(plan.steps.begin(), plan.steps.end(), same) != 1)
            step.refuse("id", "an id that no other step has");
    }
    return plan;
}

} // namespace kaisar
