#include "registry/revert.h"

#include "bytes/hex.h"
#include "clock/clock.h"
#include "registry/abi.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

/// What the first argument of an error is.
enum class Argument { none, time, number, amount };

struct Reason {
    std::string_view signature;
    Argument argument;
    std::string_view message; ///< {} stands for the argument
    std::string_view hint;
};

constexpr std::string_view sign_anew = "sign a new binding with kaisar wallet bind, or run kaisar register --replace";
constexpr std::string_view operators_own = "only the account that operates the registry may; use its wallet";
constexpr std::string_view ask_again = "run kaisar wallet claim again: it asks for the claims anew";

constexpr Reason reasons[] = {
    {"NotOperator()", Argument::none, "the account is not the registry's operator", operators_own},
    {"NotProposed()", Argument::none, "the account was not proposed as operator", operators_own},
    {"WrongNodeId()", Argument::none, "the node id is not the hash of the node key", sign_anew},
    {"WrongSignature()", Argument::none, "the owner's signature is not by the owner, or for another chain or registry",
     sign_anew},
    {"BindingExpired(uint64)", Argument::time, "the binding expired at {}", sign_anew},
    {"BindingNotYetValid(uint64)", Argument::time, "the binding counts only from {}",
     "set the clock of the machine that signs"},
    {"BindingSuperseded(uint64)", Argument::time, "a binding or release of {} or later is on the chain already",
     sign_anew},
    {"UnknownWorker()", Argument::none, "the chain has no such worker of this owner", "run kaisar register"},
    {"NoPeer()", Argument::none, "the network has no peer that serves", "tell the network's operator"},
    {"UnknownPeer()", Argument::none, "there is no such peer, or it is retired", "peers are numbered from 0"},
    {"WrongEndpoint()", Argument::none, "the peer's address is empty or longer than 256 characters",
     "give a shorter one"},
    {"CheckerKnown()", Argument::none, "the checker is on the chain already", "nothing is left to do"},
    {"UnknownChecker()", Argument::none, "the checker is not on the chain", "add it first"},
    {"BanNotLonger(uint64)", Argument::time, "the checker is banned until {} already", "a ban can only be made longer"},
    {"EpochNotOver(uint64)", Argument::number, "epoch {} is not over by the chain's clock",
     "report it when it is; look at this machine's clock"},
    {"EpochPassed(uint64)", Argument::number, "the registry expects epoch {} or a later one",
     "this epoch was reported or passed over before; reports cannot be changed"},
    {"PoolTooLarge(uint256)", Argument::amount, "the pool is larger than the {} that the registry allows an epoch",
     "share a smaller pool"},
    {"UnknownEpoch(uint64)", Argument::number, "epoch {} has no report", ask_again},
    {"WrongProof(uint64)", Argument::number, "a claim for epoch {} does not follow from the report on the chain",
     "the portal gave a wrong proof: tell the network's operator"},
    {"AlreadyClaimed(uint64,bytes32)", Argument::number, "a reward of epoch {} was claimed before", ask_again},
    {"PoolExceeded(uint64)", Argument::number, "the report of epoch {} promises more than its pool",
     "tell the network's operator: the report is wrong"},
    {"NotRegistry()", Argument::none, "only the registry mints tokens", ""},
    {"ZeroAddress()", Argument::none, "the receiver is the zero address", "give the receiver's address"},
    {"InsufficientBalance(uint256,uint256)", Argument::amount, "the account has only {} of the reward token",
     "kaisar wallet balance shows what is there; send less"},
    {"InsufficientAllowance(uint256,uint256)", Argument::amount, "only {} may be taken from the account",
     "approve more first"},
};

/// What the pallet behind peaq's DID precompile says, somewhere within a sentence of the runtime's.
constexpr Reason pallet_reasons[] = {
    {"AttributeAuthorizationFailed", Argument::none,
     "another account wrote this identity, and only that one may change it",
     "use the wallet that wrote it; if none of yours did, somebody else squats there: tell the network's operator"},
    {"AttributeAlreadyExist", Argument::none, "the chain has this identity already", "run the command again"},
    {"AttributeNotFound", Argument::none, "the chain has no such identity any more", "run the command again"},
    {"AttributeNameExceedMax64", Argument::none, "the attribute's name is longer than 64 bytes", ""},
    {"InsufficientBalance", Argument::none, "the account cannot pay the deposit that the chain asks for",
     "send the chain's coin to it; peaq asked for 0.1 an attribute in 2024"},
};

std::string shown(Argument argument, const Uint256& value) {
    if (argument == Argument::amount) return format_amount(value);
    const auto seconds = value.narrow();
    // Years beyond 9999 have no RFC 3339.
    constexpr std::uint64_t last_second = 253'402'300'799;
    if (argument == Argument::time && seconds && *seconds <= last_second)
        return format_rfc3339(Instant(std::chrono::seconds(*seconds)));
    return format_decimal(value);
}

/// What Solidity's Error(string) says, made fit for a terminal.
std::string printable(std::string text) {
    constexpr std::size_t limit = 200;
    text.resize(std::min(text.size(), limit));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

} // namespace

Revert explain_revert(ByteView data) {
    if (data.size() < 4)
        return {"", "the contract refused without a reason",
                "is the registry's address right? compare the network's profile with the operator's"};
    const auto selector = array_of<4>(data.first(4));
    AbiReader arguments(data.subspan(4));
    for (const auto& reason : reasons) {
        if (abi_selector(reason.signature) != selector) continue;
        const auto name = reason.signature.substr(0, reason.signature.find('('));
        const auto value =
            reason.argument == Argument::none ? std::string() : shown(reason.argument, arguments.value(0));
        return {std::string(name), fmt::format(fmt::runtime(reason.message), value), std::string(reason.hint)};
    }
    if (selector == abi_selector("Error(string)")) {
        const auto said = arguments.string(0);
        for (const auto& reason : pallet_reasons)
            if (said.find(reason.signature) != std::string::npos)
                return {std::string(reason.signature), std::string(reason.message), std::string(reason.hint)};
        return {"Error", "the contract refused: " + printable(said), ""};
    }
    if (selector == abi_selector("Panic(uint256)"))
        return {"Panic",
                "the contract met a condition that its authors excluded, number " + format_decimal(arguments.value(0)),
                "report it with the transaction's hash"};
    return {"", "the contract refused: 0x" + encode_hex(data.first(std::min<std::size_t>(data.size(), 68))),
            "this kaisar does not know that reason: is the registry's address right?"};
}

} // namespace kaisar
