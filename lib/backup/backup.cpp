#include "backup/backup.h"

#include "bytes/little_endian.h"
#include "crypto/hash.h"
#include "crypto/sealing.h"
#include "error/error.h"
#include "settings/node_key.h"
#include "wallet/keystore_json.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::string_view heading = "kaisar backup 1\n";
constexpr std::size_t header_bytes = heading.size() + 4 + 8 + argon2_salt_bytes + sealing_nonce_bytes;
/// Sorted; the wallet last, so that a restored wallet means that all was restored.
constexpr std::array<std::string_view, 6> names{"certificate.json", "inventory.json",    "network.json",
                                                "node.key",         "registration.json", "wallet.json"};
/// What a backup may make its reader spend: sixteen times the usual.
constexpr std::uint32_t passes_limit = 16;
constexpr std::uint64_t memory_limit_bytes = std::uint64_t{1} << 30;

struct BackupFile {
    std::string name;
    Secret content;
};

Error make_no_backup(const std::string& name, std::string_view what) {
    return {ErrorKind::environment, fmt::format("{} is no backup of a version that is known here: {}", name, what),
            "give the file that kaisar wallet backup wrote"};
}

std::vector<BackupFile> collect_files(const DataDirectory& directory) {
    std::vector<BackupFile> files;
    for (const auto name : names) {
        auto content = find_file(directory.root() / name, backup_limit_bytes);
        if (!content) continue;
        files.push_back({std::string(name), Secret::copy_of(*content)});
        wipe(*content);
    }
    return files;
}

Secret pack(const std::vector<BackupFile>& files) {
    std::size_t size = 0;
    for (const auto& file : files) size += 2 + file.name.size() + 4 + file.content.size();
    Secret packed(size);
    auto* to = packed.mutable_view().data();
    const auto put = [&](ByteView bytes) { to = std::ranges::copy(bytes, to).out; };
    for (const auto& file : files) {
        ByteWriter head;
        head.put(static_cast<std::uint16_t>(file.name.size())).put(bytes_of(file.name));
        head.put(static_cast<std::uint32_t>(file.content.size()));
        put(head.bytes());
        put(file.content.view());
    }
    return packed;
}

std::vector<BackupFile> unpack(ByteView packed, const std::string& name) {
    std::vector<BackupFile> files;
    const auto take = [&](std::size_t size) {
        if (size > packed.size()) throw make_no_backup(name, "it ends within a file");
        const auto taken = packed.first(size);
        packed = packed.subspan(size);
        return taken;
    };
    while (!packed.empty()) {
        const std::string file(text_of(take(load_le<std::uint16_t>(take(2).data()))));
        // Names come from outside, and these are the only ones that are written to.
        if (std::ranges::find(names, file) == names.end() || (!files.empty() && files.back().name >= file))
            throw make_no_backup(name, fmt::format("it holds a file called {:.40}", file));
        files.push_back({file, Secret::copy_of(take(load_le<std::uint32_t>(take(4).data())))});
    }
    return files;
}

const Secret* find_content(const std::vector<BackupFile>& files, std::string_view name) {
    const auto found = std::ranges::find(files, name, &BackupFile::name);
    return found == files.end() ? nullptr : &found->content;
}

std::vector<BackupFile> open_backup(ByteView backup, ByteView password, const std::string& name) {
    if (backup.size() > backup_limit_bytes) throw make_no_backup(name, "it is too long");
    if (backup.size() <= header_bytes || text_of(backup.first(heading.size())) != heading)
        throw make_no_backup(name, "it does not begin like one");
    const auto* at = backup.data() + heading.size();
    const Argon2Cost cost{.passes = load_le<std::uint32_t>(at), .memory_bytes = load_le<std::uint64_t>(at + 4)};
    if (cost.passes < 1 || cost.passes > passes_limit || cost.memory_bytes < 8192 ||
        cost.memory_bytes > memory_limit_bytes)
        throw make_no_backup(
            name, fmt::format("it asks for {} passes over {} bytes of memory", cost.passes, cost.memory_bytes));
    const auto salt = backup.subspan(heading.size() + 12, argon2_salt_bytes);
    const auto nonce = backup.subspan(header_bytes - sealing_nonce_bytes, sealing_nonce_bytes);
    const auto key = derive_by_argon2id(password, salt, cost);
    const auto content = unseal(key.view(), nonce, backup.first(header_bytes), backup.subspan(header_bytes));
    if (!content)
        throw Error(ErrorKind::wallet, fmt::format("wrong password for {}, or the file was changed", name),
                    "nothing was written; the password is that of the wallet when the backup was made");
    return unpack(content->view(), name);
}

/// Opens what is inside as well: a backup of a wallet that does not open is none.
BackupContents look_into(const std::vector<BackupFile>& files, ByteView password, const std::string& name) {
    BackupContents contents;
    for (const auto& file : files) contents.files.push_back(file.name);
    if (const auto* wallet = find_content(files, "wallet.json"))
        contents.address =
            decrypt_account(decode_keystore(text_of(wallet->view()), name + ": wallet.json"), password).address();
    if (const auto* node_key = find_content(files, "node.key"))
        contents.node_id = sha256(decode_node_key(text_of(node_key->view()), name + ": node.key").public_key());
    return contents;
}

} // namespace

Bytes make_backup(const DataDirectory& directory, ByteView password) {
    const auto files = collect_files(directory);
    if (!find_content(files, "wallet.json") && !find_content(files, "node.key"))
        throw Error(ErrorKind::environment,
                    fmt::format("{} holds neither a wallet nor a node key", directory.root().string()),
                    "name the right directory with --data-dir");
    look_into(files, password, directory.root().string());
    const auto cost = usual_argon2_cost();
    const auto salt = random_array<argon2_salt_bytes>();
    const auto nonce = random_array<sealing_nonce_bytes>();
    ByteWriter backup;
    backup.put(bytes_of(heading)).put(cost.passes).put(cost.memory_bytes).put(salt).put(nonce);
    const auto header = backup.bytes();
    const auto key = derive_by_argon2id(password, salt, cost);
    backup.put(seal(key.view(), nonce, header, pack(files).view()));
    return backup.bytes();
}

BackupContents check_backup(ByteView backup, ByteView password, const std::string& name) {
    return look_into(open_backup(backup, password, name), password, name);
}

BackupContents restore_backup(ByteView backup, ByteView password, const std::string& name,
                              const DataDirectory& directory) {
    const auto files = open_backup(backup, password, name);
    auto contents = look_into(files, password, name);
    directory.prepare();
    const auto present = collect_files(directory);
    std::vector<const BackupFile*> missing;
    for (const auto& file : files) {
        const auto* content = find_content(present, file.name);
        if (content == nullptr)
            missing.push_back(&file);
        else if (!std::ranges::equal(content->view(), file.content.view()))
            throw Error(ErrorKind::wallet,
                        fmt::format("{} is there already, and is another than in the backup",
                                    (directory.root() / file.name).string()),
                        "nothing was written; restore into another --data-dir, or move that file away");
    }
    for (const auto* file : missing) save_new_file(directory.root() / file->name, file->content.view());
    return contents;
}

} // namespace kaisar
