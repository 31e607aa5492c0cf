/// `kaisar wallet`: the options of its subcommands.
#include "wallet.h"

#include "error/error.h"
#include "wallet/derivation.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

namespace kaisar {
namespace {

/// A subcommand and what runs when it was given.
struct Subcommand {
    CLI::App* declared;
    Action run;
};

/// Declares a subcommand whose options live as long as its action.
template <typename Options, typename Declare>
Subcommand add(CLI::App& wallet, const char* name, const char* summary, int (*run)(const Options&, Context&),
               Declare declare) {
    auto* declared = wallet.add_subcommand(name, summary);
    declared->fallthrough();
    const auto options = std::make_shared<Options>();
    declare(*declared, *options);
    return {declared, [options, run](Context& context) { return run(*options, context); }};
}

Subcommand add(CLI::App& wallet, const char* name, const char* summary, int (*run)(Context&)) {
    auto* declared = wallet.add_subcommand(name, summary);
    declared->fallthrough();
    return {declared, run};
}

void add_mnemonic_options(CLI::App& command, MnemonicOptions& options) {
    options.path = default_derivation_path;
    command.add_option("--path", options.path, "Derivation path (BIP-32)")->type_name("PATH")->capture_default_str();
    command
        .add_option("--passphrase-file", options.passphrase_file,
                    "File whose first line is the mnemonic's passphrase (BIP-39)")
        ->type_name("FILE");
}

void add_message_options(CLI::App& command, MessageOptions& options) {
    auto* group = command.add_option_group("What is signed");
    group->add_option("--message", options.message, "This text (EIP-191)")->type_name("TEXT");
    group->add_option("--message-file", options.message_file, "The bytes of this file, line ends included (EIP-191)")
        ->type_name("FILE");
    group->add_option("--typed-data", options.typed_data, "A JSON document as eth_signTypedData_v4 takes it (EIP-712)")
        ->type_name("FILE");
    group->require_option(1);
}

void declare_create(CLI::App& command, CreateOptions& options) {
    command.add_option("--words", options.words, "Length of the mnemonic: 12 or 24")
        ->type_name("N")
        ->check(CLI::IsMember({12, 24}))
        ->capture_default_str();
    command
        .add_option("--mnemonic-file", options.mnemonic_file,
                    "Write the mnemonic to this new file instead of showing it")
        ->type_name("FILE");
    command.add_flag("--replace", options.replace, "Set a wallet that is there aside, under another name");
    add_mnemonic_options(command, options.mnemonic);
    add_password_options(command, options.password);
}

void declare_import(CLI::App& command, ImportOptions& options) {
    auto* source = command.add_option_group("What is imported (asked for as a mnemonic where none is given)");
    source->add_option("--mnemonic-file", options.mnemonic_file, "A mnemonic (BIP-39, English)")->type_name("FILE");
    source
        ->add_option("--keystore", options.keystore,
                     "A keystore of geth, MetaMask, ethers or kaisar; keeps its password")
        ->type_name("FILE");
    source->add_option("--key-file", options.key_file, "A private key in hexadecimal")->type_name("FILE");
    source->require_option(0, 1);
    command.add_flag("--replace", options.replace, "Set a wallet that is there aside, under another name");
    add_mnemonic_options(command, options.mnemonic);
    add_password_options(command, options.password);
}

void declare_export(CLI::App& command, ExportOptions& options) {
    command
        .add_option("--format", options.format, "key (hexadecimal) or keystore (encrypted, as other wallets import it)")
        ->check(CLI::IsMember({"key", "keystore"}))
        ->type_name("FORMAT")
        ->capture_default_str();
    command.add_option("--out", options.out, "Write to this new file (0600) instead of stdout")->type_name("FILE");
    add_password_options(command, options.password);
}

void declare_verify(CLI::App& command, VerifyOptions& options) {
    add_message_options(command, options.message);
    command.add_option("--signature", options.signature, "The signature in hexadecimal")->type_name("HEX")->required();
    command.add_option("--address", options.address, "The account that should have signed; this wallet's by default")
        ->type_name("ADDRESS");
}

void declare_bind(CLI::App& command, BindOptions& options) {
    auto* request = command.add_option("--request", options.request,
                                       "binding-request.json, as `kaisar register` wrote it on the worker");
    request->type_name("FILE");
    const auto add_part = [&](const char* name, auto& value, const char* what, const char* type) {
        command.add_option(name, value, what)->type_name(type);
    };
    add_part("--node-public-key", options.node_public_key, "Without --request: the worker's node key", "HEX");
    add_part("--inventory-hash", options.inventory_hash, "Without --request: the hash of its inventory", "HEX");
    add_part("--chain-id", options.chain_id, "Without --request: the chain that the binding counts on", "N");
    add_part("--registry", options.registry, "Without --request: the registry on that chain", "ADDRESS");
    command.add_option("--valid-days", options.valid_days, "How long the binding counts")
        ->type_name("DAYS")
        ->check(CLI::Range(1, 3650))
        ->capture_default_str();
    command.add_option("--out", options.out, "Write the binding to this file instead of stdout")->type_name("FILE");
    add_password_options(command, options.password);
}

enum class Moves { nothing, money };

void add_chain_options(CLI::App& command, ChainOptions& options, Moves moves) {
    command.add_option("--rpc", options.rpc, "RPC addresses of the chain, separated by commas; else the network's")
        ->type_name("URL");
    command.add_option("--chain-id", options.chain_id, "With --rpc and without a network: the chain's id")
        ->type_name("N");
    command.add_option("--registry", options.registry, "The registry on that chain; else the network's")
        ->type_name("ADDRESS");
    if (moves == Moves::money) add_settlement_options(command, options.settlement);
}

void declare_balance(CLI::App& command, BalanceOptions& options) {
    command.add_option("--address", options.address, "Of this account; else the wallet's")->type_name("ADDRESS");
    add_chain_options(command, options.chain, Moves::nothing);
}

void declare_send(CLI::App& command, SendOptions& options) {
    command.add_option("--to", options.to, "Who gets it")->type_name("ADDRESS")->required();
    command.add_option("--amount", options.amount, "How much, such as 1.5")->type_name("AMOUNT")->required();
    command.add_option("--asset", options.asset, "coin (of the chain) or reward (the network's token)")
        ->check(CLI::IsMember({"coin", "reward"}))
        ->type_name("ASSET")
        ->capture_default_str();
    command.add_flag("--yes", options.yes, "Agree to the payment and its fee");
    command.add_flag("--dry-run", options.dry_run, "Say what would be sent and for what fee; sign nothing");
    add_chain_options(command, options.chain, Moves::money);
    add_password_options(command, options.password);
}

void declare_claim(CLI::App& command, ClaimOptions& options) {
    command.add_flag("--dry-run", options.dry_run, "Say what would be claimed; sign nothing");
    add_chain_options(command, options.chain, Moves::money);
    add_password_options(command, options.password);
}

void declare_identify(CLI::App& command, IdentifyOptions& options) {
    auto* elsewhere = command.add_option_group("Worker and wallet on two machines");
    elsewhere->add_option("--out", options.out, "On the worker: write what the node key signed, and send nothing")
        ->type_name("FILE");
    elsewhere
        ->add_option("--document", options.document, "On the wallet's machine: write that file's content to the chain")
        ->type_name("FILE");
    elsewhere->require_option(0, 1);
    command.add_flag("--yes", options.yes, "Agree to the fee");
    command.add_flag("--dry-run", options.dry_run, "Say what would be written and for what fee; sign nothing");
    add_chain_options(command, options.chain, Moves::money);
    add_password_options(command, options.password);
}

void declare_backup(CLI::App& command, BackupOptions& options) {
    command.add_option("file", options.file, "The backup")->type_name("FILE")->required();
    add_password_options(command, options.password);
}

} // namespace

void declare_wallet(CLI::App& command, Action& action) {
    command.require_subcommand(1);
    std::vector<Subcommand> subcommands = {
        add<CreateOptions>(command, "create", "Make a new wallet", create_wallet, declare_create),
        add<ImportOptions>(command, "import", "Bring a wallet from a mnemonic, a keystore or a key", import_wallet,
                           declare_import),
        add(command, "show", "Say what is known of the wallet without unlocking it", show_wallet),
        add(command, "address", "Print the address", show_wallet_address),
        add<ExportOptions>(command, "export", "Print the private key, or the keystore", export_wallet, declare_export),
        add<SignOptions>(command, "sign", "Sign a message or typed data", sign_with_wallet,
                         [](CLI::App& sign, SignOptions& options) {
                             add_message_options(sign, options.message);
                             add_password_options(sign, options.password);
                         }),
        add<VerifyOptions>(command, "verify", "Check who signed a message or typed data", verify_signature,
                           declare_verify),
        add<BindOptions>(command, "bind", "Sign that a worker may earn for this wallet", bind_worker, declare_bind),
        add<BalanceOptions>(command, "balance", "Say what an account has and is owed", show_balance, declare_balance),
        add<SendOptions>(command, "send", "Send coin or rewards to another account", send_funds, declare_send),
        add<ClaimOptions>(command, "claim", "Have the rewards paid that the wallet's workers earned", claim_rewards,
                          declare_claim),
        add<IdentifyOptions>(command, "identify",
                             "Write a worker's identity (DID) to a chain that has peaq's machine identities",
                             identify_worker, declare_identify),
        add<ChangePasswordOptions>(command, "change-password", "Encrypt the wallet under another password",
                                   change_wallet_password,
                                   [](CLI::App& change, ChangePasswordOptions& options) {
                                       add_password_options(change, options.password);
                                       add_password_options(change, options.new_password, "new-");
                                   }),
        add<BackupOptions>(command, "backup", "Write wallet, node key and registration to one encrypted file",
                           back_up_wallet, declare_backup),
        add<BackupOptions>(command, "backup-check", "Open a backup and say what it would bring back, touching nothing",
                           check_wallet_backup, declare_backup),
        add<BackupOptions>(command, "restore", "Bring a backup into an empty data directory", restore_wallet,
                           declare_backup),
    };
    action = [subcommands = std::move(subcommands)](Context& context) {
        for (const auto& subcommand : subcommands)
            if (subcommand.declared->parsed()) return subcommand.run(context);
        throw Error(ErrorKind::usage, "no subcommand given", "kaisar wallet --help lists them");
    };
}

} // namespace kaisar
