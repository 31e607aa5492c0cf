#include "portal/network_service.h"

#include "accounting/bans.h"
#include "bytes/hex.h"
#include "checker/planting.h"
#include "error/error.h"
#include "popw_rules/committee.h"
#include "popw_rules/messages.h"
#include "protocol/http_signature.h"
#include "protocol/portal_messages_json.h"

#include <charconv>
#include <fmt/format.h>

namespace kaisar::portal {
namespace {

using namespace network;

/// A registration makes about twenty requests within a few seconds.
constexpr BucketLimit caller_limit{.per_second = 10, .burst = 100};
constexpr std::size_t caller_memory = 100'000;
constexpr std::chrono::seconds settlement_pause{1};
constexpr std::uint64_t json_limit_bytes = 1024 * 1024;

std::string_view code_of(SignatureFault fault) {
    switch (fault) {
    case SignatureFault::missing:
    case SignatureFault::malformed: return "unsigned";
    case SignatureFault::outside_window: return "clock-skew";
    default: return "bad-signature";
    }
}

HttpResponse not_found(const HttpRequest& request) {
    return failure_response(404, "not-found",
                            fmt::format("there is no {} {}", request.method, request.target.substr(0, 80)),
                            "docs/protocol.md lists what can be asked for");
}

/// Steps 7 to 9 are the peer's, and its key answers them.
bool is_for_peer(const std::vector<std::string_view>& path) {
    if (path.size() >= 2 && path[1] == "sessions") return true;
    return path.size() == 4 && path[1] == "workers" &&
           (path[3] == "benchmark-job" || path[3] == "benchmark-result" || path[3] == "line");
}

} // namespace

NetworkService::NetworkService(Store& store, const Clock& clock, const NetworkKeys& keys,
                               const accounting::NetworkSettings& settings, const popw::Primitives& primitives,
                               std::unique_ptr<Chain> chain)
    : store_(store), clock_(clock), keys_(keys), primitives_(primitives), settings_(settings),
      chain_(chain ? std::move(chain)
                   : make_embedded_chain(
                         store, {{.endpoint = settings.profile.portal_url, .public_key = keys.peer().public_key()}})),
      checkers_(store, clock, keys, accounting::constants_of(settings, keys), primitives), standings_(settings, keys),
      registration_(store, clock, keys, *chain_, settings), peer_(store, clock, keys, *chain_, checkers_.peer()),
      line_(clock, primitives_), callers_(caller_limit, caller_memory) {}

ServerAnswer NetworkService::answer(const ServerRequest& request) {
    const auto path = path_segments(request.http.target);
    if (checker::CheckerHost::is_for_checker(path)) return checkers_.answer(request);
    if (LineDesk::is_for_line(path)) return line_.answer(request.http, path);
    if (path.size() < 2 || path[0] != "v1") return not_found(request.http);
    if (request.http.method == "GET" && path.size() == 2 && path[1] == "health") return show_health();
    if (request.http.method == "GET" && path.size() == 2 && path[1] == "network")
        return json_response(200, encode_network_profile(settings_.profile));
    if (path.size() == 3 && path[1] == "rewards") return answer_rewards(request.http, path[2]);
    auto answer = answer_signed(request, path);
    auto* response = std::get_if<HttpResponse>(&answer);
    if (response && request.http.headers.find("signature"))
        sign_response(*response, request.http, is_for_peer(path) ? keys_.peer() : keys_.portal);
    return answer;
}

std::uint64_t NetworkService::body_limit(std::string_view target) const {
    const auto path = path_segments(target);
    if (LineDesk::is_for_line(path)) return line_.body_limit(path);
    return checker::CheckerHost::is_for_checker(path) ? checkers_.body_limit(target) : json_limit_bytes;
}

std::variant<Caller, HttpResponse> NetworkService::authenticate(const ServerRequest& request) {
    const auto signer = verify_request(request.http, request.received_at);
    if (signer.fault != SignatureFault::none)
        return failure_response(401, code_of(signer.fault), explain(signer.fault),
                                signer.fault == SignatureFault::outside_window
                                    ? "set this machine's clock, best with an NTP client"
                                    : "docs/protocol.md shows a signed request");
    const Caller caller{.public_key = signer.public_key, .node_id = popw::id_of_key(signer.public_key)};
    if (request.times_held > 0) return caller; // this very request was let in before
    {
        std::lock_guard lock(mutex_);
        if (!callers_.try_take(encode_hex(caller.node_id), clock_.steady_now())) {
            auto response = failure_response(429, "rate-limited", "too many requests from this worker",
                                             "wait a few seconds between attempts");
            response.headers.add("Retry-After", "5");
            return response;
        }
    }
    bool is_fresh = false;
    store_.write([&](RecordWriter& records) {
        is_fresh = records.try_insert_nonce(caller.public_key, signer.nonce, request.received_at,
                                            request.received_at - 2 * signature_window);
    });
    if (!is_fresh)
        return failure_response(401, "replayed", "a request with this nonce was received before",
                                "sign each request anew");
    return caller;
}

ServerAnswer NetworkService::answer_signed(const ServerRequest& request, const std::vector<std::string_view>& path) {
    const bool is_committee = path[1] == "committees" && path.size() == 3 && request.http.method == "GET";
    const bool is_known_place = path[1] == "workers" || path[1] == "sessions" || is_committee;
    if (!is_known_place) return not_found(request.http);
    const auto authentic = authenticate(request);
    if (const auto* failure = std::get_if<HttpResponse>(&authentic)) return *failure;
    const auto& caller = std::get<Caller>(authentic);
    const bool is_post = request.http.method == "POST";
    if (path[1] == "workers" && path.size() == 2 && is_post)
        return registration_.take_request(caller, request.http.body);
    if (path[1] == "workers" && (path.size() < 3 || path.size() > 4)) return not_found(request.http);
    if (path[1] == "workers" && decode_hex_array<32>(path[2]) != caller.node_id)
        return failure_response(403, "wrong-key", "the key that signed the request is not this worker's",
                                "sign it with node.key of the worker");
    bool is_worker = false;
    store_.read([&](const RecordReader& records) { is_worker = records.find_worker(caller.node_id).has_value(); });
    if (!is_worker)
        return failure_response(404, "unknown-worker", "no worker is registered with this key", "run kaisar register");
    if (is_committee) return show_committee(request, path[2]);
    if (path[1] == "sessions") return answer_session(request, caller, path);
    return answer_worker(request, caller, path.size() == 4 ? path[3] : std::string_view{});
}

ServerAnswer NetworkService::answer_worker(const ServerRequest& request, const Caller& caller,
                                           std::string_view resource) {
    const auto& [method, body] =
        std::pair<const std::string&, const std::string&>(request.http.method, request.http.body);
    if (method == "GET" && resource.empty()) return show_worker(caller);
    if (method == "GET" && resource == "setup-plan") return registration_.make_plan(caller);
    if (method == "PUT" && resource == "binding") return registration_.take_binding(caller, body);
    if (method == "POST" && resource == "peer") return registration_.assign_peer(caller, request.received_at);
    if (method == "POST" && resource == "certificate") return registration_.issue_certificate(caller);
    if (method == "POST" && resource == "line") return line_.open(caller);
    if (method == "POST" && resource == "benchmark-job") return peer_.issue_job(caller);
    if (method == "POST" && resource == "benchmark-result") return peer_.take_result(caller, body, request.received_at);
    return not_found(request.http);
}

ServerAnswer NetworkService::answer_session(const ServerRequest& request, const Caller& caller,
                                            const std::vector<std::string_view>& path) {
    const auto& method = request.http.method;
    const auto& body = request.http.body;
    if (path.size() == 2 && method == "POST") return peer_.open_session(caller, body);
    if (path.size() == 3 && method == "PUT") return peer_.prove_session(caller, std::string(path[2]), body);
    if (path.size() == 4 && method == "POST" && path[3] == "rtt")
        return peer_.take_rtt(caller, std::string(path[2]), body, request.received_at);
    return not_found(request.http);
}

HttpResponse NetworkService::show_worker(const Caller& caller) const {
    WorkerRecord record;
    store_.read([&](const RecordReader& records) {
        record = standings_.worker_record(records, *records.find_worker(caller.node_id), clock_.now());
    });
    return json_response(200, encode_worker_record(record));
}

ServerAnswer NetworkService::show_committee(const ServerRequest& request, std::string_view epoch_text) const {
    CommitteeRoster roster;
    const auto [end, code] = std::from_chars(epoch_text.data(), epoch_text.data() + epoch_text.size(), roster.epoch);
    const auto& constants = checkers_.constants();
    const auto now = clock_.now();
    if (code != std::errc{} || end != epoch_text.data() + epoch_text.size() ||
        roster.epoch > slot_at(constants.params, now).epoch + 1)
        return not_found(request.http);
    // The draw follows from the first slot's schedule word, which is public from its T0 on.
    const auto drawn_at = t0_of(constants.params, {roster.epoch, 0});
    if (now < drawn_at) {
        const auto latest = request.received_at + longest_hold;
        if (now >= latest)
            return failure_response(503, "unavailable", "the committees of this epoch are not drawn yet",
                                    fmt::format("ask again at {}", format_rfc3339(drawn_at)));
        return AskAgain{std::min(drawn_at, latest)};
    }
    const auto word = checker::schedule_word(constants.schedule_secret, constants.network_id, {roster.epoch, 0});
    roster.day_value = popw::day_value(roster.epoch, word);
    store_.read([&](const RecordReader& records) {
        roster.eligible = checker::eligible_checkers(records, constants, roster.epoch);
    });
    return json_response(200, encode_committee_roster(roster));
}

/// Unsigned, for a wallet has no node key: rewards are no secret, and whoever asks, they go to their owner.
HttpResponse NetworkService::answer_rewards(const HttpRequest& request, std::string_view owner_text) {
    const auto owner = parse_address(owner_text);
    if (!owner)
        return failure_response(400, "bad-request", "the path does not end with an EVM address",
                                "an address is 0x and 40 hexadecimal digits");
    constexpr std::string_view from_word = "?from=";
    std::uint64_t from = 0;
    if (const auto at = request.target.find(from_word); at != std::string::npos)
        std::from_chars(request.target.data() + at + from_word.size(), request.target.data() + request.target.size(),
                        from);
    if (request.method == "GET") return json_response(200, encode_owned_rewards(chain_->rewards_of(*owner, from)));
    if (request.method != "POST") return not_found(request);
    const auto paid = chain_->pay_rewards(*owner);
    if (!paid)
        return failure_response(409, "on-chain", "this network's rewards are claimed from its registry on the chain",
                                "kaisar wallet claim does so");
    return json_response(200, encode_paid_rewards(*paid));
}

HttpResponse NetworkService::show_health() const {
    const auto now = clock_.now();
    return json_response(200, fmt::format(R"({{"status":"ok","now":"{}","now_us":{}}})", format_rfc3339(now),
                                          now.time_since_epoch().count()));
}

void NetworkService::run_planting(const std::stop_token& stop, std::uint64_t share_ppm) {
    checker::Planter(store_, clock_, checkers_, primitives_, share_ppm).run(stop);
}

void NetworkService::run_settlement(std::stop_token stop) {
    while (!stop.stop_requested()) {
        bool is_settled = false;
        try {
            accounting::report_bans(store_, *chain_, checkers_.constants(), clock_.now());
        } catch (const Error&) {
            // The store failed, or the chain refused: it is tried again.
        }
        try {
            is_settled = accounting::settle_next_epoch(store_, *chain_, standings_, clock_.now());
        } catch (const Error&) {
            // The store failed: the epoch stays open and is settled later.
        }
        if (!is_settled) clock_.sleep_until(clock_.now() + settlement_pause, stop);
    }
}

} // namespace kaisar::portal
