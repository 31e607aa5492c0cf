"""What bench and a registered worker have to do with each other: the baseline, and the line to the peer."""
import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "faults"), str(HERE.parent / "cli")]

from processes import Network
from tap import case, main
from worker import Worker, require_registered

folder = tempfile.TemporaryDirectory(prefix="kaisar-bench-")
network = Network(folder.name)
worker = Worker(network.profile)


def baseline_file():
    (found,) = worker.folder.glob("**/baseline.json")
    return found


def bench(*words, code=0):
    done = worker.run("bench", *words, "--json")
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout)


@case("a registration leaves a baseline that the node key signed, and status finds no drift against it")
def _():
    require_registered(worker, network)
    document = json.loads(baseline_file().read_text())
    assert document["kind"] == "baseline", document
    payload = json.loads(document["payload"])
    assert [row["workload"] for row in payload["report"]["results"]] == ["gemm-s8", "memory-triad", "sha256"]
    state = worker.status()
    assert state["drift"] == [], state["drift"]
    assert not [reason for reason in state["reasons"] if reason["code"] in ("drift", "bad-baseline")], state["reasons"]


@case("bench compares with that baseline, and refuses one that was edited")
def _():
    report = bench("sha256", "--duration", "0.1", "--baseline", str(baseline_file()))
    (row,) = report["baseline"]["figures"]
    assert row["workload"] == "sha256" and row["before"] > 0 and row["now"] > 0, row
    assert report["baseline"]["machine"] == [], report["baseline"]
    edited = worker.folder / "edited.json"
    edited.write_text(baseline_file().read_text().replace("sha256", "sha257"))
    assert bench("sha256", "--baseline", str(edited), code=5)["schema"] == "kaisar.error/1"


@case("status says that a baseline was edited, and looks for drift against the registration's inventory instead")
def _():
    before = baseline_file().read_text()
    baseline_file().write_text(before.replace("total_bytes", "total_cytes"))
    state = worker.status()
    assert [reason["code"] for reason in state["reasons"]].count("bad-baseline") == 1, state["reasons"]
    assert state["drift"] == [], state["drift"]
    baseline_file().write_text(before)


try:
    main()
finally:
    network.stop()
    worker.__exit__()
