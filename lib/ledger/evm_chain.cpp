#include "ledger/evm_chain.h"

#include "bytes/hex.h"
#include "error/error.h"
#include "evm/binding_json.h"
#include "ledger/reward_book.h"
#include "payments/registration.h"
#include "protocol/portal_messages_json.h"
#include "registry/registry.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <mutex>

namespace kaisar::network {
namespace {

/// Documents about a worker: the transaction of its binding, and its peer as the chain gave it.
constexpr std::string_view binding_kind = "chain-binding";
constexpr std::string_view peer_kind = "chain-peer";
/// Documents about a checker, by its key: until when the chain has banned it, in seconds, and the transaction.
constexpr std::string_view ban_kind = "chain-ban";
constexpr std::chrono::milliseconds shortest_pause{50};
constexpr std::chrono::milliseconds longest_pause{1000};
/// How far back a transaction is looked for that somebody else sent: an hour of blocks of a second.
constexpr std::uint64_t log_window_blocks = 3600;

std::string report_kind(std::uint64_t epoch) { return fmt::format("chain-report/{}", epoch); }

ContractCall question(const Address& to, Bytes data) {
    return {.from = {}, .to = to, .value = {}, .data = std::move(data)};
}

/// Nobody can be given a peer, and no checker be banned, before the chain has them.
enum class Turn { first, usual };

/// What the chain has without us: the transaction, zero where it is not known which one, and its block where it is.
struct Found {
    Bytes32 transaction{};
    std::optional<std::uint64_t> block = {};
};

/// A queued wish: what to send, whether the chain has it already, and what to keep once it is final.
struct Job {
    PaymentIntent intent;
    std::function<std::optional<Found>(ChainClient&)> find_done;
    std::function<void(ChainClient&, const Bytes32& transaction)> keep;
    Turn turn = Turn::usual;
};

class EvmChain final : public Chain {
public:
    EvmChain(Store& store, EvmLedger ledger, const Uint256& pool)
        : store_(store), ledger_(std::move(ledger)), pool_(pool),
          mirror_(make_embedded_chain(store, ledger_.peers, pool)) {}

    std::optional<Bytes32> register_worker(const SignedBinding& binding) override;
    std::optional<PeerAnswer> assign_peer(const Bytes32& node_id, Instant now) override;
    std::optional<Bytes32> report_epoch(const EpochReport& report) override;
    std::optional<Bytes32> ban_checker(const Bytes32& key, Instant until) override;
    Uint256 pool() const override { return pool_; }
    OwnedRewards rewards_of(const Address& owner, std::uint64_t from_epoch) const override {
        OwnedRewards owned;
        store_.read([&](const RecordReader& records) { owned = list_rewards(records, owner, from_epoch); });
        return owned;
    }
    std::optional<PaidRewards> pay_rewards(const Address&) override { return std::nullopt; }
    void run(const std::stop_token& stop) override;

private:
    void enqueue(Job job);
    void throw_refusal(const std::string& purpose);
    void add_sites(ChainClient& chain);
    /// Whether what others brought to the chain has as many blocks as what we bring must have.
    bool is_deep(const std::string& purpose, const Found& found, std::uint64_t latest);
    /// True when the job is done with.
    bool work_on(const std::string& purpose, const Job& job, ChainClient& chain, Sender& sender);
    /// True when a job ended, so that others may be due at once.
    bool work_round(ChainClient& chain, Sender& sender);
    void keep_worker(ChainClient& chain, const WorkerBinding& binding, const Bytes32& transaction);
    void keep_peer(ChainClient& chain, const Bytes32& node_id, const Address& owner, const Bytes32& transaction);
    std::optional<std::string> find_document(const Bytes32& id, std::string_view kind) const;
    bool is_served(const PeerRecord& peer) const;

    Store& store_;
    EvmLedger ledger_;
    Uint256 pool_;
    std::unique_ptr<Chain> mirror_; ///< what the chain confirmed, for audits without the chain
    std::mutex mutex_;
    std::map<std::string, Job> jobs_;
    std::map<std::string, Error> refusals_;
    std::map<std::string, std::uint64_t> first_seen_; ///< by run() alone: when the chain was first seen to have it
};

std::optional<std::string> EvmChain::find_document(const Bytes32& id, std::string_view kind) const {
    std::optional<std::string> text;
    store_.read([&](const RecordReader& records) { text = records.find_document(id, kind); });
    return text;
}

bool EvmChain::is_served(const PeerRecord& peer) const {
    return std::ranges::any_of(ledger_.peers, [&](const PeerSite& site) {
        return site.endpoint == peer.endpoint && site.public_key == peer.public_key;
    });
}

void EvmChain::enqueue(Job job) {
    std::lock_guard lock(mutex_);
    auto purpose = job.intent.purpose;
    jobs_.try_emplace(std::move(purpose), std::move(job));
}

/// Tells it once: whoever asks again has the chain asked again.
void EvmChain::throw_refusal(const std::string& purpose) {
    std::lock_guard lock(mutex_);
    const auto found = refusals_.find(purpose);
    if (found == refusals_.end()) return;
    const auto error = found->second;
    refusals_.erase(found);
    throw Error(error);
}

std::optional<Bytes32> EvmChain::register_worker(const SignedBinding& signed_binding) {
    const auto& binding = signed_binding.binding;
    const auto digest = encode_hex(binding_digest(binding));
    if (const auto known = find_document(binding.node_id, binding_kind); known && known->starts_with(digest + " "))
        return decode_hex_array<32>(known->substr(digest.size() + 1));
    const auto registry = ledger_.registry;
    auto intent = registration_intent(registry, signed_binding);
    throw_refusal(intent.purpose);
    enqueue({.intent = std::move(intent),
             .find_done = [registry, binding](ChainClient& chain) -> std::optional<Found> {
                 if (!has_binding(chain, registry, binding)) return std::nullopt;
                 const auto latest = chain.latest_block().number;
                 const std::optional<Bytes32> topics[] = {worker_registered_topic(), binding.node_id};
                 const auto logs = chain.logs(registry, topics, latest - std::min(latest, log_window_blocks));
                 return logs.empty() ? Found{} : Found{logs.back().transaction_hash, logs.back().block_number};
             },
             .keep = [this, binding](ChainClient& chain,
                                     const Bytes32& transaction) { keep_worker(chain, binding, transaction); }});
    return std::nullopt;
}

void EvmChain::keep_worker(ChainClient& chain, const WorkerBinding& binding, const Bytes32& transaction) {
    keep_peer(chain, binding.node_id, binding.owner, transaction);
    store_.write([&](RecordWriter& records) {
        records.put_document(binding.node_id, binding_kind,
                             encode_hex(binding_digest(binding)) + " " + encode_hex(transaction));
    });
}

void EvmChain::keep_peer(ChainClient& chain, const Bytes32& node_id, const Address& owner, const Bytes32& transaction) {
    const auto answer = chain.read(question(ledger_.registry, worker_call(node_id, owner)));
    const auto worker = decode_worker(answer.data);
    if (!worker || is_zero(worker->peer_id)) return;
    const PeerAnswer peer{.transaction_hash = transaction,
                          .peer = {.id = worker->peer_id,
                                   .endpoint = worker->endpoint,
                                   .public_key = worker->peer_key,
                                   .expires_at = Instant(std::chrono::seconds(worker->peer_expires_at))}};
    store_.write([&](RecordWriter& records) { records.put_document(node_id, peer_kind, encode_peer_answer(peer)); });
}

std::optional<PeerAnswer> EvmChain::assign_peer(const Bytes32& node_id, Instant now) {
    if (const auto known = find_document(node_id, peer_kind)) {
        const auto answer = decode_peer_answer(*known);
        if (answer.peer.expires_at > now && is_served(answer.peer)) return answer;
    }
    std::optional<Address> owner;
    store_.read([&](const RecordReader& records) {
        if (const auto worker = records.find_worker(node_id)) owner = parse_address(worker->owner);
    });
    check(owner.has_value(), "a peer is assigned to a registered worker");
    const auto purpose = "assign " + encode_hex(node_id);
    throw_refusal(purpose);
    const auto registry = ledger_.registry;
    enqueue({.intent = {.purpose = purpose, .to = registry, .value = {}, .data = assign_peer_call(node_id, *owner)},
             .find_done = [this, registry, node_id, owner](ChainClient& chain) -> std::optional<Found> {
                 const auto worker = decode_worker(chain.read(question(registry, worker_call(node_id, *owner))).data);
                 if (!worker || is_zero(worker->peer_id)) return std::nullopt;
                 const PeerRecord peer{.id = worker->peer_id,
                                       .endpoint = worker->endpoint,
                                       .public_key = worker->peer_key,
                                       .expires_at = {}};
                 return is_served(peer) ? std::optional(Found{}) : std::nullopt;
             },
             .keep = [this, node_id,
                      owner](ChainClient& chain,
                             const Bytes32& transaction) { keep_peer(chain, node_id, *owner, transaction); }});
    return std::nullopt;
}

std::optional<Bytes32> EvmChain::report_epoch(const EpochReport& report) {
    // Nothing to pay: the chain need not hear of it, and would not take a report without rewards.
    if (is_zero(report.rewards_root)) return mirror_->report_epoch(report);
    if (const auto known = find_document(network_wide, report_kind(report.epoch))) {
        mirror_->report_epoch(report);
        return decode_hex_array<32>(*known);
    }
    const auto purpose = fmt::format("report {}", report.epoch);
    throw_refusal(purpose);
    const auto registry = ledger_.registry;
    const RegistryReport told{.rewards_root = report.rewards_root,
                              .verdicts_root = report.verdicts_root,
                              .points_digest = report.points_digest,
                              .micro_points = report.micro_points,
                              .pool = report.pool};
    enqueue({.intent = {.purpose = purpose, .to = registry, .value = {}, .data = report_epoch_call(report.epoch, told)},
             .find_done = [registry, told, epoch = report.epoch](ChainClient& chain) -> std::optional<Found> {
                 const auto known = decode_report(chain.read(question(registry, report_call(epoch))).data);
                 return known && *known == told ? std::optional(Found{}) : std::nullopt;
             },
             .keep =
                 [this, epoch = report.epoch](ChainClient&, const Bytes32& transaction) {
                     store_.write([&](RecordWriter& records) {
                         records.put_document(network_wide, report_kind(epoch), encode_hex(transaction));
                     });
                 }});
    return std::nullopt;
}

std::optional<Bytes32> EvmChain::ban_checker(const Bytes32& key, Instant until) {
    const auto seconds =
        until == Instant::max()
            ? UINT64_MAX
            : static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(until).time_since_epoch().count());
    if (const auto known = find_document(key, ban_kind))
        if (const auto space = known->find(' '); std::strtoull(known->c_str(), nullptr, 10) >= seconds)
            return decode_hex_array<32>(known->substr(space + 1));
    const auto purpose = fmt::format("ban {} until {}", encode_hex(key), seconds);
    throw_refusal(purpose);
    const auto registry = ledger_.registry;
    enqueue({.intent = {.purpose = purpose, .to = registry, .value = {}, .data = ban_checker_call(key, seconds)},
             .find_done = [registry, key, seconds](ChainClient& chain) -> std::optional<Found> {
                 const auto banned = decode_value(chain.read(question(registry, checker_call(key))).data);
                 return banned && *banned >= Uint256(seconds) ? std::optional(Found{}) : std::nullopt;
             },
             .keep =
                 [this, key, until, seconds](ChainClient&, const Bytes32& transaction) {
                     mirror_->ban_checker(key, until);
                     store_.write([&](RecordWriter& records) {
                         records.put_document(key, ban_kind, fmt::format("{} {}", seconds, encode_hex(transaction)));
                     });
                 }});
    return std::nullopt;
}

/// The peers and checkers of this network, where the registry does not have them; peers of ours that moved are retired.
void EvmChain::add_sites(ChainClient& chain) {
    const auto enqueue_site = [&](std::string purpose, Bytes data, Turn turn) {
        enqueue(
            {.intent = {.purpose = std::move(purpose), .to = ledger_.registry, .value = {}, .data = std::move(data)},
             .find_done = [](ChainClient&) { return std::optional<Found>(); },
             .keep = [](ChainClient&, const Bytes32&) {},
             .turn = turn});
    };
    const auto count = decode_value(chain.read(question(ledger_.registry, registry_getter("peerCount"))).data);
    auto missing = ledger_.peers;
    for (std::uint64_t index = 0; count && index < count->narrow().value_or(0); ++index) {
        const auto peer = decode_peer(chain.read(question(ledger_.registry, peer_call(index))).data);
        if (!peer || peer->is_retired) continue;
        const auto same = std::ranges::find_if(missing, [&](const PeerSite& site) {
            return site.endpoint == peer->endpoint && site.public_key == peer->key;
        });
        const bool is_ours =
            std::ranges::any_of(ledger_.peers, [&](const PeerSite& site) { return site.public_key == peer->key; });
        if (same != missing.end())
            missing.erase(same);
        else if (is_ours)
            enqueue_site(fmt::format("retire peer {}", index), retire_peer_call(index), Turn::usual);
    }
    for (const auto& site : missing)
        enqueue_site(fmt::format("add peer {} {}", encode_hex(site.public_key), site.endpoint),
                     add_peer_call(site.public_key, site.endpoint), Turn::first);
    for (const auto& key : ledger_.checkers) {
        const auto known = decode_value(chain.read(question(ledger_.registry, checker_call(key))).data);
        if (known && known->is_zero())
            enqueue_site("add checker " + encode_hex(key), add_checker_call(key), Turn::first);
    }
}

bool EvmChain::is_deep(const std::string& purpose, const Found& found, std::uint64_t latest) {
    const auto block = found.block ? *found.block : first_seen_.try_emplace(purpose, latest).first->second;
    if (latest + 1 < block + ledger_.policy.confirmations) return false;
    first_seen_.erase(purpose);
    return true;
}

bool EvmChain::work_on(const std::string& purpose, const Job& job, ChainClient& chain, Sender& sender) {
    if (sender.find_unfinished(purpose) == nullptr) {
        if (const auto found = job.find_done(chain)) {
            if (!is_deep(purpose, *found, chain.latest_block().number)) return false;
            job.keep(chain, found->transaction);
            return true;
        }
        first_seen_.erase(purpose);
        sender.submit(job.intent, quote_payment(chain, ledger_.account.address(), job.intent));
    }
    const auto payment = sender.look_after(purpose);
    if (payment.state == PaymentState::open) return false;
    if (payment.state == PaymentState::confirmed) job.keep(chain, payment.transaction_hash);
    sender.mark_reported(purpose);
    // One that reverted or was replaced is looked at anew: somebody else may have done what it was for.
    return payment.state == PaymentState::confirmed;
}

bool EvmChain::work_round(ChainClient& chain, Sender& sender) {
    std::vector<std::pair<std::string, Job>> jobs;
    {
        std::lock_guard lock(mutex_);
        jobs.assign(jobs_.begin(), jobs_.end());
    }
    const auto is_first = [](const auto& job) { return job.second.turn == Turn::first; };
    if (std::ranges::any_of(jobs, is_first)) std::erase_if(jobs, std::not_fn(is_first));
    // Those that wait for their block first, so that their nonces are settled before new ones are given out.
    std::stable_partition(jobs.begin(), jobs.end(),
                          [&](const auto& job) { return sender.find_unfinished(job.first) != nullptr; });
    bool has_ended = false;
    for (const auto& [purpose, job] : jobs) {
        std::optional<Error> refusal;
        bool is_done = false;
        try {
            is_done = work_on(purpose, job, chain, sender);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::refused) throw;
            refusal = error;
        }
        std::lock_guard lock(mutex_);
        if (is_done || refusal) jobs_.erase(purpose), has_ended = true;
        if (refusal) refusals_.insert_or_assign(purpose, *refusal);
    }
    return has_ended;
}

void EvmChain::run(const std::stop_token& stop) {
    auto access = ledger_.access;
    access.stop = stop;
    ChainClient chain(access);
    Sender sender(chain, ledger_.account, ledger_.journal, ledger_.policy);
    bool has_sites = false;
    auto pause = shortest_pause;
    while (!stop.stop_requested()) {
        try {
            if (!has_sites) add_sites(chain);
            has_sites = true;
            // While nothing moves the node is asked ever less often: it may be somebody else's.
            pause = work_round(chain, sender) ? shortest_pause : std::min(pause * 2, longest_pause);
        } catch (const Error&) {
            // The chain cannot be reached, or is another one: whoever waits is told so, and it is tried again.
            pause = std::min(pause * 2, longest_pause);
        }
        access.clock.sleep_until(access.clock.now() + pause, stop);
    }
}

} // namespace

RegistryFacts fetch_registry_facts(const ChainAccess& access, const Address& registry) {
    ChainClient chain(access);
    const auto get = [&](std::string_view name) {
        const auto answer = chain.read(question(registry, registry_getter(name)));
        const auto value = answer.execution == Execution::succeeded ? decode_value(answer.data) : std::nullopt;
        if (!value)
            throw Error(ErrorKind::mismatch, fmt::format("there is no registry at {}", format_address(registry)),
                        "kaisar-network deploy makes one and prints its address");
        return *value;
    };
    const auto account = get("operator").word();
    return {.chain_id = access.chain_id,
            .operator_account = {array_of<20>(ByteView(account).last(20))},
            .epoch_seconds = get("epochSeconds").narrow().value_or(0),
            .pool_limit = get("poolLimit")};
}

std::unique_ptr<Chain> make_evm_chain(Store& store, EvmLedger ledger, const Uint256& pool) {
    return std::make_unique<EvmChain>(store, std::move(ledger), pool);
}

} // namespace kaisar::network
