/// What a worker holds when it is registered: the portal's signed word for it.
#pragma once

#include "clock/clock.h"
#include "protocol/portal_messages.h"

#include <string>
#include <string_view>

namespace kaisar {

struct Certificate {
    std::string network;
    Bytes32 node_id{};
    Bytes32 node_public_key{};
    /// EIP-55.
    std::string owner;
    Bytes32 peer_id{};
    Bytes32 inventory_hash{};
    AttestedFigures attested;
    Instant issued_at{};
    Instant expires_at{};
};

inline constexpr std::string_view certificate_kind = "certificate";

/// `kaisar.certificate/1`, the payload of a SignedDocument.
std::string encode_certificate(const Certificate& certificate);
Certificate decode_certificate(std::string_view text);

} // namespace kaisar
