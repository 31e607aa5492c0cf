/// The one way in which this project reports a failure that the caller can only pass on.
///
/// An outcome that a caller chooses between is a return type. Everything else is an Error, caught once, in main; its
/// kind is the exit code of the process. A bug is neither: check() ends the process.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace kaisar {

/// What went wrong, as far as a script can act on it. The value is the exit code; docs/exit-codes.md explains each.
enum class ErrorKind : int {
    internal = 1,
    usage = 2,
    environment = 3,
    network = 4,
    refused = 5,
    wallet = 6,
    mismatch = 7,
    unstable = 8,
    interrupted = 130,
};

/// The kind's name as docs, JSON and messages spell it.
std::string_view name_of(ErrorKind kind);

class Error : public std::exception {
public:
    /// `message` says what happened, with the value; `hint` says what to do about it and may be empty.
    Error(ErrorKind kind, std::string message, std::string hint = {});

    ErrorKind kind() const { return kind_; }
    const std::string& message() const { return message_; }
    const std::string& hint() const { return hint_; }
    const char* what() const noexcept override { return message_.c_str(); }

private:
    ErrorKind kind_;
    std::string message_;
    std::string hint_;
};

/// Ends the process with the place and the broken assumption: for bugs only, in every build type.
void check(bool holds, const char* assumption, const char* file = __builtin_FILE(), int line = __builtin_LINE());

} // namespace kaisar
