#include "error/error.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace kaisar {

std::string_view name_of(ErrorKind kind) {
    switch (kind) {
    case ErrorKind::internal: return "internal";
    case ErrorKind::usage: return "usage";
    case ErrorKind::environment: return "environment";
    case ErrorKind::network: return "network";
    case ErrorKind::refused: return "refused";
    case ErrorKind::wallet: return "wallet";
    case ErrorKind::mismatch: return "mismatch";
    case ErrorKind::unstable: return "unstable";
    case ErrorKind::interrupted: return "interrupted";
    }
    return "internal";
}

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {}

void check(bool holds, const char* assumption, const char* file, int line) {
    if (holds) [[likely]]
        return;
    std::fprintf(stderr, "kaisar: bug: %s:%d: expected %s\n", file, line, assumption);
    std::abort();
}

} // namespace kaisar
