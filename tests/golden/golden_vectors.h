/// Access to tests/golden/popw_vectors.txt by name.
#pragma once

#include "bytes/hex.h"
#include "golden/patterns.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>

namespace kaisar::golden {

inline std::string path_of(const std::string& file) { return KAISAR_SOURCE_FOLDER "/tests/golden/" + file; }

/// The whole of a file in tests/golden.
inline Bytes file(const std::string& name) {
    std::ifstream stream(path_of(name), std::ios::binary);
    INFO(path_of(name));
    REQUIRE(stream.good());
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline const std::map<std::string, std::string>& vectors() {
    static const auto all = [] {
        std::map<std::string, std::string> read;
        std::ifstream lines(path_of("popw_vectors.txt"));
        for (std::string line; std::getline(lines, line);) {
            const auto equals = line.find(" = ");
            REQUIRE(equals != std::string::npos);
            read[line.substr(0, equals)] = line.substr(equals + 3);
        }
        return read;
    }();
    return all;
}

/// The value of that name; the test fails when there is none.
inline std::string text(const std::string& name) {
    INFO("golden vector " << name);
    const auto found = vectors().find(name);
    REQUIRE(found != vectors().end());
    return found->second;
}

inline Bytes bytes(const std::string& name) {
    const auto decoded = decode_hex(text(name));
    REQUIRE(decoded);
    return *decoded;
}

} // namespace kaisar::golden
