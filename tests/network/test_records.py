"""What kaisar-network keeps: registrations, proofs and points survive kill -9, and an audit finds what was tampered with."""
import json
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "faults"), str(HERE.parent / "cli")]

import json_schema
from processes import Network, environment
from tap import case, main
from worker import Worker, require_registered, state_of

folder = tempfile.TemporaryDirectory(prefix="kaisar-network-")
network = Network(folder.name)
worker = Worker(network.profile)


def query(command, *options, code=0):
    """The command's JSON, which must be as its schema says."""
    done = subprocess.run(["kaisar-network", command, "--data-dir", f"{folder.name}/network", "--json", *options], capture_output=True,
                          text=True, env=environment(network.folder), timeout=60)
    assert done.returncode == code, f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    document = json.loads(done.stdout)
    schema = json.loads((json_schema.SCHEMAS / f"kaisar-network.{command}-1.schema.json").read_text())
    wrong = list(json_schema.faults(document, schema))
    assert not wrong, wrong
    return document


def prove():
    done = worker.prove()
    assert done.returncode == 0, done.stdout + done.stderr
    state = state_of(done)
    assert state["outcome"] == "proved", state
    return state


def tampered(statement, *values):
    """The audit of a copy of the store in which one thing was changed."""
    with tempfile.TemporaryDirectory(prefix="kaisar-network-") as home:
        copy = f"{home}/copy.db"
        source = sqlite3.connect(f"{folder.name}/network/network.db")
        target = sqlite3.connect(copy)
        source.backup(target)
        source.close()
        changed = target.execute(statement, values).rowcount
        target.commit()
        target.close()
        assert changed > 0, f"nothing was changed by {statement}"
        report = query("audit", "--store", f"sqlite:{copy}", code=7)
        assert not report["ok"] and report["differences"], report
        return " | ".join(report["differences"])


@case("a worker registers and proves; workers, verdicts and points say so, each as its schema says")
def _():
    state = require_registered(worker, network)
    proved = prove()
    rows = query("workers")["workers"]
    assert [(row["node_id"], row["state"]) for row in rows] == [(state["node_id"], "registered")], rows
    assert rows[0]["owner"] == state["owner"]
    verdicts = query("verdicts")["verdicts"]
    assert [(row["mode"], row["name"]) for row in verdicts if row["slot"] < 1 << 31] == [("scheduled", "ok")], verdicts
    scheduled = next(row for row in verdicts if row["mode"] == "scheduled")
    assert (scheduled["epoch"], scheduled["slot"]) == (proved["epoch"], proved["slot"])
    assert query("verdicts", "--node", state["node_id"], "--epoch", str(proved["epoch"]))["verdicts"]
    assert not query("verdicts", "--node", "00" * 32)["verdicts"]
    points = query("points", "--epoch", str(proved["epoch"]))
    (mine,) = points["workers"]
    assert mine["micro_points"] == sum(line["micro_points"] for line in mine["lines"]) > 0, mine
    # cpu, disk and memory at the lowest tier, 20 s a slot: 0.6 points an hour, beside what the line is worth.
    others = sum(line["micro_points"] for line in mine["lines"] if line["what"] != "bandwidth")
    assert others == 3 * (mine["heard_slots"] * 20 * 200_000 // 3600), mine


@case("kill -9 loses nothing: the same worker goes on proving, with the same certificate and the same records")
def _():
    before = query("workers"), query("verdicts"), query("audit")
    profile = json.loads(network.profile.read_text())
    assert network.stop(signal.SIGKILL) != 0
    network.start()
    assert json.loads(network.profile.read_text()) == profile
    assert (query("workers"), query("verdicts")) == before[:2]
    assert query("audit")["differences"] == []
    prove()
    assert len(query("verdicts")["verdicts"]) == len(before[1]["verdicts"]) + 1
    again = worker.register()
    assert again.returncode == 0 and state_of(again)["changed"] is False, again.stdout


@case("a network that is killed while a worker registers and proves finds every acknowledged receipt afterwards")
def _():
    with Worker(network.profile) as other:
        for pause in (0.2, 0.6, 1.5, 3):
            running = subprocess.Popen(["kaisar", "--no-input", "--network", str(network.profile), "register", "--yes", "--skip", "timer", "--password-file", "password"],
                                       cwd=other.folder, env=environment(other.folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(pause)
            network.stop(signal.SIGKILL)
            running.wait(120)
            network.start()
        require_registered(other, network)
    assert query("audit")["differences"] == []


@case("an audit of the whole store agrees, also while the network runs")
def _():
    report = query("audit")
    assert report["ok"] and report["proofs"] >= 3 and report["ledger_records"] >= 2, report


@case("an audit finds a changed proof, a raised credit, a changed verdict, a changed ledger")
def _():
    assert "hash does not match" in tampered("UPDATE proofs SET proof = zeroblob(length(proof)) WHERE rowid = 1")
    assert "something else than the store" in tampered("UPDATE verdicts SET macs = macs * 2")
    assert "not signed by a checker" in tampered("UPDATE verdicts SET verdict = zeroblob(272)")
    assert "was changed" in tampered("UPDATE ledger SET record = replace(record, 'owner 0x', 'owner 0y') WHERE sequence = 1")
    assert "is missing" in tampered("DELETE FROM ledger WHERE sequence = 1")
    assert "missing" in tampered("UPDATE proofs SET hash = randomblob(32) WHERE rowid = 1")
    assert "not the one that it committed to" in tampered("UPDATE ballots SET commitment = zeroblob(32) WHERE number = 1")
    assert "votes are said to stand behind" in tampered("UPDATE verdicts SET votes = 2")


@case("a store of another version is refused by every command, and left as it is")
def _():
    with tempfile.TemporaryDirectory(prefix="kaisar-network-") as home:
        path = pathlib.Path(home) / "other.db"
        database = sqlite3.connect(path)
        database.execute("PRAGMA application_id = 0x4b534e57")
        database.execute("PRAGMA user_version = 99")
        database.execute("CREATE TABLE future(x)")
        database.commit()
        database.close()
        content = path.read_bytes()
        for command in ("workers", "points", "verdicts", "checkers", "audit"):
            done = subprocess.run(["kaisar-network", command, "--data-dir", f"{folder.name}/network", "--store", f"sqlite:{path}"],
                                  capture_output=True, text=True, env=environment(network.folder), timeout=20)
            assert done.returncode == 3 and "version 99" in done.stderr, done
        assert path.read_bytes() == content


@case("a network keeps the number of its checkers, and none watches a worker who is not there")
def _():
    for options in (["--checkers", "2"], ["--committee", "2"], ["--checkers", "0"], ["--checkers", "65"]):
        done = subprocess.run(["kaisar-network", "serve", "--data-dir", f"{folder.name}/network", "--listen", "127.0.0.1:0", *options],
                              capture_output=True, text=True, env=environment(network.folder), timeout=20)
        expected = 3 if "another kaisar-network" in done.stderr else 2
        assert done.returncode == expected, done
    (checker,) = query("checkers")["checkers"]
    assert checker["status"] == "ready" and checker["wrong_votes"] == 0, checker


@case("the queries want a network that was begun, an epoch that has begun and a node id")
def _():
    with tempfile.TemporaryDirectory(prefix="kaisar-network-") as home:
        done = subprocess.run(["kaisar-network", "workers", "--data-dir", f"{home}/none"], capture_output=True, text=True,
                              env=environment(pathlib.Path(home)), timeout=20)
        assert done.returncode == 3, done
    for options in (["points", "--epoch", "99999999"], ["verdicts", "--node", "xyz"]):
        done = subprocess.run(["kaisar-network", *options, "--data-dir", f"{folder.name}/network"], capture_output=True, text=True,
                              env=environment(network.folder), timeout=20)
        assert done.returncode == 2, done


try:
    main()
finally:
    network.stop()
    worker.__exit__()
