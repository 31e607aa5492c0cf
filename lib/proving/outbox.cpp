#include "proving/outbox.h"

#include "error/error.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace kaisar {
namespace {

constexpr std::uintmax_t spool_limit_bytes = 64u << 20;
constexpr std::string_view extension = ".kpw";

} // namespace

Path Outbox::add(const popw::ProofFile& file) const {
    const auto identity = popw::find_proof_identity(file.proof);
    check(identity.has_value(), "only a proof goes into the outbox");
    std::uintmax_t spooled = 0;
    for (const auto& entry : list()) spooled += std::filesystem::file_size(entry.path);
    const auto content = popw::encode_proof_file(file);
    if (spooled + content.size() > spool_limit_bytes)
        throw Error(
            ErrorKind::environment,
            fmt::format("the outbox {} holds {} bytes of unsent proofs, its limit", directory_.string(), spooled),
            "find out why they cannot be delivered: kaisar status, then kaisar prove --flush");
    const auto path = directory_ / popw::proof_file_name(*identity);
    save_file(path, content);
    return path;
}

std::vector<OutboxEntry> Outbox::list() const {
    std::vector<OutboxEntry> entries;
    std::error_code code;
    for (const auto& file : std::filesystem::directory_iterator(directory_, code)) {
        if (file.path().extension() != extension) continue;
        const auto content = find_file(file.path(), popw::proof_file_limit_bytes);
        const auto decoded = content ? popw::decode_proof_file(*content) : std::nullopt;
        const auto identity = decoded ? popw::find_proof_identity(decoded->proof) : std::nullopt;
        if (!identity) continue;
        const popw::SlotId slot{identity->epoch, identity->slot < popw::first_on_demand_slot ? identity->slot : 0};
        entries.push_back({.path = file.path(), .identity = *identity, .made_at = popw::t0_of(decoded->params, slot)});
    }
    std::sort(entries.begin(), entries.end(), [](const OutboxEntry& a, const OutboxEntry& b) {
        return std::tie(a.identity.epoch, a.identity.slot, a.identity.device_index) <
               std::tie(b.identity.epoch, b.identity.slot, b.identity.device_index);
    });
    return entries;
}

popw::ProofFile Outbox::load(const OutboxEntry& entry) const {
    auto file = popw::decode_proof_file(load_file(entry.path, popw::proof_file_limit_bytes));
    if (!file)
        throw Error(ErrorKind::environment,
                    fmt::format("{} is not a proof file of a version that is known here", entry.path.string()),
                    "move it out of the outbox; kaisar prove --verify FILE says more");
    return std::move(*file);
}

void Outbox::remove(const OutboxEntry& entry) const {
    std::error_code code;
    std::filesystem::remove(entry.path, code);
}

} // namespace kaisar
