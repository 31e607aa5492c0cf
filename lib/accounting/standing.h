/// What a worker has earned in an epoch, and what it comes from.
#pragma once

#include "accounting/network_settings.h"
#include "network/store.h"
#include "protocol/portal_messages.h"

namespace kaisar::accounting {

struct Standing {
    AttestedFigures attested; ///< means over the epoch's active slots so far, missing ones counted as zero
    std::uint64_t heard_slots = 0;
    std::uint64_t expected_slots = 0;
    std::uint64_t availability_ppm = 0;
    std::vector<PointsLine> lines;
    std::uint64_t micro_points = 0; ///< the lines' sum
};

class Standings {
public:
    /// `keys` hold what decides which slots were active. Both must outlive this.
    Standings(const NetworkSettings& settings, const network::NetworkKeys& keys) : settings_(settings), keys_(keys) {}

    /// The worker's standing in the epoch as of `now`.
    Standing standing_in(const network::RecordReader& records, const network::StoredWorker& worker, std::uint64_t epoch,
                         Instant now) const;

    /// The whole record, for the worker itself.
    WorkerRecord worker_record(const network::RecordReader& records, const network::StoredWorker& worker,
                               Instant now) const;

    /// The moment from which nothing can be added to the epoch any more.
    Instant final_at(std::uint64_t epoch) const;

    const NetworkSettings& settings() const { return settings_; }

private:
    /// Slots that are over, of those the active ones, of those the ones with a memory phase.
    struct SlotCounts {
        std::uint64_t slots = 0;
        std::uint64_t active = 0;
        std::uint64_t memory = 0;
    };
    SlotCounts count_slots(std::uint64_t epoch, Instant from, Instant until) const;

    const NetworkSettings& settings_;
    const network::NetworkKeys& keys_;
};

/// When the worker was first registered; nothing before that.
std::optional<Instant> find_registration_time(const network::RecordReader& records, const Bytes32& node_id);

} // namespace kaisar::accounting
