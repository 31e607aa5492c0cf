/// A worker's side of the conversation with all members of its committee, each asked at the same time.
///
/// A silent member costs nobody else anything: once enough have answered, the others get half a second more.
#pragma once

#include "client/checker_client.h"
#include "popw_work/line_probe.h"

#include <functional>
#include <map>
#include <thread>
#include <vector>

namespace kaisar {

/// What members sent, by their place in the committee.
using MemberAnswers = std::map<std::size_t, Bytes>;

/// Bit i for member i, as marks have it.
std::uint64_t bitmap_of(const MemberAnswers& answers);
std::vector<Bytes> in_committee_order(const MemberAnswers& answers);

class CommitteeClient {
public:
    struct Member {
        Url url;
        Bytes32 public_key{};
    };

    /// `members` in committee order, at least one.
    CommitteeClient(const Connection& connection, std::vector<Member> members);

    std::size_t quorum() const;
    std::uint64_t all() const;
    std::vector<Bytes32> public_keys() const;

    /// One beacon of each of `members` that sent one until `deadline`; Error when they are fewer than `needed`.
    MemberAnswers fetch_beacons(popw::SlotId slot, popw::BeaconPhase phase, std::uint64_t members, std::size_t needed,
                                Instant deadline);
    /// One receipt of each of `members` that took the mark; Error when they are no quorum.
    MemberAnswers submit_mark(ByteView mark, std::uint64_t members);

    /// Returns once a quorum has the proof on disk; Error(network) when it may have later, Error(refused) when it will
    /// not. Gives the bitmap of those who have it.
    std::uint64_t submit_proof(ByteView proof);
    /// The verdicts of those of `members` who have one until `deadline`.
    MemberAnswers find_verdicts(const Bytes32& proof_hash, std::uint64_t members, Instant deadline);

    /// Lets those who gave these receipts of a heartbeat measure the line, one after the other, as far as they want to
    /// and the time until `deadline` goes. Whoever cannot be reached asks again another time.
    void measure_lines(const MemberAnswers& receipts, const popw::Primitives& primitives, Instant deadline);

private:
    using Ask = std::function<std::optional<Bytes>(CheckerClient&)>;
    struct Replies {
        MemberAnswers answers;
        std::vector<Error> failures;
    };
    Replies ask_members(std::uint64_t members, std::size_t needed, std::chrono::milliseconds grace, const Ask& ask);
    CheckerClient make_client(std::size_t member, const std::stop_token& stop) const;

    Connection connection_;
    std::vector<Member> members_;
    /// Those who were not waited for; told to stop, and gone a moment later.
    std::vector<std::jthread> stragglers_;
};

/// The verdict that a quorum of a committee of that size agrees on; nothing when none does.
std::optional<popw::Verdict> find_agreed_verdict(const MemberAnswers& verdicts, std::size_t quorum);

} // namespace kaisar
