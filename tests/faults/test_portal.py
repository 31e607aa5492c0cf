"""A portal that lies, drips, answers garbage or vanishes: nothing is lost, nothing counts twice, every message makes sense."""
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from processes import Network
from proxy import FAULTS, Proxy, say_nothing
from tap import case, main
from worker import Worker, require_registered, state_of

NETWORK_CODE, MISMATCH_CODE = 4, 7
ATTEMPTS = 40
TIMEOUT_S = 2

folder = tempfile.TemporaryDirectory(prefix="kaisar-portal-")
network = Network(folder.name)


def complain_well(done):
    """What a failed command must say: one object on stdout, a message and what to do about it on stderr."""
    said = state_of(done)
    assert said["schema"] == "kaisar.error/1" and said["error"]["code"] == done.returncode, said
    assert said["error"]["message"] and done.stderr.startswith("kaisar: "), done.stderr
    assert "terminate called" not in done.stderr and "bug" not in done.stderr, done.stderr


def get_through(proxy, worker, command):
    """Runs the command until it works and returns how often it failed before."""
    profile = proxy.profile(worker.folder / "faulty.json")
    for failures in range(ATTEMPTS):
        started = time.monotonic()
        done = command("--timeout", str(TIMEOUT_S), profile=profile)
        if done.returncode == 0:
            return failures
        assert done.returncode in (NETWORK_CODE, MISMATCH_CODE), f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert time.monotonic() - started < 60, "the command waited much longer than its time limit"
        complain_well(done)
    raise AssertionError(f"still failing after {ATTEMPTS} attempts:\n{done.stderr}\nstruck: {sorted(proxy.struck)}")


for fault in FAULTS:
    @case(f"registration gets through a network that does this once to every request: {fault.__name__}")
    def _(fault=fault):
        proxy = Proxy(network, fault)
        with Worker(network.profile) as worker:
            failures = get_through(proxy, worker, worker.register)
            assert proxy.struck, "no request came to the proxy"
            assert failures > 0, "the fault went unnoticed"
            require_registered(worker, network)
        proxy.close()


@case("a portal that never answers is given up at the time limit, with the way out")
def _():
    proxy = Proxy(network, say_nothing, always=True)
    with Worker(network.profile) as worker:
        started = time.monotonic()
        done = worker.register("--timeout", str(TIMEOUT_S), profile=proxy.profile(worker.folder / "faulty.json"))
        assert done.returncode == NETWORK_CODE, done
        assert time.monotonic() - started < 5 * TIMEOUT_S, "it waited too long"
        complain_well(done)
    proxy.close()


@case("a portal that is not there at all is exit 4")
def _():
    proxy = Proxy(network, say_nothing)
    with Worker(network.profile) as worker:
        profile = proxy.profile(worker.folder / "faulty.json")
        proxy.close()
        done = worker.register(profile=profile)
        assert done.returncode == NETWORK_CODE, done
        complain_well(done)


try:
    main()
finally:
    network.stop()
    folder.cleanup()
