/// A worker's side of measuring its line to the peer: opened by a signed request, carried on by a token.
#pragma once

#include "client/portal_client.h"
#include "popw_work/hashing.h"

#include <string>

namespace kaisar {

class LineClient {
public:
    /// Asks the peer for a measurement. Error(refused) or Error(network) with its reason when it has none to give.
    LineClient(const Connection& connection, Url peer, PortalClient& signed_peer, const Bytes32& node_id,
               const popw::Primitives& primitives);

    /// Each is one exchange of a multiple of 64 bytes, 4 MiB at most; what comes must be what the token names.
    void download(std::uint64_t bytes);
    void upload(std::uint64_t bytes);
    void ping();

private:
    HttpResponse exchange(std::string_view method, const std::string& what, const Bytes& body);
    const Bytes& stream(std::uint64_t bytes);

    Connection connection_;
    Url url_;
    std::string token_;
    const popw::Primitives primitives_;
    Bytes stream_; ///< of the last size that was asked for
};

/// The token in the peer's answer; `name` is what messages call that.
std::string decode_line_token(std::string_view text);

} // namespace kaisar
