#include "popw_devices/proving_device.h"

#include "error/error.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

/// How long a device is measured before its profile is chosen.
constexpr std::chrono::milliseconds measuring_time{250};

double measure_rate(const DeviceSetup& setup, const ShapeTrial& trial) {
    double best = 0;
    for (const auto id : setup.params.profiles) {
        const auto& profile = *find_profile(id);
        if (trial.memory_bytes(profile, 1) > trial.memory_limit_bytes) break;
        if (best > 0 && static_cast<double>(profile.macs_per_round()) >
                            best * std::chrono::duration<double>(measuring_time).count())
            break;
        const auto run = trial.run(profile, {.deadline = std::chrono::steady_clock::now() + measuring_time,
                                             .round_limit = hard_round_limit,
                                             .stop = setup.stop,
                                             .on_round = {}});
        best = std::max(best, static_cast<double>(run.macs()) / std::chrono::duration<double>(run.elapsed).count());
    }
    return best;
}

} // namespace

ProvingDevice::~ProvingDevice() = default;

const Profile& choose_shape(const DeviceSetup& setup, const ShapeTrial& trial) {
    const auto rate = measure_rate(setup, trial);
    if (rate == 0 && !setup.stop.stop_requested())
        throw Error(ErrorKind::environment,
                    "not even profile " + std::string(find_profile(setup.params.profiles.front())->name) +
                        " fits into " + std::to_string(trial.memory_limit_bytes) + " bytes of memory",
                    "allow more with --max-memory");
    return choose_profile(
        setup.params, rate,
        [&](const Profile& profile) { return trial.memory_bytes(profile, setup.params.round_limit); },
        trial.memory_limit_bytes);
}

} // namespace kaisar::popw
