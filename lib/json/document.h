/// JSON documents: parsing with limits and fields that are missing or wrong named in the error.
///
/// Only files called *_json.cpp include this header (and with it nlohmann/json, which costs two seconds a file to
/// compile): the rest of the project passes structs and finished texts.
#pragma once

#include "bytes/bytes.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace kaisar {

/// Keeps the order in which fields were added, so that output reads as its author meant it.
using Json = nlohmann::ordered_json;

/// Deeper documents are refused: nothing that this project reads nests as deep.
inline constexpr int json_depth_limit = 32;

/// A document and what it is called in error messages ("registration.json", "the portal's answer").
class JsonReader {
public:
    /// Throws Error(environment) when the text is not one JSON object; `hint` says what the reader of the error can do.
    static JsonReader parse(std::string_view text, std::string name, std::string hint = {});

    std::string string(std::string_view field) const;
    std::uint64_t unsigned_integer(std::string_view field) const;
    double number(std::string_view field) const;
    bool boolean(std::string_view field) const;
    /// Hexadecimal with or without 0x, exactly 32 bytes.
    Bytes32 bytes32(std::string_view field) const;
    /// Hexadecimal with or without 0x, or the limit's error.
    Bytes bytes(std::string_view field, std::size_t limit_bytes) const;
    JsonReader object(std::string_view field) const;
    /// The objects of an array field.
    std::vector<JsonReader> objects(std::string_view field) const;
    std::vector<std::string> strings(std::string_view field) const;

    bool has(std::string_view field) const;
    std::optional<std::string> find_string(std::string_view field) const;
    std::optional<std::uint64_t> find_unsigned_integer(std::string_view field) const;

    const Json& json() const { return json_; }
    [[noreturn]] void refuse(std::string_view field, std::string_view expected) const;

private:
    JsonReader(Json json, std::string name, std::string hint);
    const Json& require(std::string_view field) const;

    Json json_;
    std::string name_;
    std::string hint_;
};

/// One line, for the wire and for stdout.
std::string to_line(const Json& json);
/// Indented, with a newline at its end, for files that people open.
std::string to_pretty_text(const Json& json);

} // namespace kaisar
