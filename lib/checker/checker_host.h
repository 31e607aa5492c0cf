/// The checkers of one process: each speaks with its own key under its own address.
#pragma once

#include "checker/checker.h"

#include <condition_variable>
#include <memory>

namespace kaisar::checker {

class CheckerHost {
public:
    /// All must outlive the host.
    CheckerHost(network::Store& store, const Clock& clock, const network::NetworkKeys& keys, NetworkConstants constants,
                const popw::Primitives& primitives);

    /// Whether a request is for a checker, by the path of its target.
    static bool is_for_checker(std::span<const std::string_view> path);
    network::ServerAnswer answer(const network::ServerRequest& request);
    /// How many bytes a request for a checker may bring.
    std::uint64_t body_limit(std::string_view target) const;

    /// The one that workers connect to when they register, at the network's own address.
    Checker& peer() { return *checkers_.front(); }
    Checker& checker(std::size_t number) { return *checkers_.at(number); }

    /// Verifies proofs as they come until asked to stop; meant for a thread of its own with low priority.
    void run_verification(std::stop_token stop);
    /// One step of every checker; false when none had anything to do.
    bool decide_next();

    const NetworkConstants& constants() const { return constants_; }

private:
    NetworkConstants constants_;
    std::vector<std::unique_ptr<Checker>> checkers_;
    std::mutex mutex_;
    std::condition_variable_any proof_arrived_;
    std::size_t arrived_ = 0;
};

/// The path that checker `number` has below the network's address: none for the peer.
std::string checker_path(std::size_t number);

} // namespace kaisar::checker
