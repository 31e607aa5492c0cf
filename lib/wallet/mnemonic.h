/// BIP-39: a wallet as words that a person can write down.
#pragma once

#include "crypto/secret.h"

#include <span>
#include <string_view>
#include <vector>

namespace kaisar {

/// The lengths that new mnemonics come in: 128 and 256 bits of entropy.
enum class MnemonicLength : std::size_t { words_12 = 12, words_24 = 24 };

/// The English list in its order, which is also the alphabet's.
std::span<const std::string_view> mnemonic_word_list();

/// A new mnemonic from the operating system's generator: lower-case words with one space between them.
Secret make_mnemonic(MnemonicLength length);

/// The words for 16, 20, 24, 28 or 32 bytes of entropy.
Secret encode_mnemonic(ByteView entropy);

/// The mnemonic in the form of make_mnemonic, from words of either case with any white space between them; 12, 15, 18,
/// 21 or 24 words. Throws Error(wallet) naming the word at fault.
Secret parse_mnemonic(ByteView text);

/// The words, as views into the mnemonic.
std::vector<std::string_view> words_of(const Secret& mnemonic);

/// BIP-39's 64-byte seed. The passphrase may be empty; one that is not ASCII is Error(wallet), because wallets disagree
/// on what its letters are as bytes.
Secret derive_seed(const Secret& mnemonic, ByteView passphrase);

} // namespace kaisar
