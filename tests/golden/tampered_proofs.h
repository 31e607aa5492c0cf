/// Access to tests/golden/popw_tampered.txt: proofs that are wrong in one way each, as edits to honest files.
#pragma once

#include "golden/golden_vectors.h"

#include <charconv>
#include <sstream>
#include <vector>

namespace kaisar::golden {

struct TamperedProof {
    std::string name;
    std::uint16_t code = 0;
    Bytes file;
    std::string knowledge; ///< "received N", "decided H" or nothing
};

inline std::size_t number_of(std::string_view text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    REQUIRE((error == std::errc() && end == text.data() + text.size()));
    return number;
}

/// One edit, "offset:bytes that go:hex of those that come".
inline void apply_edit(std::string_view edit, Bytes& file) {
    const auto first = edit.find(':');
    const auto second = edit.find(':', first + 1);
    REQUIRE(second != std::string_view::npos);
    const auto at = file.begin() + static_cast<std::ptrdiff_t>(number_of(edit.substr(0, first)));
    const auto gone = static_cast<std::ptrdiff_t>(number_of(edit.substr(first + 1, second - first - 1)));
    const auto come = decode_hex(edit.substr(second + 1));
    REQUIRE(come);
    file.insert(file.erase(at, at + gone), come->begin(), come->end());
}

inline TamperedProof read_tampered_proof(const std::string& line) {
    TamperedProof proof;
    const auto equals = line.find(" = ");
    REQUIRE(equals != std::string::npos);
    proof.name = line.substr(0, equals);
    std::istringstream fields(line.substr(equals + 3));
    std::vector<std::string> parts;
    for (std::string field; std::getline(fields, field, '|');) {
        const auto begin = std::min(field.find_first_not_of(' '), field.size());
        parts.push_back(field.substr(begin, field.find_last_not_of(' ') + 1 - begin));
    }
    INFO(proof.name);
    REQUIRE(parts.size() >= 3);
    proof.code = static_cast<std::uint16_t>(number_of(parts[0]));
    proof.file = file(parts[1]);
    proof.knowledge = parts[2];
    std::vector<std::string> edits;
    std::istringstream words(parts.size() > 3 ? parts[3] : "");
    for (std::string edit; words >> edit;) edits.push_back(edit);
    for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit)
        apply_edit(*edit, proof.file); // offsets are the original's
    return proof;
}

inline std::vector<TamperedProof> tampered_proofs() {
    std::ifstream lines(path_of("popw_tampered.txt"));
    std::vector<TamperedProof> proofs;
    for (std::string line; std::getline(lines, line);) proofs.push_back(read_tampered_proof(line));
    return proofs;
}

} // namespace kaisar::golden
