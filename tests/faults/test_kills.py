"""kaisar is killed at every moment at which it makes something durable, and run again: it goes on where it was."""
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from kills import kill_at_every_call, killed_at, was_killed
from processes import Network
from tap import case, main
from worker import Worker, require_no_double, require_registered, state_of

folder = tempfile.TemporaryDirectory(prefix="kaisar-kills-")
network = Network(folder.name, params="test")


def leftovers(worker):
    return [path for path in (worker.folder / "data").rglob("*.kaisar-new")]


def network_has_proof_of(node):
    return any(verdict["node_id"] == node and verdict["mode"] == "scheduled" and verdict["code"] == 0
               for verdict in network.query("verdicts")["verdicts"])


@case("register, killed at every rename of a run, then of the next, is registered exactly once")
def _():
    with Worker(network.profile) as worker:
        kills = kill_at_every_call(worker.register)
        assert kills >= 3, f"only {kills} moments to kill at: does strace work here?"
        require_registered(worker, network)
        assert not leftovers(worker), leftovers(worker)


@case("register, killed at the same moment again and again, still gets there once it is left alone")
def _():
    for number in (1, 3, 8):
        with Worker(network.profile) as worker:
            for _ in range(3):
                assert was_killed(worker.register(wrapper=killed_at(number))), f"there is no call number {number}"
            require_registered(worker, network)


@case("prove, killed at every rename, loses no proof and counts none twice")
def _():
    with Worker(network.profile) as worker:
        node = require_registered(worker, network)["node_id"]
        kills = kill_at_every_call(worker.prove)
        assert kills >= 1, "no moment to kill at"
        done = worker.run("prove", "--flush", "--json")
        assert done.returncode == 0, done.stderr
        assert state_of(done)["outbox"]["pending"] == 0, done.stdout
        require_no_double(network, node)
        assert network_has_proof_of(node), "no proof arrived"
        assert not leftovers(worker), leftovers(worker)


@case("a network killed with SIGKILL knows after its restart what it had acknowledged")
def _():
    with Worker(network.profile) as worker:
        require_registered(worker, network)
        before = network.query("workers")
        network.stop(9)
        network.start()
        assert network.query("workers") == before
        assert worker.register().returncode == 0


try:
    main()
finally:
    network.stop()
    folder.cleanup()
