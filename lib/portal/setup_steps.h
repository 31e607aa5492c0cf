/// The setup scripts that the portal gives to a new worker.
#pragma once

#include "popw_rules/params.h"
#include "protocol/setup_plan.h"

namespace kaisar::portal {

/// Checks the machine, closes its state directory to others, and, where the person agrees, has `kaisar prove` started
/// in every slot. The scripts find KAISAR_DATA_DIR and KAISAR_PROGRAM in their environment.
std::vector<SetupStep> make_setup_steps(const popw::Params& params);

} // namespace kaisar::portal
