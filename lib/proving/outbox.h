/// Proofs that were made but are not known to be delivered: written before they are sent, removed after, never counted
/// twice.
#pragma once

#include "clock/clock.h"
#include "files/files.h"
#include "popw/proof_file.h"

#include <optional>
#include <vector>

namespace kaisar {

struct OutboxEntry {
    Path path;
    popw::ProofIdentity identity;
    /// Without on-demand proofs: when the slot's T0 was.
    Instant made_at{};
};

class Outbox {
public:
    explicit Outbox(Path directory) : directory_(std::move(directory)) {}

    /// Writes the proof (fsync, rename); the same proof again replaces itself. Error(environment) when the spool is
    /// full.
    Path add(const popw::ProofFile& file) const;
    /// Oldest first. Files that are no proof are left alone and not listed.
    std::vector<OutboxEntry> list() const;
    popw::ProofFile load(const OutboxEntry& entry) const;
    void remove(const OutboxEntry& entry) const;

private:
    Path directory_;
};

} // namespace kaisar
