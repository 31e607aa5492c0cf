/// Keeps checkers from saying ok without looking: now and then the network itself sends a proof whose tiles were never
/// computed. It is right in everything but them, so only who recomputes a tile finds out.
#pragma once

#include "checker/checker_host.h"

namespace kaisar::checker {

class Planter {
public:
    /// `share` of all proofs are planted, in parts per million. Everything else must outlive it.
    Planter(network::Store& store, const Clock& clock, CheckerHost& host, const popw::Primitives& primitives,
            std::uint64_t share_ppm)
        : store_(store), clock_(clock), host_(host), primitives_(primitives), share_ppm_(share_ppm) {}

    /// Plants slot after slot until asked to stop.
    void run(const std::stop_token& stop);

    /// How many proofs to plant in a slot where that many workers may prove; nobody can foresee it.
    std::size_t count_in(popw::SlotId slot, std::size_t workers) const;

    /// Takes part in the coming active slot `count` times and waits for its moments; the votes are looked at when all
    /// are in. Does nothing for a slot that is not active.
    void plant(popw::SlotId slot, std::size_t count, const std::stop_token& stop);

    /// Notes everybody whose open vote about a planted proof is anything but "tile-mismatch", whatever the majority
    /// says.
    void review(Instant now);

private:
    struct Planted;

    Bytes32 secret_for(std::string_view what, popw::SlotId slot, std::uint64_t index) const;
    Planted begin(popw::SlotId slot, std::uint64_t index);
    void send_marks(Planted& planted);
    Bytes make_proof(Planted& planted);
    std::vector<Bytes32> make_leaves(const Planted& planted, std::uint32_t round) const;
    void collect(Planted& planted, popw::BeaconPhase phase, Bytes32& value);
    Bytes exchange(std::size_t number, std::string method, const std::string& target, ByteView body) const;

    network::Store& store_;
    const Clock& clock_;
    CheckerHost& host_;
    const popw::Primitives& primitives_;
    std::uint64_t share_ppm_;
    std::vector<network::SlotKey> unreviewed_;
};

} // namespace kaisar::checker
