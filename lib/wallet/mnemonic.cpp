#include "wallet/mnemonic.h"

#include "crypto/hash.h"
#include "crypto/key_derivation.h"
#include "error/error.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

namespace kaisar {
namespace {

constexpr std::string_view word_list[] = {
#include "wallet/bip39_english.inc"
};
static_assert(std::size(word_list) == 2048);

constexpr std::size_t bits_per_word = 11;
constexpr std::size_t most_words = 24;
constexpr std::size_t longest_word = 8;
constexpr std::string_view way_out =
    "check it against what was written down; only the English list of BIP-39 is supported";

std::optional<unsigned> find_word(std::string_view word) {
    const auto* found = std::ranges::lower_bound(word_list, word);
    if (found == std::end(word_list) || *found != word) return std::nullopt;
    return static_cast<unsigned>(found - word_list);
}

bool is_white_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const auto start = std::ranges::find_if_not(text, is_white_space);
        const auto end = std::find_if(start, text.end(), is_white_space);
        if (start != end) words.emplace_back(start, end);
        text = {end, text.end()};
    }
    return words;
}

bool bit_at(ByteView bytes, std::size_t index) { return (bytes[index / 8] >> (7 - index % 8) & 1) != 0; }

bool is_mnemonic_length(std::size_t words) { return words >= 12 && words <= most_words && words % 3 == 0; }

/// Entropy and the checksum's bits after it, as the words spell them.
Secret bits_of(const std::vector<std::string_view>& words) {
    Secret bits((words.size() * bits_per_word + 7) / 8);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto index = find_word(words[i]);
        if (!index)
            throw Error(ErrorKind::wallet,
                        fmt::format("word {} of the mnemonic, \"{:.20}\", is not on the word list", i + 1, words[i]),
                        std::string(way_out));
        for (std::size_t bit = 0; bit < bits_per_word; ++bit) {
            const auto at = i * bits_per_word + bit;
            if ((*index >> (bits_per_word - 1 - bit) & 1) != 0)
                bits.mutable_view()[at / 8] |= static_cast<std::uint8_t>(0x80 >> at % 8);
        }
    }
    return bits;
}

} // namespace

std::span<const std::string_view> mnemonic_word_list() { return word_list; }

Secret make_mnemonic(MnemonicLength length) {
    Secret entropy(static_cast<std::size_t>(length) / 3 * 4);
    fill_random(entropy.mutable_view());
    return encode_mnemonic(entropy.view());
}

Secret encode_mnemonic(ByteView entropy) {
    const auto words = entropy.size() / 4 * 3;
    check(entropy.size() % 4 == 0 && is_mnemonic_length(words), "entropy is 16, 20, 24, 28 or 32 bytes");
    Secret bits(entropy.size() + 1);
    std::ranges::copy(entropy, bits.mutable_view().begin());
    bits.mutable_view()[entropy.size()] = sha256(entropy)[0]; // at most 8 bits of checksum are used
    Secret text(words * (longest_word + 1));
    std::size_t size = 0;
    for (std::size_t i = 0; i < words; ++i) {
        std::size_t index = 0;
        for (std::size_t bit = 0; bit < bits_per_word; ++bit)
            index = index << 1 | (bit_at(bits.view(), i * bits_per_word + bit) ? 1U : 0U);
        if (i > 0) text.mutable_view()[size++] = ' ';
        for (char letter : word_list[index]) text.mutable_view()[size++] = static_cast<std::uint8_t>(letter);
    }
    return Secret::copy_of(text.view().first(size));
}

Secret parse_mnemonic(ByteView text) {
    auto lower = Secret::copy_of(text);
    for (auto& letter : lower.mutable_view())
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<std::uint8_t>(letter - 'A' + 'a');
    const auto words = split(text_of(lower.view()));
    if (!is_mnemonic_length(words.size()))
        throw Error(ErrorKind::wallet, fmt::format("a mnemonic has 12, 15, 18, 21 or 24 words, got {}", words.size()),
                    std::string(way_out));
    const auto bits = bits_of(words);
    auto mnemonic = encode_mnemonic(bits.view().first(words.size() / 3 * 4));
    // The last word is the only one that carries checksum bits, so it is the one that would come out differently.
    if (words_of(mnemonic).back() != words.back())
        throw Error(
            ErrorKind::wallet,
            fmt::format("the mnemonic's checksum, in word {}, does not fit the other words: one of the {} is wrong, or "
                        "their order is",
                        words.size(), words.size()),
            std::string(way_out));
    return mnemonic;
}

std::vector<std::string_view> words_of(const Secret& mnemonic) { return split(text_of(mnemonic.view())); }

Secret derive_seed(const Secret& mnemonic, ByteView passphrase) {
    if (std::ranges::any_of(passphrase, [](std::uint8_t byte) { return byte < 0x20 || byte > 0x7e; }))
        throw Error(
            ErrorKind::wallet, "the mnemonic's passphrase holds a character outside printable ASCII",
            "wallets disagree on how such a passphrase is encoded; derive the key where it was made, and import "
            "it with --key-file");
    constexpr std::string_view prefix = "mnemonic";
    Secret salt(prefix.size() + passphrase.size());
    std::ranges::copy(prefix, salt.mutable_view().begin());
    std::ranges::copy(passphrase, salt.mutable_view().begin() + prefix.size());
    constexpr std::uint32_t iterations = 2048; // fixed by BIP-39
    return derive_by_pbkdf2(Pbkdf2Hash::sha512, mnemonic.view(), salt.view(), iterations, 64);
}

} // namespace kaisar
