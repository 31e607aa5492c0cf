#include "wallet_mnemonic.h"

#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "wallet/derivation.h"
#include "wallet/mnemonic.h"
#include "wallet/secret_file.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::size_t words_per_line = 4;
constexpr std::string_view column_end = "          "; // two more than the longest word
constexpr int tries = 3;

/// The terminal's second screen: what is shown there stays neither in the window nor in its history, however this ends.
class SecondScreen {
public:
    SecondScreen() { write_to_stderr("\x1b[?1049h\x1b[2J\x1b[H"); }
    SecondScreen(const SecondScreen&) = delete;
    SecondScreen& operator=(const SecondScreen&) = delete;
    ~SecondScreen() { write_to_stderr("\x1b[?1049l"); }
};

void show_words(const std::vector<std::string_view>& words, Terminal& terminal) {
    Secret text(4096);
    std::size_t size = 0;
    const auto put = [&](std::string_view part) {
        std::memcpy(text.mutable_view().data() + size, part.data(), part.size());
        size += part.size();
    };
    put("Write these words down, in this order, on paper. Whoever has them has the wallet;\n"
        "without them a lost or broken machine is the end of it. They are not shown again.\n\n");
    for (std::size_t i = 0; i < words.size(); ++i) {
        put(fmt::format("{:>3}. ", i + 1));
        put(words[i]);
        put((i + 1) % words_per_line == 0 ? "\n" : column_end.substr(words[i].size()));
    }
    put("\nPress Enter when that is done.");
    const SecondScreen screen;
    terminal.ask(text_of(text.view().first(size)));
}

/// Two different places, drawn anew each time.
std::pair<std::size_t, std::size_t> draw_two(std::size_t count) {
    const auto random = random_array<16>();
    const auto first = load_le<std::uint64_t>(random.data()) % count;
    const auto second = (first + 1 + load_le<std::uint64_t>(random.data() + 8) % (count - 1)) % count;
    return {std::min(first, second), std::max(first, second)};
}

bool is_given_back(const std::vector<std::string_view>& words, std::size_t index, Terminal& terminal) {
    const auto answer = terminal.ask_secret(fmt::format("Word {}:", index + 1));
    return text_of(answer.view()) == words[index];
}

} // namespace

void require_way_to_hand_over(const std::string& mnemonic_file, const Context& context) {
    if (mnemonic_file.empty() && !context.terminal.can_ask())
        throw Error(ErrorKind::usage, "a new wallet's words are shown once, and there is no terminal to show them on",
                    "let them be written with --mnemonic-file FILE, and keep that file somewhere safe");
    std::error_code ignored;
    if (!mnemonic_file.empty() && std::filesystem::exists(mnemonic_file, ignored))
        throw Error(ErrorKind::environment, fmt::format("{} exists already", mnemonic_file),
                    "it may hold another wallet's words: name another file, or move that one away");
}

void hand_over_mnemonic(const Secret& mnemonic, const std::string& mnemonic_file, Context& context) {
    if (!mnemonic_file.empty()) {
        auto line = Secret(mnemonic.size() + 1);
        std::memcpy(line.mutable_view().data(), mnemonic.view().data(), mnemonic.size());
        line.mutable_view()[mnemonic.size()] = '\n';
        save_new_file(mnemonic_file, line.view());
        context.terminal.say(fmt::format("The wallet's words are in {}: move them to a safe place.", mnemonic_file));
        return;
    }
    const auto words = words_of(mnemonic);
    for (int i = 0; i < tries; ++i) {
        show_words(words, context.terminal);
        const auto [first, second] = draw_two(words.size());
        if (is_given_back(words, first, context.terminal) && is_given_back(words, second, context.terminal)) return;
        context.terminal.say("That is not what was shown.");
    }
    throw Error(ErrorKind::wallet, "the words were not given back, so no wallet was made",
                "run the same command again");
}

Account account_of(const Secret& mnemonic, const MnemonicOptions& options, Context& context) {
    Secret passphrase;
    if (!options.passphrase_file.empty()) {
        warn_if_readable_by_others(options.passphrase_file, context);
        passphrase = load_secret_line(Path(options.passphrase_file));
    }
    return derive_account(derive_seed(mnemonic, passphrase.view()).view(), options.path);
}

} // namespace kaisar
