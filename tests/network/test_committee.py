"""A network of five checkers: all of them watch a worker, two of them may be gone, and a majority decides."""
import json
import pathlib
import socket
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "faults"), str(HERE.parent / "cli")]

import json_schema
from processes import Network
from tap import case, main
from worker import Worker, require_registered, state_of

REVEAL_PATIENCE_S = 60 / 8 + 5  # devnet gives proofs 60 s; a member that has not voted after an eighth is not waited for

folder = tempfile.TemporaryDirectory(prefix="kaisar-committee-")
network = Network(folder.name, "--checkers", "5", "--planted", "100")
worker = Worker(network.profile)


def checkers():
    document = network.query("checkers")
    schema = json.loads((json_schema.SCHEMAS / "kaisar-network.checkers-1.schema.json").read_text())
    wrong = list(json_schema.faults(document, schema))
    assert not wrong, wrong
    return document["checkers"]


def scheduled_verdict(state):
    """The network's verdict about the slot, once there is one."""
    for _ in range(120):
        rows = network.query("verdicts", "--node", node_id, "--epoch", str(state["epoch"]))["verdicts"]
        found = [row for row in rows if row["slot"] == state["slot"]]
        if found:
            return found[0]
        time.sleep(0.5)
    raise AssertionError("no verdict")


@case("a worker is watched by five checkers: five receipts of each mark, and a verdict that a quorum stands behind")
def _():
    global node_id
    node_id = require_registered(worker, network)["node_id"]
    done = worker.prove("--out", "proofs")
    assert done.returncode == 0, done.stdout + done.stderr
    state = state_of(done)
    assert state["outcome"] == "proved" and state["verify"]["ok"], state
    for phase in {receipt["phase"] for receipt in state["receipts"]}:
        issuers = {receipt["issuer"] for receipt in state["receipts"] if receipt["phase"] == phase}
        assert issuers == {each["public_key"] for each in checkers()}, (phase, issuers)
    verdict = scheduled_verdict(state)
    assert verdict["name"] == "ok" and verdict["votes"] >= 3, verdict
    (proof,) = (worker.folder / "proofs").iterdir()
    assert worker.run("prove", "--verify", str(proof)).returncode == 0
    assert network.query("audit")["ok"]
    assert all(each["status"] == "ready" for each in checkers())
    points = network.query("points", "--epoch", str(state["epoch"]))["workers"]
    mine = next(each for each in points if each["node_id"] == node_id)
    line = next(line for line in mine["lines"] if line["what"] == "bandwidth")
    assert "Mbit/s down" in line["attested"], line


@case("with one checker gone and one that takes connections and says nothing, the other three decide")
def _():
    profile = json.loads(network.profile.read_text())
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as closed:
        profile["checkers"][1]["url"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        profile["checkers"][3]["url"] = f"http://127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        crippled = pathlib.Path(folder.name) / "crippled.json"
        crippled.write_text(json.dumps(profile))
        done = worker.run("prove", "--json", "--timeout", str(REVEAL_PATIENCE_S), profile=crippled)
    state = state_of(done)
    assert done.returncode == 0, done.stdout + done.stderr
    compute = [receipt for receipt in state["receipts"] if receipt["phase"] == "compute"]
    assert len(compute) == 3, state["receipts"]
    verdict = scheduled_verdict(state)
    assert verdict["name"] == "ok" and verdict["votes"] == 3, verdict
    assert network.query("audit")["ok"]


@case("with three of five gone nothing can be proved, and kaisar says that the network is why")
def _():
    profile = json.loads(network.profile.read_text())
    with socket.create_server(("127.0.0.1", 0)) as closed:
        for number in (1, 2, 4):
            profile["checkers"][number]["url"] = f"http://127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        crippled = pathlib.Path(folder.name) / "crippled.json"
        crippled.write_text(json.dumps(profile))
        done = worker.run("prove", "--json", profile=crippled)
    assert done.returncode == 4, done.stdout + done.stderr


@case("bad proofs that the network plants are found by everybody, and nobody earns or loses by them")
def _():
    bad = [row for row in network.query("verdicts")["verdicts"] if row["name"] == "tile-mismatch"]
    assert bad, "nothing was planted in all these slots"
    assert all(row["votes"] >= 3 and row["macs"] == 0 for row in bad), bad
    planted = {worker["node_id"] for worker in network.query("workers")["workers"] if worker["name"] == "planted by the network"}
    assert {row["node_id"] for row in bad} <= planted
    earned = {row["node_id"]: row["micro_points"] for row in network.query("points")["workers"]}
    assert all(earned[node] == 0 for node in planted), earned
    assert all(each["wrong_votes"] == 0 for each in checkers())
    assert network.query("audit")["ok"]


try:
    main()
finally:
    network.stop()
    worker.__exit__()
