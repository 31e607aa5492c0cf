"""A worker's machine identity (DID) on a chain that has peaq's precompile: written once, read back by others' tools, changed, refused."""
import contextlib
import functools
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "faults"), str(TESTS / "cli")]

import json_schema
from anvil import OPERATOR_KEY, Anvil
from processes import Network
from tap import case, main
from worker import Worker, require_registered, state_of

PRECOMPILE = "0x0000000000000000000000000000000000000800"
ENDLESS = 2**32 - 1


def did(*words):
    """What did.mjs says: ethers and Node's own Ed25519, nothing of kaisar's."""
    done = subprocess.run(["node", str(HERE / "did.mjs"), *map(str, words)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_schema(document, name):
    wrong = list(json_schema.faults(document, json.loads((json_schema.SCHEMAS / f"kaisar.{name}-1.schema.json").read_text())))
    assert not wrong, wrong


class Place:
    """A chain, a network beside it whose own ledger is embedded, and a worker of that network."""

    def __init__(self):
        self.home = tempfile.TemporaryDirectory(prefix="kaisar-identity-")
        self.anvil = Anvil()
        self.network = Network(self.home.name)
        self.worker = Worker(self.network.profile)
        self.state = require_registered(self.worker, self.network)
        self.account = None
        self.anvil.give(self.state["owner"])

    def close(self):
        self.worker.__exit__()
        self.network.stop()
        self.anvil.stop()
        self.home.cleanup()

    def run(self, *words, confirmations=1, wait=5):
        return self.worker.run("--timeout", "5", "--json", "wallet", "identify", "--rpc", self.anvil.url, "--chain-id", "3338",
                                           "--confirmations", str(confirmations), "--wait", str(wait), "--password-file", "password", *words)

    def identify(self, *words, **how):
        done = self.run(*words, **how)
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
        document = state_of(done)
        check_schema(document, "wallet")
        return document

    def sent(self):
        return self.anvil.nonce(self.state["owner"])

    def read(self):
        return json.loads(did("read", self.anvil.url, self.account))

    def status(self):
        document = json.loads(self.worker.run("status", "--offline", "--json").stdout)
        check_schema(document, "status")
        return document["identity"]

    @contextlib.contextmanager
    def forgotten(self):
        """What the chain hears meanwhile it forgets."""
        before = self.anvil.rpc("evm_snapshot")
        yield
        assert self.anvil.rpc("evm_revert", before)

    def change_peer(self, endpoint):
        path = self.worker.folder / "data/registration.json"
        record = json.loads(path.read_text())
        before, record["peer"]["endpoint"] = record["peer"]["endpoint"], endpoint
        path.write_text(json.dumps(record))
        return before


@functools.cache
def place():
    """One for all cases, made by the first: where there is no anvil, each case says so."""
    return Place()


@case("a chain without the precompile is named, and nothing is sent")
def _():
    for words in ((), ("--yes",), ("--dry-run",)):
        done = place().run(*words)
        assert done.returncode == 5 and "chain 3338 has no DID precompile: nothing was sent" in done.stderr + done.stdout, done.stdout + done.stderr
    assert place().sent() == 0 and not (place().worker.folder / "data/transactions.json").exists()
    done = place().worker.run("wallet", "identify", "--yes")
    assert done.returncode == 5 and "no chain has identities there" in done.stderr, done.stderr
    assert place().status() is None
    place().anvil.rpc("anvil_setCode", PRECOMPILE, did("code").strip())


@case("nobody's consent, and a dry run: nothing is sent, and the fee is said")
def _():
    done = place().run()
    assert done.returncode == 2 and "nobody is here to confirm" in done.stderr, done.stdout + done.stderr
    dry = place().identify("--dry-run")
    assert dry["identity"] == "added" and dry["dry_run"] is True and float(dry["largest_fee"]) > 0, dry
    assert place().sent() == 0 and place().status() is None
    place().account = dry["did"].removeprefix("did:peaq:")
    assert place().account.lower() == "0x" + place().state["node_id"][:40], "the DID follows from the node key"


@case("an identity that another account wrote is refused in plain words, and nothing is sent")
def _():
    with place().forgotten():
        did("write", place().anvil.url, place().account, OPERATOR_KEY, 0, "mine now")
        done = place().run("--yes")
        assert done.returncode == 5 and "another account wrote this identity, and only that one may change it" in done.stderr, done.stderr
        assert place().sent() == 0


@case("an owner without coin is told what is missing")
def _():
    with place().forgotten():
        place().anvil.give(place().state["owner"], 0)
        done = place().run("--yes")
        assert done.returncode == 5 and "for amount and fee" in done.stderr, done.stderr
    assert not (place().worker.folder / "data/transactions.json").exists(), "something was signed"


@case("worker and wallet on two machines: a file goes between them, and one that was changed is refused")
def _():
    folder = place().worker.folder
    home = folder / "home"
    home.mkdir(0o700)
    with place().forgotten():
        (folder / "data/wallet.json").rename(home / "wallet.json")
        done = place().run("--yes")
        assert done.returncode == 6 and "--out FILE" in done.stderr, done.stderr
        assert place().identify("--out", "identity")["identity"] == "signed"
        text = (folder / "identity").read_text()
        for field, value in (("endpoint", "https://mine.example"), ("owner", "0x1111111111111111111111111111111111111111")):
            changed = json.loads(text)
            (changed["peer"] if field == "endpoint" else changed)[field] = value
            (folder / "changed").write_text(json.dumps(changed))
            done = place().run("--document", "changed", "--yes", "--data-dir", "home")
            assert done.returncode == 5 and "not signed by the node key" in done.stderr, done.stderr
        assert place().identify("--document", "identity", "--yes", "--data-dir", "home")["identity"] == "added"
        assert not (home / "identity.json").exists(), "status speaks of the machine that it runs on"
        assert place().identify()["identity"] == "unchanged"
        (folder / "data/identity.json").unlink()
        (home / "wallet.json").rename(folder / "data/wallet.json")


@case("interrupted before its block, the identity is written once; others' tools read it, and the node key signed it")
def _():
    place().anvil.rpc("evm_setAutomine", False)
    done = place().run("--yes", wait=0.3)
    assert done.returncode == 4 and "is not in a block yet" in done.stderr, done.stdout + done.stderr
    place().anvil.rpc("evm_setAutomine", True)
    place().anvil.rpc("anvil_mine", "0x1")
    for _ in range(2):
        assert place().identify("--yes")["identity"] == "unchanged"
    assert place().sent() == 1
    found = place().read()
    name = "did:peaq:" + place().account
    assert found["isSigned"] is True and found["nodeId"] == "0x" + place().state["node_id"] and found["validity"] == ENDLESS, found
    document = found["document"]
    assert document["id"] == [name] and document["controller"] == ["did:peaq:" + place().state["owner"]], document
    method = document["verificationMethods"][0]
    assert method["type"] == "Ed25519VerificationKey2020" and method["controller"] == name, document
    assert document["authentications"] == [method["id"]] and document["signature"][0]["issuer"] == name, document
    services = {service["id"]: service for service in document["services"]}
    assert services["#p2p"]["serviceEndpoint"] == place().state["peer"]["endpoint"] and services["#payment"]["data"] == place().state["owner"], services
    assert services["#kaisar"]["data"] == place().state["node_id"], services


@case("status names the identity and when it was seen, without asking anybody")
def _():
    seen = place().status()
    assert seen["did"] == "did:peaq:" + place().account and seen["chain_id"] == 3338 and seen["current"] is True, seen
    text = place().worker.run("status", "--offline").stdout
    assert f"identity   {seen['did']}" in text and f"on chain 3338, seen {seen['seen_at']}" in text, text


@case("a peer that changed, a document that ran out: status says the first, and either is written anew, once")
def _():
    before = place().change_peer("https://peer.example:8443")
    assert place().status()["current"] is False
    assert "out of date: kaisar wallet identify" in place().worker.run("status", "--offline").stdout
    assert place().identify("--yes")["identity"] == "updated"
    assert place().read()["document"]["services"][0]["serviceEndpoint"] == "https://peer.example:8443"
    assert place().status()["current"] is True and place().sent() == 2
    # An earlier document that is still on its way when the peer changes again: both arrive, the later one last.
    place().anvil.rpc("evm_setAutomine", False)
    place().change_peer("https://other.example")
    assert place().run("--yes", wait=0.3).returncode == 4
    place().change_peer(before)
    place().anvil.rpc("evm_setAutomine", True)
    last = place().identify("--yes")
    assert last["resumed"] is True and len(last["transactions"]) == 2 and place().sent() == 4, last
    assert place().read()["document"]["services"][0]["serviceEndpoint"] == before
    key = state_of(place().worker.run("--json", "wallet", "export", "--password-file", "password"))["private_key"]
    did("write", place().anvil.url, place().account, key, 1)
    place().anvil.rpc("anvil_mine", "0x2")
    assert place().identify("--yes")["identity"] == "updated" and place().read()["validity"] == ENDLESS
    assert place().identify("--yes")["identity"] == "unchanged"


try:
    main()
finally:
    if place.cache_info().currsize:
        place().close()
