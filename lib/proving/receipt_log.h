/// What checkers signed for this worker, kept by its owner: receipts and verdicts, each entry chained to the one
/// before, so that a missing or altered entry shows. docs/architecture.md gives the format.
#pragma once

#include "bytes/bytes.h"
#include "clock/clock.h"
#include "files/files.h"

#include <vector>

namespace kaisar {

struct ReceiptEntry {
    /// Hash of the entry before; zero in the very first.
    Bytes32 previous{};
    /// A RECEIPT or VERDICT as it was signed.
    Bytes message;
};

/// Hash that the next entry carries as `previous`.
Bytes32 hash_of(const ReceiptEntry& entry);

/// One file a day in one directory, appended to under the worker's lock. An entry that a power cut tore is cut off.
class ReceiptLog {
public:
    explicit ReceiptLog(Path directory) : directory_(std::move(directory)) {}

    void append(ByteView message, Instant now) const;

    /// All entries, oldest first; Error(mismatch) naming the file where the chain is broken.
    std::vector<ReceiptEntry> load() const;

private:
    std::vector<Path> files() const;

    Path directory_;
};

} // namespace kaisar
