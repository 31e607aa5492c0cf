#include "protocol/portal_messages.h"
#include "crypto/hash.h"

namespace kaisar {

Bytes session_transcript(std::string_view side, const SessionOpening& opening, const SessionOffer& offer) {
    Bytes transcript;
    for (std::string_view text : {std::string_view("kaisar/1/session/"), side, std::string_view("\n")})
        append(transcript, bytes_of(text));
    for (const auto& field : {opening.node_id, opening.peer_id, opening.nonce, offer.nonce}) append(transcript, field);
    append(transcript, bytes_of(offer.session_id));
    return transcript;
}

Bytes32 rtt_answer(const Bytes32& nonce) { return sha256({bytes_of("kaisar/1/rtt\n"), nonce}); }

} // namespace kaisar
