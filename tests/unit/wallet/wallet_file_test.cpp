#include "wallet/wallet_file.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "error/error.h"
#include "wallet/secret_file.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace kaisar;

namespace {

constexpr ScryptCost quick{.n = 2, .r = 8, .p = 1};

class Folder {
public:
    Folder() {
        char name[] = "/tmp/kaisar-wallet-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    Path operator/(const char* name) const { return path_ / name; }
    std::size_t count() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
    }

private:
    Path path_;
};

Keystore keystore_of(std::uint8_t number, std::string_view password) {
    Bytes32 key{};
    key[31] = number;
    return encrypt_account(*Account::from_private_key(key), bytes_of(password), "", quick);
}

template <class Function>
ErrorKind kind_of(Function function) {
    try {
        function();
    } catch (const Error& error) {
        return error.kind();
    }
    FAIL("no error was thrown");
    return ErrorKind::internal;
}

std::string text(const Secret& secret) { return std::string(text_of(secret.view())); }

} // namespace

TEST_CASE("a wallet that was saved is unlocked with its password and closed to others") {
    const Folder folder;
    const auto path = folder / "wallet.json";
    save_new_wallet(path, keystore_of(1, "open"));
    CHECK(format_address(unlock_wallet(path, bytes_of("open")).address()) ==
          "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    CHECK(kind_of([&] { unlock_wallet(path, bytes_of("shut")); }) == ErrorKind::wallet);
    CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::mask) ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    CHECK(folder.count() == 1);
}

TEST_CASE("where no wallet is, none is found, and unlocking is an error of the wallet") {
    const Folder folder;
    CHECK_FALSE(find_wallet(folder / "wallet.json"));
    CHECK(kind_of([&] { unlock_wallet(folder / "wallet.json", bytes_of("x")); }) == ErrorKind::wallet);
}

TEST_CASE("a new wallet never takes the place of another") {
    const Folder folder;
    const auto path = folder / "wallet.json";
    save_new_wallet(path, keystore_of(1, "a"));
    CHECK(kind_of([&] { save_new_wallet(path, keystore_of(2, "b")); }) == ErrorKind::wallet);
    CHECK(load_wallet(path).address == keystore_of(1, "").address);
    CHECK(folder.count() == 1);
}

TEST_CASE("a wallet that is replaced keeps its content under a name of its own") {
    const Folder folder;
    const auto path = folder / "wallet.json";
    save_new_wallet(path, keystore_of(1, "p"));
    for (std::uint8_t number = 2; number <= 4; ++number) {
        const auto aside = replace_wallet(path, keystore_of(number, "p"));
        CHECK(aside.filename() == "wallet.json." + std::to_string(number - 1));
        CHECK(load_wallet(path).address == keystore_of(number, "").address);
        CHECK(load_wallet(aside).address == keystore_of(static_cast<std::uint8_t>(number - 1), "").address);
    }
    CHECK(folder.count() == 4);
}

TEST_CASE("a wallet that cannot be replaced is where it was") {
    const Folder folder;
    const auto path = folder / "wallet.json";
    save_new_wallet(path, keystore_of(1, "p"));
    {
        const auto rival = FileLock::try_acquire(path);
        REQUIRE(rival);
        CHECK(kind_of([&] { replace_wallet(path, keystore_of(2, "p")); }) == ErrorKind::wallet);
    }
    CHECK(load_wallet(path).address == keystore_of(1, "").address);
    CHECK(folder.count() == 1);
}

TEST_CASE("a torn wallet file is an error, not an empty wallet") {
    const Folder folder;
    const auto path = folder / "wallet.json";
    save_file(path, std::string_view("{\"version\": 3, \"cry"));
    CHECK(kind_of([&] { load_wallet(path); }) == ErrorKind::wallet);
    CHECK(kind_of([&] { save_new_wallet(path, keystore_of(1, "a")); }) == ErrorKind::wallet);
}

TEST_CASE("a secret is the first line of its file, whatever ends it") {
    const Folder folder;
    const auto path = folder / "password";
    for (std::string_view content : {"pass word", "pass word\n", "pass word\r\n", "pass word\nsecond line\n"}) {
        save_file(path, content);
        CHECK(text(load_secret_line(path)) == "pass word");
    }
    save_file(path, std::string_view("two\nlines\n"));
    CHECK(text(load_secret_file(path)) == "two\nlines\n");
}

TEST_CASE("a secret that is missing, empty or endless is an error of the environment") {
    const Folder folder;
    const auto path = folder / "password";
    CHECK(kind_of([&] { load_secret_line(path); }) == ErrorKind::environment);
    for (const auto& content :
         {std::string(), std::string("\n"), std::string("\r\nx"), std::string(secret_limit_bytes + 1, 'x')}) {
        save_file(path, std::string_view(content));
        CHECK(kind_of([&] { load_secret_line(path); }) == ErrorKind::environment);
    }
    save_file(path, std::string_view(std::string(secret_limit_bytes, 'x')));
    CHECK(load_secret_line(path).size() == secret_limit_bytes);
    CHECK(kind_of([&] { load_secret_line(9999); }) == ErrorKind::environment);
}

TEST_CASE("a descriptor is read up to the end of the line and no further") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::write(ends[1], "one\ntwo\nthree", 13) == 13);
    ::close(ends[1]);
    CHECK(text(load_secret_line(ends[0])) == "one");
    CHECK(text(load_secret_line(ends[0])) == "two");
    CHECK(text(load_secret_line(ends[0])) == "three");
    CHECK(kind_of([&] { load_secret_line(ends[0]); }) == ErrorKind::environment);
    ::close(ends[0]);
}
