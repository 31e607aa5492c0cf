/// backup, backup-check, restore: everything that makes this machine the worker it is, in one file.
#include "backup/backup.h"
#include "bytes/hex.h"
#include "error/error.h"
#include "wallet.h"
#include "wallet_json.h"

#include <fmt/format.h>

namespace kaisar {
namespace {

int report_contents(std::string_view action, const std::string& file, const BackupContents& contents,
                    Context& context) {
    if (context.options.json) {
        context.terminal.print_result(wallet_json({.action = action,
                                                   .address = contents.address,
                                                   .backup = file,
                                                   .node_id = contents.node_id,
                                                   .files = contents.files}));
        return 0;
    }
    std::string text = fmt::format("backup   {}\n", file);
    if (contents.address) text += fmt::format("address  {}\n", format_address(*contents.address));
    if (contents.node_id) text += fmt::format("worker   {}\n", encode_hex(*contents.node_id));
    text += fmt::format("files    {}", fmt::join(contents.files, ", "));
    context.terminal.print_result(text);
    return 0;
}

} // namespace

int back_up_wallet(const BackupOptions& options, Context& context) {
    const DataDirectory directory(context.places.data_dir);
    std::error_code ignored;
    if (std::filesystem::exists(options.file, ignored))
        throw Error(ErrorKind::environment, fmt::format("{} exists already", options.file),
                    "give a name that is free: a backup never takes the place of another");
    const bool has_wallet = std::filesystem::exists(directory.wallet(), ignored);
    const auto password = read_password(options.password, context, has_wallet ? Purpose::unlock : Purpose::choose);
    const auto backup = make_backup(directory, password.view());
    save_new_file(options.file, backup);
    // What was written is what is checked: a backup that does not open is worse than none.
    const auto contents = check_backup(load_file(options.file, backup_limit_bytes), password.view(), options.file);
    context.terminal.say("The password is the wallet's. Keep the file away from this machine, and try it with "
                         "kaisar wallet backup-check.");
    return report_contents("backup", options.file, contents, context);
}

int check_wallet_backup(const BackupOptions& options, Context& context) {
    const auto backup = load_file(options.file, backup_limit_bytes);
    const auto password = read_password(options.password, context, Purpose::unlock);
    return report_contents("backup-check", options.file, check_backup(backup, password.view(), options.file), context);
}

int restore_wallet(const BackupOptions& options, Context& context) {
    const auto backup = load_file(options.file, backup_limit_bytes);
    const auto password = read_password(options.password, context, Purpose::unlock);
    const DataDirectory directory(context.places.data_dir);
    const auto contents = restore_backup(backup, password.view(), options.file, directory);
    context.terminal.say(
        fmt::format("Restored into {}. Run this worker in one place only.", directory.root().string()));
    return report_contents("restore", options.file, contents, context);
}

} // namespace kaisar
