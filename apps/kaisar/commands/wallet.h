/// What the subcommands of `kaisar wallet` are asked to do: wallet.cpp declares the options, the other wallet_*.cpp do
/// the work.
#pragma once

#include "command.h"
#include "password.h"
#include "till.h"

#include <optional>
#include <string>

namespace kaisar {

/// How words become a key.
struct MnemonicOptions {
    std::string passphrase_file;
    std::string path;
};

struct CreateOptions {
    int words = 24;
    MnemonicOptions mnemonic;
    std::string mnemonic_file;
    bool replace = false;
    PasswordOptions password;
};

struct ImportOptions {
    std::string mnemonic_file;
    std::string keystore;
    std::string key_file;
    MnemonicOptions mnemonic;
    bool replace = false;
    PasswordOptions password;
};

struct ExportOptions {
    std::string format = "key";
    std::string out;
    PasswordOptions password;
};

struct ChangePasswordOptions {
    PasswordOptions password;
    PasswordOptions new_password;
};

/// What is signed: exactly one of the three.
struct MessageOptions {
    std::optional<std::string> message;
    std::optional<std::string> message_file;
    std::optional<std::string> typed_data;
};

struct SignOptions {
    MessageOptions message;
    PasswordOptions password;
};

struct VerifyOptions {
    MessageOptions message;
    std::string signature;
    std::string address;
};

struct BindOptions {
    std::string request;
    std::string node_public_key;
    std::string inventory_hash;
    std::string registry;
    std::uint64_t chain_id = 0;
    int valid_days = 365;
    std::string out;
    PasswordOptions password;
};

struct BackupOptions {
    std::string file;
    PasswordOptions password;
};

/// Which chain, and how sure.
struct ChainOptions {
    std::string rpc;
    std::uint64_t chain_id = 0;
    std::string registry;
    SettlementOptions settlement;
};

struct BalanceOptions {
    ChainOptions chain;
    std::string address;
};

struct SendOptions {
    ChainOptions chain;
    std::string to;
    std::string amount;
    std::string asset = "coin";
    bool yes = false;
    bool dry_run = false;
    PasswordOptions password;
};

struct ClaimOptions {
    ChainOptions chain;
    bool dry_run = false;
    PasswordOptions password;
};

struct IdentifyOptions {
    ChainOptions chain;
    std::string out;
    std::string document;
    bool yes = false;
    bool dry_run = false;
    PasswordOptions password;
};

int create_wallet(const CreateOptions& options, Context& context);
int import_wallet(const ImportOptions& options, Context& context);
int show_wallet(Context& context);
int show_wallet_address(Context& context);
int export_wallet(const ExportOptions& options, Context& context);
int change_wallet_password(const ChangePasswordOptions& options, Context& context);
int sign_with_wallet(const SignOptions& options, Context& context);
int verify_signature(const VerifyOptions& options, Context& context);
int back_up_wallet(const BackupOptions& options, Context& context);
int restore_wallet(const BackupOptions& options, Context& context);
int check_wallet_backup(const BackupOptions& options, Context& context);
int show_balance(const BalanceOptions& options, Context& context);
int send_funds(const SendOptions& options, Context& context);
int claim_rewards(const ClaimOptions& options, Context& context);
int identify_worker(const IdentifyOptions& options, Context& context);
int bind_worker(const BindOptions& options, Context& context);

} // namespace kaisar
