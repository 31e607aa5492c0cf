#include "settings/data_directory.h"

namespace kaisar {

void DataDirectory::prepare() const {
    for (const auto& directory : {root_, setup(), outbox(), receipts()}) make_private_directory(directory);
}

void DataDirectory::sweep() const {
    for (const auto& directory : {root_, setup(), outbox(), receipts()}) sweep_temporaries(directory);
}

} // namespace kaisar
