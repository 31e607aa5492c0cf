#include "commands.h"
#include "error/error.h"
#include "evm_ledger.h"
#include "hardware/cpu_features.h"
#include "http/message.h"
#include "http_server.h"
#include "portal/network_service.h"
#include "reports_json.h"

#include <charconv>
#include <fmt/format.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace kaisar::network {
namespace {

/// Proofs are verified when nothing else wants the processor: answers to marks carry times, verdicts do not.
constexpr int verification_nice = 10;

struct ServeOptions {
    std::string listen = "127.0.0.1:8080";
    std::string role = "all";
    std::string params;
    std::string points;
    std::size_t checkers = 1;
    bool are_checkers_given = false;
    std::size_t committee = 0; ///< zero: as the store has it, or the usual
    double planted = 2;        ///< per cent
    std::string profile;
    std::string public_url;
    std::string tls_certificate;
    std::string tls_key;
    double rate = 200;
    EvmOptions evm;
};

/// A chain on which this network's registry was found, and what it needs to live.
struct EvmConnection {
    ChainAccess access;
    Account account;
    RegistryFacts facts;
    Address registry;
};

/// HOST:PORT, [V6]:PORT.
HttpServerOptions parse_listen(const ServeOptions& options) {
    const auto colon = options.listen.rfind(':');
    auto host = options.listen.substr(0, colon == std::string::npos ? 0 : colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    std::uint16_t port = 0;
    const auto* begin = options.listen.data() + (colon == std::string::npos ? 0 : colon + 1);
    const auto* end = options.listen.data() + options.listen.size();
    const auto [parsed, code] = std::from_chars(begin, end, port);
    if (host.empty() || code != std::errc{} || parsed != end || begin == end)
        throw Error(ErrorKind::usage, fmt::format("--listen {}: expected HOST:PORT", options.listen),
                    "for example --listen 127.0.0.1:8080, or port 0 for any free one");
    HttpServerOptions server{
        .host = host, .port = port, .tls_certificate = options.tls_certificate, .tls_key = options.tls_key};
    server.per_address = {.per_second = options.rate, .burst = 10 * options.rate};
    return server;
}

accounting::NetworkChoices parse_choices(const ServeOptions& options) {
    accounting::NetworkChoices choices;
    if (!options.params.empty()) choices.params = parse_params(options.params);
    if (!options.points.empty()) {
        choices.points = accounting::find_points_policy(options.points);
        if (!choices.points)
            throw Error(ErrorKind::usage, fmt::format("--points {}: there is no such policy", options.points),
                        "the policies are: published, linear");
    }
    if (options.committee != 0) choices.committee_size = options.committee;
    return choices;
}

void require_known(const ServeOptions& options) {
    if (options.role != "all")
        throw Error(ErrorKind::usage,
                    fmt::format("--role {}: this version runs portal and checker in one process", options.role),
                    "give --role all, or leave it out");
    if (options.checkers < 1 || options.checkers > checker_limit)
        throw Error(ErrorKind::usage,
                    fmt::format("--checkers {}: a network has 1 to {} checkers", options.checkers, checker_limit),
                    "give another number, or leave it out for one");
    if (!options.public_url.empty() && !parse_url(options.public_url))
        throw Error(ErrorKind::usage, fmt::format("--public-url {}: not an http or https address", options.public_url),
                    "for example https://portal.example.net");
}

/// The keys were made when the network was begun, and so was the number of its checkers: workers have pinned them.
void require_fitting(const ServeOptions& options, const NetworkKeys& keys) {
    const auto count = keys.checkers.size();
    if (options.are_checkers_given && options.checkers != count)
        throw Error(ErrorKind::usage,
                    fmt::format("--checkers {}: this network was begun with {}", options.checkers, count),
                    "leave --checkers out, or begin another network with another --data-dir");
    if (options.committee > count)
        throw Error(ErrorKind::usage,
                    fmt::format("--committee {}: the network has {} checkers", options.committee, count),
                    "give at most as many, or begin another network with more --checkers");
}

/// As many connections as the system lets this user have.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void run_at_low_priority(portal::NetworkService& service, const std::stop_token& stop) {
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), verification_nice);
    service.run_verification(stop);
}

/// Nothing where the ledger is embedded.
std::optional<EvmConnection> connect_chain(const ServeOptions& options, const NetworkOptions& shared,
                                           Transport& transport, const Clock& clock) {
    if (!shared.chain.starts_with(evm_prefix)) return std::nullopt;
    auto account = unlock_operator(options.evm);
    const auto registry = parse_registry(options.evm);
    const auto access = make_chain_access(shared, transport, clock);
    auto facts = require_registry(access, registry, account);
    return EvmConnection{access, std::move(account), facts, registry};
}

/// Before a network is begun with them, and again with those that it was begun with.
void require_fitting_epochs(const std::optional<EvmConnection>& connection, const popw::Params& params) {
    const auto epoch = std::chrono::duration_cast<std::chrono::seconds>(params.epoch);
    const auto seconds = static_cast<std::uint64_t>(epoch.count());
    if (connection && connection->facts.epoch_seconds != seconds)
        throw Error(ErrorKind::usage,
                    fmt::format("--registry: its epochs take {} s, and this network's take {} s",
                                connection->facts.epoch_seconds, seconds),
                    "make a registry with the network's --params");
}

std::unique_ptr<Chain> make_chain(std::optional<EvmConnection> connection, Store& store,
                                  const accounting::NetworkSettings& settings, const NetworkKeys& keys,
                                  const NetworkFiles& files, const ServeOptions& options) {
    if (!connection) return nullptr;
    const auto pool = connection->facts.pool_limit;
    EvmLedger ledger{.access = connection->access,
                     .registry = connection->registry,
                     .account = std::move(connection->account),
                     .journal = files.transactions(),
                     .policy = {.confirmations = options.evm.confirmations},
                     .peers = {{.endpoint = settings.profile.portal_url, .public_key = keys.peer().public_key()}},
                     .checkers = {}};
    for (const auto& each : keys.checkers) ledger.checkers.push_back(each.signing.public_key());
    return make_evm_chain(store, std::move(ledger), pool);
}

int serve(const ServeOptions& options, const NetworkOptions& shared) {
    require_known(options);
    auto listen = parse_listen(options);
    auto choices = parse_choices(options);
    const auto files = resolve_files(shared);
    make_private_directory(files.data_dir);
    sweep_temporaries(files.data_dir);
    const auto lock = FileLock::try_acquire(files.lock());
    if (!lock)
        throw Error(ErrorKind::environment,
                    fmt::format("another kaisar-network serve runs on {}", files.data_dir.string()),
                    "stop it first, or give this one another --data-dir");
    raise_descriptor_limit();
    const SystemClock clock;
    const auto primitives = popw::choose_primitives(detect_cpu_features());
    popw::require_working(primitives);

    const auto transport = make_curl_transport();
    auto connection = connect_chain(options, shared, *transport, clock);
    if (choices.params || !std::filesystem::exists(files.store))
        require_fitting_epochs(connection, choices.params.value_or(popw::find_params("default").value()));
    if (connection)
        choices.chain =
            accounting::RegistryPlace{.chain_id = connection->access.chain_id, .registry = connection->registry};

    // The socket before the store: a start that fails for its address has not begun a network.
    portal::NetworkService* service = nullptr;
    HttpServer server(
        std::move(listen), [&](const ServerRequest& request) { return service->answer(request); },
        [&](std::string_view target) { return service->body_limit(target); }, clock);
    const auto keys = load_or_make_network_keys(files.keys(), options.checkers);
    require_fitting(options, keys);
    const auto store = open_sqlite_store(files.store, StoreUse::serve);
    auto settings = accounting::begin_network(*store, keys, choices);
    settings.profile.portal_url = options.public_url.empty() ? server.url() : options.public_url;
    for (std::size_t number = 0; number < keys.checkers.size(); ++number)
        settings.profile.checkers[number].url = settings.profile.portal_url + checker::checker_path(number);
    require_fitting_epochs(connection, settings.params);
    if (connection)
        settings.profile.chain =
            options.evm.public_rpc.empty() ? shared.chain : std::string(evm_prefix) + options.evm.public_rpc;
    portal::NetworkService running(*store, clock, keys, settings, primitives,
                                   make_chain(std::move(connection), *store, settings, keys, files, options));
    service = &running;
    if (!options.profile.empty()) save_network_profile(options.profile, settings.profile);

    std::jthread verification([&](std::stop_token stop) { run_at_low_priority(running, stop); });
    std::jthread chain([&](const std::stop_token& stop) { running.run_chain(stop); });
    std::jthread settlement([&](std::stop_token stop) { running.run_settlement(std::move(stop)); });
    std::jthread planting;
    if (keys.checkers.size() > 1 && options.planted > 0)
        planting = std::jthread([&](std::stop_token stop) {
            running.run_planting(stop, static_cast<std::uint64_t>(options.planted * 10'000));
        });
    server.run([&] {
        write_result(shared.json ? serve_report(server.url(), options.profile)
                                 : fmt::format("kaisar-network: ready at {}", server.url()));
    });
    return 0;
}

} // namespace

void declare_serve(CLI::App& app, const NetworkOptions& shared, Action& action) {
    auto options = std::make_shared<ServeOptions>();
    app.add_option("--listen", options->listen, "Where to listen; port 0 picks a free one")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    app.add_option("--role", options->role, "What this process does: all")->type_name("ROLE");
    app.add_option("--params", options->params, "The network's constants: default, devnet, test or a file")
        ->type_name("NAME|FILE");
    app.add_option("--points", options->points, "How points are computed: published or linear")->type_name("POLICY");
    app.add_option("--checkers", options->checkers, "How many checkers the network has, each with its own key")
        ->type_name("K")
        ->capture_default_str();
    app.add_option("--committee", options->committee,
                   "How many of them watch one worker; 5, or all of fewer, by default")
        ->type_name("K")
        ->check(CLI::PositiveNumber);
    app.add_option("--planted", options->planted,
                   "Where there are several checkers, so many per cent of all proofs are bad ones that try them")
        ->type_name("PERCENT")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    app.add_option("--profile", options->profile, "Write the profile that kaisar --network takes")->type_name("FILE");
    app.add_option("--public-url", options->public_url,
                   "The address that workers use, where it is another than --listen")
        ->type_name("URL");
    app.add_option("--tls-cert", options->tls_certificate, "Certificate chain in PEM; needed beyond loopback")
        ->type_name("FILE");
    app.add_option("--tls-key", options->tls_key, "Private key in PEM")->type_name("FILE");
    app.add_option("--rate", options->rate,
                   "Requests per second from one address, ten times as many at once; 0: no limit")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    add_evm_options(app, options->evm);
    app.add_option("--registry", options->evm.registry, "With --chain evm:URL: the registry, as deploy printed it")
        ->type_name("ADDRESS");
    app.add_option("--public-rpc", options->evm.public_rpc,
                   "The RPC addresses that workers and wallets use, where they are others than those of --chain")
        ->type_name("URL");
    action = [options, &shared, &app] {
        options->are_checkers_given = app.count("--checkers") > 0;
        return serve(*options, shared);
    };
}

} // namespace kaisar::network
