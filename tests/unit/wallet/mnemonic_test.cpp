#include "wallet/mnemonic.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace kaisar;

namespace {

struct Vector {
    const char* entropy;
    const char* mnemonic;
    const char* seed;
};

constexpr Vector vectors[] = {
#include "unit/wallet/bip39_vectors.inc"
};

std::string text(const Secret& secret) { return std::string(text_of(secret.view())); }

std::string message_for(std::string_view words) {
    try {
        parse_mnemonic(bytes_of(words));
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::wallet);
        return error.message();
    }
    return "accepted";
}

} // namespace

TEST_CASE("the word list is BIP-39's") {
    std::string list;
    for (auto word : mnemonic_word_list()) list += std::string(word) + "\n";
    CHECK(encode_hex(sha256(bytes_of(list))) == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
    CHECK(std::ranges::is_sorted(mnemonic_word_list()));
}

TEST_CASE("mnemonics and seeds are those of the reference implementation") {
    for (const auto& vector : vectors) {
        CAPTURE(vector.entropy);
        const auto mnemonic = encode_mnemonic(*decode_hex(vector.entropy));
        CHECK(text(mnemonic) == vector.mnemonic);
        CHECK(text(parse_mnemonic(bytes_of(vector.mnemonic))) == vector.mnemonic);
        CHECK(encode_hex(derive_seed(mnemonic, bytes_of("TREZOR")).view()) == vector.seed);
    }
}

TEST_CASE("upper case and odd white space do not matter") {
    const std::string plain = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    CHECK(text(parse_mnemonic(bytes_of(
              "\t Legal  winner\nthank year wave sausage WORTH useful legal winner thank yellow \r\n"))) == plain);
}

TEST_CASE("a word that is not on the list is named with its place") {
    CHECK(message_for("legal winner thank year wave sausagge worth useful legal winner thank yellow") ==
          "word 6 of the mnemonic, \"sausagge\", is not on the word list");
    CHECK(message_for("legal winner thank year wave sausage worth useful legal winner thank y\xc3\xa9llow")
              .starts_with("word 12"));
}

TEST_CASE("a wrong checksum names the word that carries it") {
    CHECK(message_for("legal winner thank year wave sausage worth useful legal winner thank thank").find("word 12") !=
          std::string::npos);
    CHECK(message_for("winner legal thank year wave sausage worth useful legal winner thank yellow").find("word 12") !=
          std::string::npos);
}

TEST_CASE("only the lengths of BIP-39 are mnemonics") {
    std::string words;
    for (int count = 0; count <= 26; ++count) {
        const auto message = message_for(words);
        const bool is_length = count >= 12 && count <= 24 && count % 3 == 0;
        CAPTURE(count);
        CHECK((message == "a mnemonic has 12, 15, 18, 21 or 24 words, got " + std::to_string(count)) == !is_length);
        words += "abandon ";
    }
}

TEST_CASE("exactly one word in sixteen completes twelve, and one in 256 completes twenty-four") {
    for (const auto& [count, expected] : {std::pair{12, 128}, std::pair{24, 8}}) {
        std::string start;
        for (int i = 1; i < count; ++i) start += "zoo ";
        int accepted = 0;
        for (auto word : mnemonic_word_list()) accepted += message_for(start + std::string(word)) == "accepted" ? 1 : 0;
        CHECK(accepted == expected);
    }
}

TEST_CASE("new mnemonics differ, have the length asked for and their own checksum") {
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        const auto twelve = make_mnemonic(MnemonicLength::words_12);
        const auto twenty_four = make_mnemonic(MnemonicLength::words_24);
        CHECK(words_of(twelve).size() == 12);
        CHECK(words_of(twenty_four).size() == 24);
        CHECK(text(parse_mnemonic(twelve.view())) == text(twelve));
        CHECK(text(parse_mnemonic(twenty_four.view())) == text(twenty_four));
        seen.insert(text(twelve));
        seen.insert(text(twenty_four));
    }
    CHECK(seen.size() == 100);
}

TEST_CASE("a passphrase that wallets would encode in different ways is refused") {
    const auto mnemonic = make_mnemonic(MnemonicLength::words_12);
    CHECK_THROWS_AS(derive_seed(mnemonic, bytes_of("Z\xc3\xbcrich")), Error);
    CHECK_THROWS_AS(derive_seed(mnemonic, bytes_of("a\tb")), Error);
    CHECK_NOTHROW(derive_seed(mnemonic, bytes_of("~ !")));
}
