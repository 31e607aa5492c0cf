#include "backup/backup.h"
#include "crypto/hash.h"
#include "crypto/sealing.h"
#include "error/error.h"
#include "settings/node_key.h"
#include "unit/network/temporary_store.h"
#include "wallet/wallet_file.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using kaisar::network::TemporaryDirectory;

namespace {

const Bytes password = Bytes{'s', 'e', 'c', 'r', 'e', 't'};

/// A worker's directory with a wallet of little cost, a node key and a registration.
struct Machine {
    TemporaryDirectory place;
    DataDirectory directory{place / "data"};
    Account account = *Account::from_private_key(Bytes(32, 7));

    Machine() {
        directory.prepare();
        save_new_wallet(directory.wallet(), encrypt_account(account, password, "m/44'/60'/0'/0/0"));
        make_node_key(directory.node_key());
        save_file(directory.registration(), std::string_view(R"({"step":10})"));
    }
    Bytes bytes_of_file(const Path& path) const { return load_file(path, 1 << 20); }
};

} // namespace

TEST_CASE("what was backed up comes back on another machine, byte for byte, and once more is no harm") {
    const Machine lost;
    const auto backup = make_backup(lost.directory, password);
    const TemporaryDirectory place;
    const DataDirectory directory(place / "new");
    for (int times = 0; times < 2; ++times) {
        const auto contents = restore_backup(backup, password, "b", directory);
        CHECK(contents.address == lost.account.address());
        CHECK(contents.node_id == sha256(find_node_key(lost.directory.node_key())->public_key()));
        CHECK(contents.files == std::vector<std::string>{"node.key", "registration.json", "wallet.json"});
    }
    for (const auto* name : {"node.key", "registration.json", "wallet.json"}) {
        CHECK(load_file(directory.root() / name, 1 << 20) == lost.bytes_of_file(lost.directory.root() / name));
        CHECK(std::filesystem::status(directory.root() / name).permissions() == std::filesystem::perms(0600));
    }
}

TEST_CASE("a check opens wallet and key, and touches nothing") {
    const Machine machine;
    const auto backup = make_backup(machine.directory, password);
    CHECK(check_backup(backup, password, "b").address == machine.account.address());
    CHECK_THROWS_WITH(check_backup(backup, Bytes{'x'}, "b"), Catch::Contains("wrong password for b"));
}

TEST_CASE("nothing in a backup can be read or changed without the password") {
    const Machine machine;
    const auto backup = make_backup(machine.directory, password);
    const auto key = machine.bytes_of_file(machine.directory.node_key());
    CHECK(text_of(backup).find(text_of(ByteView(key).subspan(20, 16))) == std::string_view::npos);
    for (const std::size_t at : {20u, 30u, 50u, 100u}) {
        auto changed = backup;
        changed.at(at) ^= 1;
        CHECK_THROWS_AS(check_backup(changed, password, "b"), Error);
    }
    auto cut = backup;
    cut.resize(cut.size() - 1);
    CHECK_THROWS_AS(check_backup(cut, password, "b"), Error);
    CHECK_THROWS_WITH(check_backup(Bytes(200, 'x'), password, "b"), Catch::Contains("b is no backup"));
}

TEST_CASE("a backup cannot ask its reader for more than a gibibyte") {
    const Machine machine;
    auto backup = make_backup(machine.directory, password);
    backup[16 + 4 + 5] = 1; // the memory's high bytes
    CHECK_THROWS_WITH(check_backup(backup, password, "b"), Catch::Contains("bytes of memory"));
}

TEST_CASE("a restore takes no file's place, and then writes none at all") {
    const Machine lost;
    const Machine other;
    const auto backup = make_backup(lost.directory, password);
    const auto before = other.bytes_of_file(other.directory.wallet());
    std::filesystem::remove(other.directory.registration());
    CHECK_THROWS_WITH(restore_backup(backup, password, "b", other.directory), Catch::Contains("is there already"));
    CHECK(other.bytes_of_file(other.directory.wallet()) == before);
    CHECK_FALSE(std::filesystem::exists(other.directory.registration()));
}

TEST_CASE("the wallet's password is the backup's: another is refused before anything is written") {
    const Machine machine;
    CHECK_THROWS_AS(make_backup(machine.directory, Bytes{'x'}), Error);
    const TemporaryDirectory empty;
    CHECK_THROWS_WITH(make_backup(DataDirectory(empty / "none"), password), Catch::Contains("neither a wallet"));
}
