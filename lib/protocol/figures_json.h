/// Attested and claimed figures as JSON objects, shared by messages, certificates and reports.
#pragma once

#include "protocol/portal_messages.h"
#include "json/document.h"

namespace kaisar {

Json to_json(const AttestedFigures& figures);
Json to_json(const ClaimedFigures& figures);
Json to_json(const PointsLine& line);
AttestedFigures read_attested_figures(const JsonReader& reader);
ClaimedFigures read_claimed_figures(const JsonReader& reader);
PointsLine read_points_line(const JsonReader& reader);

/// A field that holds an RFC 3339 instant.
Instant read_instant(const JsonReader& reader, std::string_view field);
/// A field that holds an Ed25519 signature.
Signature64 read_signature(const JsonReader& reader, std::string_view field);

} // namespace kaisar
