#include "proving/challenge.h"

namespace kaisar {

ChallengeAnswer answer_challenge(const ProvingWorker& worker, popw::ProvingDevice& device, const Bytes& beacon,
                                 popw::SteadyTime asked_at, const Connection& connection,
                                 const std::function<void(std::uint32_t rounds)>& on_round) {
    const auto& entry = worker.network.checkers.front();
    CheckerClient checker(connection, require_portal_url(entry.url), entry.public_key);
    const auto start = make_on_demand_start(worker, beacon);
    const auto deadline = asked_at + worker.params.compute_window - worker.params.safety_margin;
    popw::ProvingDevice* const devices[] = {&device};
    std::vector<LeftOut> left_out; // one device: its failure is thrown
    const auto phase = run_compute_phase(worker, devices, start, deadline, on_round, left_out);
    auto receipt = checker.submit_mark(phase.mark);
    auto file = make_proof(worker, start, phase.devices.front(), phase.mark, nullptr, {{}, {receipt}});
    auto verification = require_acceptable(worker, file);
    return {.file = std::move(file), .verification = std::move(verification), .receipt = std::move(receipt)};
}

} // namespace kaisar
