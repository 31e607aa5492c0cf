#include "client/checker_client.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "protocol/portal_messages_json.h"

#include <algorithm>
#include <fmt/format.h>

namespace kaisar {
namespace {

constexpr std::chrono::milliseconds pause{200};
/// A request is worth sending even when its deadline is this near.
constexpr std::chrono::milliseconds shortest_wait{100};
/// A stream that takes longer says that the line is slow; a shorter stream says how slow.
constexpr std::chrono::milliseconds longest_stream{15'000};

Error make_refusal(const HttpResponse& response) {
    const auto failure = decode_portal_failure(response.body);
    if (failure.code == unreadable_failure)
        return Error(ErrorKind::network,
                     fmt::format("status {} and no reason, where the checker was asked", response.status),
                     "something else answers in the checker's place; run the same command again later");
    const bool is_passing = response.status == 429 || response.status >= 500;
    return Error(is_passing ? ErrorKind::network : ErrorKind::refused,
                 fmt::format("{} ({})", failure.message, failure.code), failure.hint);
}

Error make_forgery(std::string_view what) {
    return Error(ErrorKind::network,
                 fmt::format("the checker's {} is not what was asked for, or not signed by its pinned key", what),
                 "the checker is broken or somebody answers in its place; tell the network's operator");
}

Bytes copy_of(std::string_view text) {
    const auto view = bytes_of(text);
    return {view.begin(), view.end()};
}

} // namespace

CheckerClient::CheckerClient(const Connection& connection, Url url, const Bytes32& public_key)
    : connection_(connection), url_(std::move(url)), public_key_(public_key) {}

HttpResponse CheckerClient::exchange(std::string_view method, std::string target, ByteView body,
                                     std::chrono::milliseconds timeout, std::size_t answer_bytes) {
    HttpRequest request{.method = std::string(method),
                        .authority = url_.authority(),
                        .target = std::move(target),
                        .headers = {},
                        .body = std::string(text_of(body))};
    if (!body.empty()) request.headers.add("Content-Type", "application/octet-stream");
    return connection_.transport.send(url_, request, {.timeout = timeout, .body_limit_bytes = answer_bytes},
                                      connection_.stop);
}

std::optional<Bytes> CheckerClient::wait_for(const std::string& target, Instant deadline) {
    for (;;) {
        std::optional<Error> passing;
        try {
            // A checker holds a request until there is an answer: asked again each time that the timeout passes.
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - connection_.clock.now());
            const auto response = exchange(
                "GET", target, {}, std::clamp(left, shortest_wait, std::max(connection_.timeout, shortest_wait)));
            if (response.status == 200) return copy_of(response.body);
            if (response.status != 204) {
                auto refusal = make_refusal(response);
                if (refusal.kind() == ErrorKind::refused) throw refusal;
                passing = refusal;
            }
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::network) throw;
            passing = error;
        }
        if (connection_.clock.now() >= deadline) {
            if (passing) throw *passing;
            return std::nullopt;
        }
        if (!connection_.clock.sleep_until(connection_.clock.now() + pause, connection_.stop))
            throw Error(ErrorKind::interrupted, "interrupted", "run the same command again");
    }
}

Bytes CheckerClient::fetch_beacon(popw::SlotId slot, popw::BeaconPhase phase, Instant deadline) {
    const auto bytes =
        wait_for(fmt::format("/popw/v1/beacon/{}/{}/{}", slot.epoch, slot.slot, static_cast<char>(phase)), deadline);
    if (!bytes)
        throw Error(ErrorKind::network,
                    fmt::format("no beacon {} for slot {} of epoch {} in time", static_cast<char>(phase), slot.slot,
                                slot.epoch),
                    "check this machine's clock (kaisar status shows its offset) and try the next slot");
    const auto beacon = popw::decode_beacon(*bytes);
    if (!beacon || beacon->issuer != public_key_ || beacon->epoch != slot.epoch || beacon->slot != slot.slot ||
        beacon->phase != phase || !popw::is_signed_by(*bytes, public_key_))
        throw make_forgery("beacon");
    return *bytes;
}

Bytes CheckerClient::submit_mark(ByteView mark) {
    const auto response = exchange("POST", "/popw/v1/mark", mark, connection_.timeout);
    if (response.status != 200) throw make_refusal(response);
    const auto bytes = copy_of(response.body);
    const auto receipt = popw::decode_receipt(bytes);
    if (!receipt || receipt->issuer != public_key_ || receipt->mark_hash != popw::mark_hash(mark) ||
        !popw::is_signed_by(bytes, public_key_))
        throw make_forgery("receipt");
    return bytes;
}

void CheckerClient::submit_proof(ByteView proof) {
    const auto response = exchange("POST", "/popw/v1/proof", proof, connection_.timeout);
    if (response.status != 200 && response.status != 202) throw make_refusal(response);
}

bool CheckerClient::measure_with(std::string_view token, std::uint64_t bytes,
                                 const std::function<Bytes(std::uint64_t bytes)>& make_upload, Instant deadline) {
    const auto time_left = [&] {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - connection_.clock.now());
        return std::clamp<std::chrono::milliseconds>(left, shortest_wait, longest_stream);
    };
    const auto target = [&](std::string_view direction) {
        return fmt::format("/popw/v1/probe/{}/{}/{}", token, direction, bytes);
    };
    const auto down = exchange("GET", target("down"), {}, time_left(), bytes);
    if (down.status == 404) return false;
    if (down.status != 200) throw make_refusal(down);
    for (const auto& answer : {exchange("POST", target("down"), sha256(bytes_of(down.body)), time_left()),
                               exchange("POST", target("up"), make_upload(bytes), time_left())})
        if (answer.status != 204) throw make_refusal(answer);
    return true;
}

bool CheckerClient::measure_line(std::string_view token, std::span<const std::uint64_t> sizes,
                                 const std::function<Bytes(std::uint64_t bytes)>& make_upload, Instant deadline) {
    for (const auto bytes : sizes) {
        try {
            return measure_with(token, bytes, make_upload, deadline);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::network || bytes == sizes.back() || connection_.clock.now() >= deadline)
                throw;
        }
    }
    return false;
}

std::optional<Bytes> CheckerClient::find_verdict(const Bytes32& proof_hash, Instant deadline) {
    auto bytes = wait_for("/popw/v1/verdict/" + encode_hex(proof_hash), deadline);
    if (!bytes) return std::nullopt;
    const auto verdict = popw::decode_verdict(*bytes);
    if (!verdict || verdict->issuer != public_key_ || verdict->proof_hash != proof_hash ||
        !popw::is_signed_by(*bytes, public_key_))
        throw make_forgery("verdict");
    return bytes;
}

} // namespace kaisar
