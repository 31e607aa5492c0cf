#include "json/document.h"

#include "error/error.h"

#include <catch2/catch.hpp>

using namespace kaisar;

namespace {

template <class Function>
Error error_of(Function function) {
    try {
        function();
    } catch (const Error& error) {
        return error;
    }
    FAIL("no error was thrown");
    return Error(ErrorKind::internal, "");
}

} // namespace

TEST_CASE("fields are read by their type") {
    const auto reader =
        JsonReader::parse(R"({"s": "text", "n": 7, "d": 0.5, "b": true, "x": "0x0102", "list": ["a", "b"],
                                              "o": {"inner": 1}, "os": [{"k": 1}, {"k": 2}], "null": null})",
                          "sample.json");
    CHECK(reader.string("s") == "text");
    CHECK(reader.unsigned_integer("n") == 7);
    CHECK(reader.number("d") == 0.5);
    CHECK(reader.number("n") == 7.0);
    CHECK(reader.boolean("b"));
    CHECK(reader.bytes("x", 2) == Bytes{1, 2});
    CHECK(reader.strings("list") == std::vector<std::string>{"a", "b"});
    CHECK(reader.object("o").unsigned_integer("inner") == 1);
    CHECK(reader.objects("os").at(1).unsigned_integer("k") == 2);
    CHECK_FALSE(reader.find_string("none"));
    CHECK_FALSE(reader.find_string("null"));
    CHECK_FALSE(reader.find_unsigned_integer("none"));
}

TEST_CASE("a field that is missing or wrong is named with the document, what was expected and what was found") {
    const auto reader = JsonReader::parse(R"({"n": -7, "s": 1, "x": "0x01", "o": {"deep": "?"}, "os": [{"k": 1}, 2]})",
                                          "sample.json", "do this");
    CHECK(error_of([&] { reader.string("none"); }).message() ==
          "sample.json: field \"none\" is missing; expected a string");
    CHECK(error_of([&] { reader.unsigned_integer("n"); }).message() ==
          "sample.json: field \"n\": expected a non-negative integer, got -7");
    CHECK(error_of([&] { reader.object("o").number("deep"); }).message() ==
          "sample.json: o: field \"deep\": expected a number, got \"?\"");
    CHECK(error_of([&] { reader.string("s"); }).hint() == "do this");
    CHECK_THROWS_AS(reader.bytes32("x"), Error);
    CHECK_THROWS_AS(reader.bytes("x", 0), Error);
    CHECK_THROWS_AS(reader.objects("os"), Error);
    CHECK_THROWS_AS(reader.strings("os"), Error);
    CHECK_THROWS_AS(reader.boolean("n"), Error);
}

TEST_CASE("text that is not one object is refused") {
    for (const char* wrong : {"", "[]", "1", "\"x\"", "{", "{\"a\":1}x", "{\"a\":}", "{'a':1}", "\xff\xfe",
                              "{\"a\":\"\xff\"}", "nan", "{\"a\":1e999}"}) {
        CAPTURE(wrong);
        CHECK(error_of([&] { JsonReader::parse(wrong, "answer"); }).kind() == ErrorKind::environment);
    }
}

TEST_CASE("nesting beyond the limit is refused, however deep it is") {
    const auto nested = [](std::size_t depth) {
        std::string text = "{\"a\":";
        for (std::size_t i = 0; i < depth; ++i) text += '[';
        for (std::size_t i = 0; i < depth; ++i) text += ']';
        return text + "}";
    };
    CHECK_NOTHROW(JsonReader::parse(nested(10), "answer"));
    CHECK_THROWS_AS(JsonReader::parse(nested(json_depth_limit + 2), "answer"), Error);
    CHECK_THROWS_AS(JsonReader::parse(nested(1'000'000), "answer"), Error);
}

TEST_CASE("output is one line whatever its strings hold, and never fails on bytes that are not UTF-8") {
    const auto line = to_line({{"a", "two\nlines"}, {"b", "\xff"}});
    CHECK(line.find('\n') == std::string::npos);
    CHECK(JsonReader::parse(line, "own output").string("a") == "two\nlines");
    CHECK(to_pretty_text({{"a", 1}}).back() == '\n');
}
