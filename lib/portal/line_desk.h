/// The peer's side of `bench network-*`: a registered worker may measure its line to the peer, within an allowance.
///
/// The peer sends nobody more than he may have: a few measurements an hour for each worker, each of a bounded number of
/// bytes within a minute, and few at a time altogether.
#pragma once

#include "network/exchange.h"
#include "network/store.h"
#include "popw_work/hashing.h"
#include "portal/caller.h"

#include <map>
#include <mutex>
#include <vector>

namespace kaisar::portal {

class LineDesk {
public:
    static constexpr std::uint64_t exchange_limit_bytes = 4u << 20;
    /// Each way, of one measurement.
    static constexpr std::uint64_t allowance_bytes = std::uint64_t{1} << 30;
    static constexpr unsigned measurements_per_hour = 6;
    static constexpr std::size_t open_limit = 8;

    LineDesk(const Clock& clock, const popw::Primitives& primitives) : clock_(clock), primitives_(primitives) {}

    static bool is_for_line(const std::vector<std::string_view>& path);

    /// Signed: {"token": …}, which names the measurement for a minute.
    HttpResponse open(const Caller& caller);
    /// Unsigned: whoever knows the token. GET …/ping, GET …/down/{bytes}, POST …/up/{bytes}.
    HttpResponse answer(const HttpRequest& request, const std::vector<std::string_view>& path);
    /// How long a body may be; nothing of an upload is taken without a token.
    std::uint64_t body_limit(const std::vector<std::string_view>& path) const;

private:
    struct Measurement {
        Bytes32 node_id{};
        Instant expires{};
        std::uint64_t down_left = allowance_bytes, up_left = allowance_bytes;
    };

    HttpResponse send(Measurement& measurement, const std::string& token, std::uint64_t bytes,
                      std::unique_lock<std::mutex>& lock);
    HttpResponse take(Measurement& measurement, const std::string& token, std::uint64_t bytes, const std::string& body,
                      std::unique_lock<std::mutex>& lock);

    const Clock& clock_;
    const popw::Primitives& primitives_;
    mutable std::mutex mutex_;
    std::map<std::string, Measurement, std::less<>> open_;
    std::map<Bytes32, std::vector<Instant>> opened_; ///< within the last hour
};

} // namespace kaisar::portal
