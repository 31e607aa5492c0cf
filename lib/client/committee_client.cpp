#include "client/committee_client.h"

#include "popw_rules/committee.h"

#include <algorithm>
#include <bit>
#include <condition_variable>
#include <mutex>

namespace kaisar {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds usual_grace = 500ms;

/// Shared with the threads that ask: one that was not waited for may outlive the question.
struct Poll {
    std::mutex mutex;
    std::condition_variable changed;
    MemberAnswers answers;
    std::vector<Error> failures;
    std::size_t pending = 0;
    std::stop_source stop;
};

std::vector<std::size_t> places_in(std::uint64_t bitmap) {
    std::vector<std::size_t> places;
    for (; bitmap != 0; bitmap &= bitmap - 1) places.push_back(static_cast<std::size_t>(std::countr_zero(bitmap)));
    return places;
}

/// What went wrong where too few answered: a refusal says more than silence, unless the silent ones could still help.
Error explain(const std::vector<Error>& failures, std::size_t still_possible, std::size_t needed) {
    const auto wanted = still_possible >= needed ? ErrorKind::network : ErrorKind::refused;
    const auto found = std::ranges::find(failures, wanted, &Error::kind);
    if (found != failures.end()) return *found;
    if (!failures.empty()) return failures.front();
    return {ErrorKind::network, "too few checkers of the committee answered in time",
            "the same command can be run again"};
}

} // namespace

std::uint64_t bitmap_of(const MemberAnswers& answers) {
    std::uint64_t bitmap = 0;
    for (const auto& [member, answer] : answers) bitmap |= std::uint64_t{1} << member;
    return bitmap;
}

std::vector<Bytes> in_committee_order(const MemberAnswers& answers) {
    std::vector<Bytes> ordered;
    for (const auto& [member, answer] : answers) ordered.push_back(answer);
    return ordered;
}

CommitteeClient::CommitteeClient(const Connection& connection, std::vector<Member> members)
    : connection_(connection), members_(std::move(members)) {
    check(!members_.empty() && members_.size() <= 64, "a committee has one member at least and a bit for each");
}

std::size_t CommitteeClient::quorum() const { return popw::quorum_of(members_.size()); }

std::uint64_t CommitteeClient::all() const { return ~std::uint64_t{0} >> (64 - members_.size()); }

std::vector<Bytes32> CommitteeClient::public_keys() const {
    std::vector<Bytes32> keys;
    for (const auto& member : members_) keys.push_back(member.public_key);
    return keys;
}

CheckerClient CommitteeClient::make_client(std::size_t member, const std::stop_token& stop) const {
    auto connection = connection_;
    connection.stop = stop;
    return {connection, members_.at(member).url, members_.at(member).public_key};
}

CommitteeClient::Replies CommitteeClient::ask_members(std::uint64_t members, std::size_t needed,
                                                      std::chrono::milliseconds grace, const Ask& ask) {
    const auto places = places_in(members);
    const auto poll = std::make_shared<Poll>();
    poll->pending = places.size();
    const auto ask_one = [poll, ask](std::size_t member, CheckerClient client) {
        std::optional<Bytes> answer;
        std::optional<Error> failure;
        try {
            answer = ask(client);
        } catch (const Error& error) {
            failure = error;
        }
        std::lock_guard lock(poll->mutex);
        if (answer) poll->answers.emplace(member, std::move(*answer));
        if (failure) poll->failures.push_back(std::move(*failure));
        --poll->pending;
        poll->changed.notify_all();
    };
    const std::stop_callback pass_on(connection_.stop, [&] { poll->stop.request_stop(); });
    for (const auto place : places) {
        auto client = make_client(place, poll->stop.get_token());
        if (places.size() == 1)
            ask_one(place, std::move(client));
        else
            stragglers_.emplace_back(ask_one, place, std::move(client));
    }

    std::unique_lock lock(poll->mutex);
    const auto is_complete = [&] { return poll->pending == 0; };
    poll->changed.wait(lock, [&] { return is_complete() || poll->answers.size() >= needed; });
    poll->changed.wait_for(lock, grace, is_complete);
    Replies replies{.answers = poll->answers, .failures = poll->failures};
    lock.unlock();
    poll->stop.request_stop();
    if (connection_.stop.stop_requested())
        throw Error(ErrorKind::interrupted, "interrupted", "run the same command again");
    return replies;
}

MemberAnswers CommitteeClient::fetch_beacons(popw::SlotId slot, popw::BeaconPhase phase, std::uint64_t members,
                                             std::size_t needed, Instant deadline) {
    auto replies = ask_members(members, needed, usual_grace,
                               [=](CheckerClient& client) { return client.fetch_beacon(slot, phase, deadline); });
    if (replies.answers.size() < needed) throw explain(replies.failures, members_.size(), needed);
    return std::move(replies.answers);
}

MemberAnswers CommitteeClient::submit_mark(ByteView mark, std::uint64_t members) {
    const Bytes copy(mark.begin(), mark.end());
    auto replies =
        ask_members(members, quorum(), usual_grace, [copy](CheckerClient& client) { return client.submit_mark(copy); });
    if (replies.answers.size() < quorum()) throw explain(replies.failures, 0, quorum());
    return std::move(replies.answers);
}

std::uint64_t CommitteeClient::submit_proof(ByteView proof) {
    const Bytes copy(proof.begin(), proof.end());
    const auto replies = ask_members(all(), quorum(), connection_.timeout, [copy](CheckerClient& client) {
        client.submit_proof(copy);
        return std::optional(Bytes{});
    });
    const auto have_it = bitmap_of(replies.answers);
    const auto refusals = std::ranges::count(replies.failures, ErrorKind::refused, &Error::kind);
    const auto still_possible = members_.size() - static_cast<std::size_t>(refusals);
    if (replies.answers.size() < quorum()) throw explain(replies.failures, still_possible, quorum());
    return have_it;
}

MemberAnswers CommitteeClient::find_verdicts(const Bytes32& proof_hash, std::uint64_t members, Instant deadline) {
    return ask_members(members, quorum(), usual_grace,
                       [=](CheckerClient& client) { return client.find_verdict(proof_hash, deadline); })
        .answers;
}

void CommitteeClient::measure_lines(const MemberAnswers& receipts, const popw::Primitives& primitives,
                                    Instant deadline) {
    for (const auto& [member, receipt] : receipts) {
        if (connection_.clock.now() >= deadline) return;
        const auto token = popw::probe_token(receipt);
        const auto make_upload = [&](std::uint64_t bytes) { return popw::upload_stream(primitives, token, bytes); };
        try {
            make_client(member, connection_.stop).measure_line(token, popw::probe_sizes, make_upload, deadline);
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::interrupted) throw;
        }
    }
}

std::optional<popw::Verdict> find_agreed_verdict(const MemberAnswers& verdicts, std::size_t quorum) {
    std::vector<popw::Verdict> decoded;
    for (const auto& [member, bytes] : verdicts)
        if (const auto verdict = popw::decode_verdict(bytes)) decoded.push_back(*verdict);
    for (const auto& verdict : decoded)
        if (static_cast<std::size_t>(std::ranges::count_if(
                decoded, [&](const popw::Verdict& other) { return agrees(verdict, other); })) >= quorum)
            return verdict;
    return std::nullopt;
}

} // namespace kaisar
