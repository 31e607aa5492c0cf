#include "protocol/certificate.h"
#include "protocol/setup_plan.h"
#include "protocol/signed_document.h"
#include "visitor.h"

#include <catch2/catch.hpp>

using namespace kaisar;
using namespace kaisar::portal;
using namespace kaisar::network;
using namespace std::chrono_literals;

namespace {

/// Status and code, "409 wrong-state".
std::string outcome(const HttpResponse& response) {
    return response.status < 300 ? std::to_string(response.status)
                                 : fmt::format("{} {}", response.status, decode_portal_failure(response.body).code);
}

std::string state_of(const Visitor& visitor) {
    return decode_worker_record(visitor.ask_portal("GET", visitor.target()).body).state;
}

} // namespace

TEST_CASE("a worker is asked in once: the same request again changes nothing") {
    House house;
    const Visitor visitor(house);
    const auto first = visitor.send_request();
    CHECK(first.status == 201);
    const auto again = visitor.send_request();
    CHECK(again.status == 200);
    CHECK(decode_registration_answer(again.body).request_id == decode_registration_answer(first.body).request_id);
    CHECK(state_of(visitor) == "requested");
}

TEST_CASE("a request is refused unless it is signed by the key that it names and holds the inventory that it hashes") {
    House house;
    const Visitor visitor(house), other(house);
    const auto text = inventory_to_json(visitor.inventory);
    RegistrationRequest request{.name = "n",
                                .node_public_key = other.node.public_key(),
                                .inventory = text,
                                .inventory_hash = inventory_hash(visitor.inventory),
                                .claims = {},
                                .boot_id = ""};
    CHECK(outcome(visitor.ask_portal("POST", "/v1/workers", encode_registration_request(request))) == "403 wrong-key");
    request.node_public_key = visitor.node.public_key();
    request.inventory_hash[0] ^= 1;
    CHECK(outcome(visitor.ask_portal("POST", "/v1/workers", encode_registration_request(request))) ==
          "400 bad-request");
    request.inventory = "{}";
    request.inventory_hash = sha256(bytes_of(request.inventory));
    CHECK(outcome(visitor.ask_portal("POST", "/v1/workers", encode_registration_request(request))) ==
          "400 bad-request");
    CHECK(outcome(visitor.ask_portal("POST", "/v1/workers", "{\"name\":")) == "400 bad-request");
    CHECK(outcome(visitor.ask_portal("GET", visitor.target())) == "404 unknown-worker");
}

TEST_CASE("nobody gets in without a fresh signature of their own") {
    House house;
    const Visitor visitor(house), other(house);
    visitor.send_request();
    other.send_request();
    auto request = visitor.make_request("GET", visitor.target());
    CHECK(outcome(std::get<HttpResponse>(visitor.put(request))) == "200");
    CHECK(outcome(std::get<HttpResponse>(visitor.put(request))) == "401 replayed");
    auto changed = visitor.make_request("GET", visitor.target());
    changed.target += "?x";
    CHECK(outcome(std::get<HttpResponse>(visitor.put(changed))) == "401 bad-signature");
    const HttpRequest bare{
        .method = "GET", .authority = "127.0.0.1:8080", .target = visitor.target(), .headers = {}, .body = {}};
    CHECK(outcome(std::get<HttpResponse>(visitor.put(bare))) == "401 unsigned");
    const auto old = visitor.make_request("GET", visitor.target());
    house.stage.clock.set(house.stage.clock.now() + 301s);
    CHECK(outcome(std::get<HttpResponse>(visitor.put(old))) == "401 clock-skew");
    CHECK(outcome(visitor.ask_portal("GET", other.target())) == "403 wrong-key");
    CHECK(outcome(visitor.ask_portal("GET", "/v1/workers/zz")) == "403 wrong-key");
    CHECK(outcome(std::get<HttpResponse>(visitor.put(visitor.make_request("GET", "/v2/anything")))) == "404 not-found");
    CHECK(outcome(visitor.ask_portal("GET", visitor.target("/nothing"))) == "404 not-found");
}

TEST_CASE("a worker that asks too fast is told to wait, and others are not") {
    House house;
    const Visitor visitor(house), other(house);
    visitor.send_request();
    HttpResponse last;
    for (int i = 0; i < 120 && last.status != 429; ++i) last = visitor.ask_portal("GET", visitor.target());
    CHECK(outcome(last) == "429 rate-limited");
    CHECK(last.headers.find("retry-after") == "5");
    CHECK(other.send_request().status == 201);
    house.stage.clock.set(house.stage.clock.now() + 5s);
    CHECK(outcome(visitor.ask_portal("GET", visitor.target())) == "200");
}

TEST_CASE("the setup plan is for this worker, signed by the portal, and its scripts are shell") {
    House house;
    const Visitor visitor(house);
    visitor.send_request();
    const auto document = decode_signed_document(visitor.ask_portal("GET", visitor.target("/setup-plan")).body, "plan");
    const auto plan =
        decode_setup_plan(verify_document(document, setup_plan_kind, house.stage.keys.portal.public_key()));
    CHECK(plan.node_id == visitor.node_id);
    CHECK(plan.expires_at > house.stage.clock.now());
    REQUIRE(plan.steps.size() == 3);
    CHECK(plan.steps.back().optional);
    const TemporaryDirectory directory;
    for (const auto& step : plan.steps)
        for (const auto& script : {step.check, step.apply}) {
            save_file(directory / "script", script);
            CHECK(std::system(fmt::format("/bin/sh -n {}", (directory / "script").string()).c_str()) == 0);
        }
}

TEST_CASE("a binding that is not by the owner, for this worker and in force is refused") {
    House house;
    const Visitor visitor(house);
    CHECK(outcome(visitor.ask_portal("PUT", visitor.target("/binding"), visitor.sign_binding())) ==
          "404 unknown-worker");
    visitor.send_request();
    const auto with = [&](const std::function<void(WorkerBinding&)>& change) {
        return outcome(visitor.ask_portal("PUT", visitor.target("/binding"), visitor.sign_binding(change)));
    };
    CHECK(with([](WorkerBinding& binding) { binding.chain_id = 1; }) == "403 binding-invalid");
    CHECK(with([](WorkerBinding& binding) { binding.registry.bytes[0] ^= 1; }) == "403 binding-invalid");
    CHECK(with([](WorkerBinding& binding) { binding.inventory_hash[0] ^= 1; }) == "403 binding-invalid");
    CHECK(with([](WorkerBinding& binding) { binding.owner.bytes[0] ^= 1; }) == "403 binding-invalid");
    CHECK(with([](WorkerBinding& binding) {
              binding.expires_at = binding.issued_at + 1, binding.issued_at -= 3600, binding.expires_at -= 3000;
          }) == "403 binding-expired");
    CHECK(with([](WorkerBinding& binding) { binding.issued_at += 3000; }) == "403 binding-expired");
    CHECK(state_of(visitor) == "requested");
    CHECK(with([](WorkerBinding&) {}) == "200");
    CHECK(with([](WorkerBinding&) {}) == "200");
    CHECK(state_of(visitor) == "bound");
}

TEST_CASE("a worker cannot be taken over by another wallet") {
    House house;
    Visitor visitor(house);
    visitor.come_to_peer();
    visitor.wallet = Secp256k1Key::generate();
    CHECK(outcome(visitor.ask_portal("PUT", visitor.target("/binding"), visitor.sign_binding())) ==
          "403 owner-mismatch");
}

TEST_CASE("the chain's peer stays the same, and its key is the one that answers") {
    House house;
    Visitor visitor(house);
    visitor.send_request();
    CHECK(outcome(visitor.ask_portal("POST", visitor.target("/peer"))) == "409 wrong-state");
    visitor.ask_portal("PUT", visitor.target("/binding"), visitor.sign_binding());
    const auto first = visitor.take_peer();
    const auto second = visitor.take_peer();
    CHECK(first.peer.id == second.peer.id);
    CHECK(first.transaction_hash == second.transaction_hash);
    CHECK(first.peer.public_key == house.stage.keys.peer().public_key());
    const auto offer = visitor.open_session(first.peer.id);
    CHECK(is_valid_ed25519(first.peer.public_key, session_transcript("peer", visitor.opening, offer), offer.signature));
}

TEST_CASE("a session needs the assigned peer and the worker's own signature") {
    House house;
    Visitor visitor(house), thief(house);
    const auto peer = visitor.come_to_peer().peer;
    thief.come_to_peer();
    const auto opening = [&](const Bytes32& peer_id) {
        return encode_session_opening({.node_id = visitor.node_id, .peer_id = peer_id, .nonce = random_array<32>()});
    };
    CHECK(outcome(visitor.ask_peer("POST", "/v1/sessions", opening(filled(1)))) == "404 unknown-peer");
    CHECK(outcome(thief.ask_peer("POST", "/v1/sessions", opening(peer.id))) == "403 wrong-key");
    const auto offer = visitor.open_session(peer.id);
    const auto rtt = encode_rtt_answer({.answer = {}});
    CHECK(outcome(visitor.ask_peer("POST", "/v1/sessions/" + offer.session_id + "/rtt", rtt)) == "409 wrong-state");
    CHECK(outcome(visitor.ask_peer("PUT", "/v1/sessions/" + offer.session_id,
                                   encode_session_proof({.signature = {}}))) == "401 bad-signature");
    CHECK(outcome(thief.ask_peer("PUT", "/v1/sessions/" + offer.session_id, encode_session_proof({.signature = {}}))) ==
          "404 unknown-session");
    CHECK(outcome(visitor.prove_session(offer)) == "200");
    CHECK(outcome(visitor.ask_peer("POST", "/v1/sessions/" + offer.session_id + "/rtt", rtt)) == "400 bad-request");
    CHECK(outcome(visitor.ask_peer("POST", visitor.target("/benchmark-job"))) == "409 wrong-state");
}

TEST_CASE("the smallest of eight round trips is what is attested") {
    House house;
    Visitor visitor(house);
    const auto peer = visitor.come_to_peer().peer;
    const auto step = visitor.connect(peer.id, 1234us);
    CHECK(step.is_done);
    CHECK(step.rtt == 1234us);
    CHECK(state_of(visitor) == "connected");
}

TEST_CASE("a round-trip answer whose reply was lost can be sent again, and does not shorten what is measured") {
    House house;
    Visitor visitor(house);
    const auto peer = visitor.come_to_peer().peer;
    const auto offer = visitor.open_session(peer.id);
    auto step = decode_rtt_step(visitor.prove_session(offer).body);
    while (!step.is_done) {
        const auto answer = encode_rtt_answer({.answer = rtt_answer(step.nonce)});
        house.stage.clock.set(house.stage.clock.now() + 3ms);
        const auto lost =
            decode_rtt_step(visitor.ask_peer("POST", "/v1/sessions/" + offer.session_id + "/rtt", answer).body);
        step = decode_rtt_step(visitor.ask_peer("POST", "/v1/sessions/" + offer.session_id + "/rtt", answer).body);
        CHECK(step.is_done == lost.is_done);
        if (!step.is_done) CHECK(step.nonce != lost.nonce);
    }
    CHECK(step.rtt == 3ms);
    CHECK(state_of(visitor) == "connected");
}

TEST_CASE("all ten steps lead to a certificate, and each asked for again answers as it did") {
    House house;
    Visitor visitor(house);
    const auto peer = visitor.come_to_peer().peer;
    visitor.connect(peer.id, 2ms);
    CHECK(outcome(visitor.ask_portal("POST", visitor.target("/certificate"))) == "409 wrong-state");
    const auto job = decode_benchmark_job(visitor.ask_peer("POST", visitor.target("/benchmark-job")).body);
    const auto early = visitor.ask_peer("POST", visitor.target("/benchmark-job"));
    CHECK(outcome(early) == "429 rate-limited");
    CHECK(early.headers.find("retry-after") == "1");

    // The stage's worker plays the challenge with this visitor's key.
    house.stage.node = Ed25519Key::from_seed(visitor.node.seed());
    house.stage.node_id = visitor.node_id;
    const auto beacon = *popw::decode_beacon(job.beacon);
    checker::PlayedRun run(house.stage,
                           ChallengeRecord{.node_id = visitor.node_id,
                                           .epoch = beacon.epoch,
                                           .slot = beacon.slot,
                                           .issued_at = Instant(std::chrono::microseconds(beacon.issued_at_us)),
                                           .beacon = job.beacon});
    run.compute(3);
    REQUIRE(run.send_compute_mark(100ms).status == 200);
    const auto proof = run.make_proof();
    const BenchmarkResult result{.job_id = job.job_id, .proof_hash = popw::proof_hash(proof), .report = "{}"};
    const auto body = encode_benchmark_result(result);
    CHECK(outcome(visitor.ask_peer("POST", visitor.target("/benchmark-result"), body)) == "404 unknown-job");
    REQUIRE(house.stage.post("/popw/v1/proof", proof).status == 202);
    const auto waiting = visitor.make_request("POST", visitor.target("/benchmark-result"), body);
    REQUIRE(std::holds_alternative<AskAgain>(visitor.put(waiting)));
    REQUIRE(house.stage.checker.decide_next());
    const auto answered = std::get<HttpResponse>(visitor.put(waiting, 1));
    REQUIRE(answered.status == 200);
    const auto figures = decode_benchmark_answer(answered.body);
    CHECK(figures.attested.macs_per_s == 3 * popw::find_profile(0u)->macs_per_round() * 10);
    CHECK(figures.attested.rtt_us == 2000);
    CHECK(figures.claimed.cores == 8);
    CHECK(figures.claimed.memory_bytes == 64'000'000'000);
    CHECK(figures.claimed.disk_bytes == 500'000'000'000);
    REQUIRE(figures.verdicts.size() == 1);
    CHECK(figures.verdicts[0].first == 0);

    const auto certified = visitor.ask_portal("POST", visitor.target("/certificate"));
    REQUIRE(certified.status == 200);
    const auto certificate = decode_certificate(verify_document(
        decode_signed_document(certified.body, "certificate"), certificate_kind, house.stage.keys.portal.public_key()));
    CHECK(certificate.node_id == visitor.node_id);
    CHECK(certificate.owner == format_address(address_of(visitor.wallet.public_key())));
    CHECK(certificate.peer_id == peer.id);
    CHECK(certificate.attested.macs_per_s == figures.attested.macs_per_s);
    CHECK(state_of(visitor) == "registered");

    CHECK(visitor.ask_portal("POST", visitor.target("/certificate")).body == certified.body);
    CHECK(visitor.ask_peer("POST", visitor.target("/benchmark-result"), body).body == answered.body);
    CHECK(visitor.take_peer().peer.id == peer.id);
    CHECK(outcome(visitor.send_request()) == "200");
    CHECK(state_of(visitor) == "registered");
    house.stage.clock.set(certificate.expires_at);
    CHECK(visitor.ask_portal("POST", visitor.target("/certificate")).body != certified.body);
}

TEST_CASE("a changed machine has to be bound and benchmarked anew") {
    House house;
    Visitor visitor(house);
    const auto peer = visitor.come_to_peer().peer;
    visitor.connect(peer.id, 1ms);
    visitor.inventory.cpu.cores = 16;
    CHECK(outcome(visitor.send_request()) == "200");
    CHECK(state_of(visitor) == "requested");
    CHECK(outcome(visitor.ask_portal("POST", visitor.target("/peer"))) == "409 wrong-state");
    CHECK(outcome(visitor.ask_portal("PUT", visitor.target("/binding"), visitor.sign_binding())) == "200");
    CHECK(outcome(visitor.ask_portal("POST", visitor.target("/peer"))) == "200");
}

TEST_CASE("health and profile are there for everybody, and tell the time") {
    House house;
    const Visitor visitor(house);
    const auto get = [&](const std::string& where) {
        return std::get<HttpResponse>(
            visitor.put({.method = "GET", .authority = "x", .target = where, .headers = {}, .body = {}}));
    };
    const auto health = get("/v1/health");
    CHECK(health.status == 200);
    CHECK(health.body.find(fmt::format("\"now_us\":{}", house.stage.clock.now().time_since_epoch().count())) !=
          std::string::npos);
    const auto profile = decode_network_profile(get("/v1/network").body, "profile");
    CHECK(profile.portal_key == house.stage.keys.portal.public_key());
    CHECK(profile.portal_url == house.settings.profile.portal_url);
}
