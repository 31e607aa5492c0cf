/// Why a contract refused, in words for a person.
#pragma once

#include "bytes/bytes.h"

#include <string>

namespace kaisar {

struct Revert {
    std::string name;    ///< "AlreadyClaimed", for scripts
    std::string message; ///< what happened, with the values
    std::string hint;    ///< the way out
};

/// Of the data that a call reverted with: the registry's and the token's errors, Solidity's own two, or anything else
/// in hexadecimal.
Revert explain_revert(ByteView data);

} // namespace kaisar
