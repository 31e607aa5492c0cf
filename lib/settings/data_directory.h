/// The files of one worker, by name: the layout of --data-dir.
#pragma once

#include "files/files.h"

namespace kaisar {

class DataDirectory {
public:
    explicit DataDirectory(Path root) : root_(std::move(root)) {}

    /// Makes the directories where they are missing (0700) and refuses ones that others may read.
    void prepare() const;
    /// Removes what a killed run left half-written; only under the lock, or another run loses what it is writing.
    void sweep() const;

    const Path& root() const { return root_; }
    Path node_key() const { return root_ / "node.key"; }
    Path wallet() const { return root_ / "wallet.json"; }
    Path inventory() const { return root_ / "inventory.json"; }
    Path baseline() const { return root_ / "baseline.json"; }
    Path network() const { return root_ / "network.json"; }
    Path registration() const { return root_ / "registration.json"; }
    Path certificate() const { return root_ / "certificate.json"; }
    Path binding() const { return root_ / "binding.json"; }
    Path identity() const { return root_ / "identity.json"; }
    Path setup() const { return root_ / "setup"; }
    Path outbox() const { return root_ / "outbox"; }
    Path receipts() const { return root_ / "receipts"; }
    Path runs() const { return root_ / "runs"; }
    Path lock() const { return root_ / "lock"; }
    Path transactions() const { return root_ / "transactions.json"; }
    Path transactions_lock() const { return root_ / "transactions.lock"; }

private:
    Path root_;
};

} // namespace kaisar
