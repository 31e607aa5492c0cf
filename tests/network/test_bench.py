"""What bench and a registered worker have to do with each other: the baseline, and the line to the peer."""
import json
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request

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


@case("the line to the peer is measured both ways, and a question and its answer")
def _():
    rows = {row["workload"]: row for row in bench("network-down", "network-up", "network-rtt", "--samples", "4")["results"]}
    for name, unit in (("network-down", "B/s"), ("network-up", "B/s"), ("network-rtt", "s")):
        assert rows[name]["verified"] and rows[name]["median"] > 0 and rows[name]["unit"] == unit, rows[name]
        assert rows[name]["timed_by"] == "wall", rows[name]


@case("the peer sends no more than its allowance, in one measurement and in an hour")
def _():
    refused = bench("network-down", "--size", "4194304", "--samples", "2000", code=5)
    assert "allowance-used" in refused["error"]["message"], refused
    for _ in range(8):
        done = worker.run("bench", "network-rtt", "--samples", "1", "--json", "--timeout", "2")
        if done.returncode != 0:
            break
    assert done.returncode == 4, f"exit code {done.returncode}: the peer took measurement after measurement"
    assert "often enough" in done.stdout, done.stdout


@case("a token that nobody gave out measures nothing, and nothing large is taken for one")
def _():
    url = json.loads(network.profile.read_text())["portal_url"]
    for method, what, body, expected in (("GET", "ping", None, 404), ("GET", "down/64", None, 404), ("POST", "up/1048576", b"x" * 1048576, 413)):
        request = urllib.request.Request(f"{url}/v1/line/{'0' * 32}/{what}", data=body, method=method)
        try:
            urllib.request.urlopen(request, timeout=10)
            raise AssertionError(f"{what} was answered")
        except urllib.error.HTTPError as error:
            assert error.code == expected, (what, error.code)
        except (urllib.error.URLError, ConnectionError):
            assert expected == 413, what  # the connection was closed on what was still being sent


try:
    main()
finally:
    network.stop()
    worker.__exit__()
