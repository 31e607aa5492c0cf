#include "popw/proof_file.h"

#include "bytes/little_endian.h"

#include <algorithm>

namespace kaisar::popw {
namespace {

constexpr std::string_view magic = "KPWF";
constexpr std::uint16_t version = 1;
constexpr std::size_t committee_limit = 64;

} // namespace

Bytes encode_proof_file(const ProofFile& file) {
    const auto params = encode_params(file.params);
    ByteWriter out;
    out.put(bytes_of(magic))
        .put(version)
        .put(std::uint16_t{0})
        .put(static_cast<std::uint32_t>(params.size()))
        .put(params);
    out.put(file.network_id).put(file.node_key).put(file.schedule_issuer);
    out.put(static_cast<std::uint16_t>(file.quorum)).put(static_cast<std::uint16_t>(file.committee.size()));
    for (const auto& member : file.committee) out.put(member);
    out.put(static_cast<std::uint32_t>(file.proof.size())).put(file.proof);
    return out.take();
}

std::optional<ProofFile> decode_proof_file(ByteView bytes) {
    if (bytes.size() > proof_file_limit_bytes) return std::nullopt;
    ByteReader in(bytes);
    if (text_of(in.take(magic.size())) != magic || in.get<std::uint16_t>() != version) return std::nullopt;
    in.take_zeros(2);
    const auto params = decode_params(in.take(in.get<std::uint32_t>()));
    if (!params) return std::nullopt;
    ProofFile file{.params = *params};
    file.network_id = in.get<std::uint32_t>();
    file.node_key = in.get_array<32>();
    file.schedule_issuer = in.get_array<32>();
    file.quorum = in.get<std::uint16_t>();
    const auto members = in.get<std::uint16_t>();
    const bool is_majority = members == 0 ? file.quorum == 0 : 2 * file.quorum > members && file.quorum <= members;
    if (members > committee_limit || !is_majority) return std::nullopt;
    for (std::uint16_t i = 0; i < members; ++i) {
        file.committee.push_back(in.get_array<32>());
        // One key twice would be a quorum of its own.
        if (std::ranges::find(file.committee, file.committee.back()) != file.committee.end() - 1) return std::nullopt;
    }
    const auto proof = in.take(in.get<std::uint32_t>());
    file.proof.assign(proof.begin(), proof.end());
    if (!in.is_exhausted()) return std::nullopt;
    return file;
}

Verification verify_proof_file(const ProofFile& file, const Primitives& primitives) {
    const VerifierContext context{.params = file.params,
                                  .network_id = file.network_id,
                                  .node_key = file.node_key,
                                  .committee = file.committee,
                                  .quorum = std::max<std::size_t>(file.quorum, 1),
                                  .schedule_issuer = file.schedule_issuer};
    return verify_proof(file.proof, context, primitives);
}

std::string proof_file_name(const ProofIdentity& identity) {
    return std::to_string(identity.epoch) + "-" + std::to_string(identity.slot) + "-" +
           std::to_string(identity.device_index) + ".kpw";
}

} // namespace kaisar::popw
