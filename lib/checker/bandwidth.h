/// How fast a worker's line is: a checker streams numbers to it and takes numbers from it, once an epoch.
///
/// What is streamed comes from a generator, so it cannot be compressed, and downwards not be known before.
#pragma once

#include "network/exchange.h"
#include "network/store.h"
#include "points/published_points.h"
#include "popw_work/hashing.h"

#include <functional>
#include <map>
#include <mutex>

namespace kaisar::checker {

using Bandwidth = points::AttestedBandwidth;

/// Median over the checkers that measured the worker in that epoch, each direction by itself; nothing when none did.
std::optional<Bandwidth> find_bandwidth(const network::RecordReader& records, const std::vector<Bytes32>& checker_keys,
                                        const Bytes32& node_id, std::uint64_t epoch);

/// One checker's probes. Safe for any number of threads.
class BandwidthProbes {
public:
    BandwidthProbes(network::Store& store, const popw::Primitives& primitives, const Bytes32& checker_id,
                    ByteView secret)
        : store_(store), primitives_(primitives), checker_id_(checker_id), secret_(secret) {}

    /// A probe may follow this receipt, unless the worker had its own for the epoch or too many others are going on.
    void expect(ByteView receipt, const Bytes32& node_id, std::uint64_t epoch, Instant now);

    /// How many bytes an upload of that probe may have; zero when none is expected.
    std::uint64_t upload_limit(std::string_view token) const;

    /// Downwards: the stream; time runs from when it is ready to be sent.
    HttpResponse send(std::string_view token, std::uint64_t bytes, const std::function<Instant()>& clock);
    /// Downwards: the worker has it all, as its SHA-256 shows.
    HttpResponse take_digest(std::string_view token, ByteView digest, Instant received_at, Instant now);
    /// Upwards: `took` from the request's header to its last byte.
    HttpResponse take_upload(std::string_view token, std::uint64_t bytes, ByteView stream, Instant::duration took,
                             Instant now);

private:
    struct Probe {
        Bytes32 node_id{};
        std::uint64_t epoch = 0;
        Instant expires{};
        Instant sent_at{};
        std::uint64_t sent_bytes = 0;
        Bytes32 digest{};
        Bandwidth found;
    };

    Probe* find(std::string_view token, Instant now);
    std::optional<Probe> take_if_complete(std::string_view token);
    void keep(const Probe& probe);

    network::Store& store_;
    const popw::Primitives& primitives_;
    Bytes32 checker_id_;
    ByteView secret_;
    mutable std::mutex mutex_;
    std::map<std::string, Probe, std::less<>> probes_;
};

} // namespace kaisar::checker
