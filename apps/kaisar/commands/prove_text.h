/// What `kaisar prove` says to a person.
#pragma once

#include "proving/prove.h"
#include "terminal.h"

namespace kaisar {

std::string prove_report_text(const ProveReport& report, const Terminal& terminal);

} // namespace kaisar
