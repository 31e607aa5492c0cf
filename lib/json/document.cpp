#include "json/document.h"

#include "bytes/hex.h"
#include "error/error.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

std::string shown(const Json& value) {
    auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > 80) text = text.substr(0, 77) + "...";
    return text;
}

} // namespace

JsonReader::JsonReader(Json json, std::string name, std::string hint)
    : json_(std::move(json)), name_(std::move(name)), hint_(std::move(hint)) {}

JsonReader JsonReader::parse(std::string_view text, std::string name, std::string hint) {
    const auto limit_depth = [](int depth, Json::parse_event_t, Json&) {
        if (depth > json_depth_limit) throw std::length_error("nested too deeply");
        return true;
    };
    try {
        auto json = Json::parse(text, limit_depth);
        if (!json.is_object())
            throw Error(ErrorKind::environment, fmt::format("{} is not a JSON object: {}", name, shown(json)), hint);
        return JsonReader(std::move(json), std::move(name), std::move(hint));
    } catch (const Json::parse_error& error) {
        throw Error(ErrorKind::environment, fmt::format("{} is not valid JSON (at byte {})", name, error.byte), hint);
    } catch (const Json::out_of_range&) {
        throw Error(ErrorKind::environment, fmt::format("{} is not valid JSON (a number in it is too large)", name),
                    hint);
    } catch (const std::length_error& error) {
        throw Error(ErrorKind::environment, fmt::format("{} is not valid JSON ({})", name, error.what()), hint);
    }
}

void JsonReader::refuse(std::string_view field, std::string_view expected) const {
    const auto found = json_.find(field);
    if (found == json_.end())
        throw Error(ErrorKind::environment,
                    fmt::format("{}: field \"{}\" is missing; expected {}", name_, field, expected), hint_);
    throw Error(ErrorKind::environment,
                fmt::format("{}: field \"{}\": expected {}, got {}", name_, field, expected, shown(*found)), hint_);
}

const Json& JsonReader::require(std::string_view field) const {
    const auto found = json_.find(field);
    if (found == json_.end()) refuse(field, "a value");
    return *found;
}

std::string JsonReader::string(std::string_view field) const {
    if (!has(field) || !require(field).is_string()) refuse(field, "a string");
    return require(field).get<std::string>();
}

std::uint64_t JsonReader::unsigned_integer(std::string_view field) const {
    if (!has(field) || !require(field).is_number_unsigned()) refuse(field, "a non-negative integer");
    return require(field).get<std::uint64_t>();
}

double JsonReader::number(std::string_view field) const {
    if (!has(field) || !require(field).is_number()) refuse(field, "a number");
    return require(field).get<double>();
}

bool JsonReader::boolean(std::string_view field) const {
    if (!has(field) || !require(field).is_boolean()) refuse(field, "true or false");
    return require(field).get<bool>();
}

Bytes32 JsonReader::bytes32(std::string_view field) const {
    if (!has(field) || !require(field).is_string()) refuse(field, "32 bytes in hexadecimal");
    const auto bytes = decode_hex_array<32>(require(field).get_ref<const std::string&>());
    if (!bytes) refuse(field, "32 bytes in hexadecimal");
    return *bytes;
}

Bytes JsonReader::bytes(std::string_view field, std::size_t limit_bytes) const {
    if (!has(field) || !require(field).is_string()) refuse(field, "bytes in hexadecimal");
    auto bytes = decode_hex(require(field).get_ref<const std::string&>());
    if (!bytes || bytes->size() > limit_bytes)
        refuse(field, fmt::format("at most {} bytes in hexadecimal", limit_bytes));
    return std::move(*bytes);
}

JsonReader JsonReader::object(std::string_view field) const {
    if (!has(field) || !require(field).is_object()) refuse(field, "an object");
    return JsonReader(require(field), fmt::format("{}: {}", name_, field), hint_);
}

std::vector<JsonReader> JsonReader::objects(std::string_view field) const {
    if (!has(field) || !require(field).is_array()) refuse(field, "an array of objects");
    std::vector<JsonReader> readers;
    for (const auto& element : require(field)) {
        if (!element.is_object()) refuse(field, "an array of objects");
        readers.push_back(JsonReader(element, fmt::format("{}: {}[{}]", name_, field, readers.size()), hint_));
    }
    return readers;
}

std::vector<std::string> JsonReader::strings(std::string_view field) const {
    if (!has(field) || !require(field).is_array()) refuse(field, "an array of strings");
    std::vector<std::string> texts;
    for (const auto& element : require(field)) {
        if (!element.is_string()) refuse(field, "an array of strings");
        texts.push_back(element.get<std::string>());
    }
    return texts;
}

bool JsonReader::has(std::string_view field) const { return json_.contains(field); }

std::optional<std::string> JsonReader::find_string(std::string_view field) const {
    if (!has(field) || require(field).is_null()) return std::nullopt;
    return string(field);
}

std::optional<std::uint64_t> JsonReader::find_unsigned_integer(std::string_view field) const {
    if (!has(field) || require(field).is_null()) return std::nullopt;
    return unsigned_integer(field);
}

std::string to_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string to_pretty_text(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

} // namespace kaisar
