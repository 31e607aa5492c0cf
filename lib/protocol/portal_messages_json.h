/// The JSON form of portal_messages.h: encode_ for the sender, decode_ for the receiver, who gets an Error that names
/// the field.
#pragma once

#include "protocol/portal_messages.h"

namespace kaisar {

std::string encode_registration_request(const RegistrationRequest& request);
RegistrationRequest decode_registration_request(std::string_view text);

std::string encode_registration_answer(const RegistrationAnswer& answer);
RegistrationAnswer decode_registration_answer(std::string_view text);

std::string encode_peer_answer(const PeerAnswer& answer);
PeerAnswer decode_peer_answer(std::string_view text);

std::string encode_session_opening(const SessionOpening& opening);
SessionOpening decode_session_opening(std::string_view text);

std::string encode_session_offer(const SessionOffer& offer);
SessionOffer decode_session_offer(std::string_view text);

std::string encode_session_proof(const SessionProof& proof);
SessionProof decode_session_proof(std::string_view text);

std::string encode_rtt_answer(const RttAnswer& answer);
RttAnswer decode_rtt_answer(std::string_view text);

std::string encode_committee_roster(const CommitteeRoster& roster);
CommitteeRoster decode_committee_roster(std::string_view text);

std::string encode_rtt_step(const RttStep& step);
RttStep decode_rtt_step(std::string_view text);

std::string encode_benchmark_job(const BenchmarkJob& job);
BenchmarkJob decode_benchmark_job(std::string_view text);

std::string encode_benchmark_result(const BenchmarkResult& result);
BenchmarkResult decode_benchmark_result(std::string_view text);

std::string encode_benchmark_answer(const BenchmarkAnswer& answer);
BenchmarkAnswer decode_benchmark_answer(std::string_view text);

std::string encode_worker_record(const WorkerRecord& record);
WorkerRecord decode_worker_record(std::string_view text);

std::string encode_portal_failure(const PortalFailure& failure);
/// The code of a body that is no such document; its beginning becomes the message.
inline constexpr std::string_view unreadable_failure = "unreadable";
PortalFailure decode_portal_failure(std::string_view text);

} // namespace kaisar
