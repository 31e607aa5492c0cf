#include "checker/bandwidth.h"

#include "bytes/hex.h"
#include "crypto/hash.h"
#include "popw_rules/committee.h"
#include "popw_rules/messages.h"
#include "popw_work/line_probe.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace kaisar::checker {
namespace {

using namespace network;
using namespace std::chrono_literals;

/// Each holds its stream in memory, so this bounds what probes can take. Workers that find no place come back in a
/// slot.
constexpr std::size_t probe_limit = 8;
constexpr auto probe_time = 90s;
constexpr std::uint64_t microseconds_per_s = 1'000'000;

bool is_probe_size(std::uint64_t bytes) {
    return std::ranges::find(popw::probe_sizes, bytes) != popw::probe_sizes.end();
}

std::uint64_t bits_per_s(std::uint64_t bytes, Instant::duration took) {
    const auto us = std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    return bytes * 8 * microseconds_per_s / static_cast<std::uint64_t>(us);
}

std::string document_kind(std::uint64_t epoch, const Bytes32& checker_id) {
    return fmt::format("bandwidth/{}/{}", epoch, encode_hex(checker_id));
}

std::string encode(const Bandwidth& found) { return fmt::format("{} {}", found.down_bits_per_s, found.up_bits_per_s); }

std::optional<Bandwidth> decode(std::string_view text) {
    Bandwidth found;
    const auto* end = text.data() + text.size();
    const auto down = std::from_chars(text.data(), end, found.down_bits_per_s);
    if (down.ec != std::errc{} || down.ptr == end) return std::nullopt;
    const auto up = std::from_chars(down.ptr + 1, end, found.up_bits_per_s);
    return up.ec == std::errc{} && up.ptr == end ? std::optional(found) : std::nullopt;
}

HttpResponse not_expected() {
    return failure_response(404, "not-expected", "no probe of the line is expected from this worker now",
                            "one is due once an epoch, after a heartbeat");
}

} // namespace

std::optional<Bandwidth> find_bandwidth(const RecordReader& records, const std::vector<Bytes32>& checker_keys,
                                        const Bytes32& node_id, std::uint64_t epoch) {
    std::vector<std::uint64_t> down;
    std::vector<std::uint64_t> up;
    for (const auto& key : checker_keys) {
        const auto text = records.find_document(node_id, document_kind(epoch, popw::id_of_key(key)));
        const auto found = text ? decode(*text) : std::nullopt;
        if (!found) continue;
        down.push_back(found->down_bits_per_s);
        up.push_back(found->up_bits_per_s);
    }
    if (down.empty()) return std::nullopt;
    return Bandwidth{.down_bits_per_s = popw::upper_median(down), .up_bits_per_s = popw::upper_median(up)};
}

void BandwidthProbes::expect(ByteView receipt, const Bytes32& node_id, std::uint64_t epoch, Instant now) {
    bool is_due = false;
    store_.read([&](const RecordReader& records) {
        is_due = !records.find_document(node_id, document_kind(epoch, checker_id_));
    });
    if (!is_due) return;
    std::lock_guard lock(mutex_);
    std::erase_if(probes_, [&](const auto& each) { return each.second.expires <= now; });
    if (probes_.size() < probe_limit)
        probes_.try_emplace(popw::probe_token(receipt),
                            Probe{.node_id = node_id, .epoch = epoch, .expires = now + probe_time});
}

std::uint64_t BandwidthProbes::upload_limit(std::string_view token) const {
    std::lock_guard lock(mutex_);
    return probes_.contains(token) ? popw::probe_sizes.front() : 0;
}

BandwidthProbes::Probe* BandwidthProbes::find(std::string_view token, Instant now) {
    const auto found = probes_.find(token);
    return found != probes_.end() && found->second.expires > now ? &found->second : nullptr;
}

HttpResponse BandwidthProbes::send(std::string_view token, std::uint64_t bytes, const std::function<Instant()>& clock) {
    {
        std::lock_guard lock(mutex_);
        if (find(token, clock()) == nullptr || !is_probe_size(bytes)) return not_expected();
    }
    const auto stream = popw::download_stream(primitives_, secret_, token, bytes);
    const auto digest = sha256(stream);
    auto response = binary_response(200, stream);
    std::lock_guard lock(mutex_);
    const auto now = clock();
    auto* probe = find(token, now);
    if (probe == nullptr) return not_expected();
    probe->sent_at = now;
    probe->sent_bytes = bytes;
    probe->digest = digest;
    return response;
}

HttpResponse BandwidthProbes::take_digest(std::string_view token, ByteView digest, Instant received_at, Instant now) {
    std::unique_lock lock(mutex_);
    auto* probe = find(token, now);
    if (probe == nullptr || probe->sent_bytes == 0) return not_expected();
    if (!std::ranges::equal(digest, probe->digest))
        return failure_response(400, "bad-request", "the body is not the SHA-256 of what was sent",
                                "ask for the stream again");
    if (probe->found.down_bits_per_s == 0)
        probe->found.down_bits_per_s = bits_per_s(probe->sent_bytes, received_at - probe->sent_at);
    const auto complete = take_if_complete(token);
    lock.unlock();
    if (complete) keep(*complete);
    return empty_response(204);
}

HttpResponse BandwidthProbes::take_upload(std::string_view token, std::uint64_t bytes, ByteView stream,
                                          Instant::duration took, Instant now) {
    std::unique_lock lock(mutex_);
    if (find(token, now) == nullptr || !is_probe_size(bytes)) return not_expected();
    lock.unlock();
    if (!std::ranges::equal(stream, popw::upload_stream(primitives_, token, bytes)))
        return failure_response(400, "bad-request",
                                fmt::format("the body is not the first {} bytes of the probe's stream", bytes),
                                "docs/popw.md has the stream");
    lock.lock();
    auto* probe = find(token, now);
    if (probe == nullptr) return not_expected();
    if (probe->found.up_bits_per_s == 0) probe->found.up_bits_per_s = bits_per_s(bytes, took);
    const auto complete = take_if_complete(token);
    lock.unlock();
    if (complete) keep(*complete);
    return empty_response(204);
}

std::optional<BandwidthProbes::Probe> BandwidthProbes::take_if_complete(std::string_view token) {
    const auto entry = probes_.find(token);
    const auto probe = entry->second;
    if (probe.found.down_bits_per_s == 0 || probe.found.up_bits_per_s == 0) return std::nullopt;
    probes_.erase(entry);
    return probe;
}

/// Never under the lock: the server's socket thread takes it to learn a body's limit, and must not wait for a disk. The
/// first result in an epoch counts: whoever could try again would keep the best.
void BandwidthProbes::keep(const Probe& probe) {
    store_.write([&](RecordWriter& records) {
        const auto kind = document_kind(probe.epoch, checker_id_);
        if (!records.find_document(probe.node_id, kind)) records.put_document(probe.node_id, kind, encode(probe.found));
    });
}

} // namespace kaisar::checker
