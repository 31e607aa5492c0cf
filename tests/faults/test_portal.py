"""A portal that lies, drips, answers garbage or vanishes: nothing is lost, nothing counts twice, every message makes sense."""
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from processes import Network
from proxy import FAULTS, SLOW_FAULTS, Proxy, cut_body, lose_reply, say_garbage
from tap import case, main
from worker import Worker, require_no_double, require_registered, state_of

NETWORK_CODE, MISMATCH_CODE = 4, 7
ATTEMPTS = 40
EXCHANGES_LEAST = 10
TIMEOUT_S = 2

folder = tempfile.TemporaryDirectory(prefix="kaisar-portal-")
proxy = Proxy()
network = proxy.network = Network(folder.name, "--public-url", proxy.url, params="test")


def complain_well(done):
    """What a failed command must say: one object on stdout, a message and what to do about it on stderr."""
    said = state_of(done)
    assert said["schema"] == "kaisar.error/1" and said["error"]["code"] == done.returncode, said
    assert said["error"]["message"] and "kaisar: " + said["error"]["message"] in done.stderr, done.stderr
    assert "terminate called" not in done.stderr and "a bug" not in done.stderr, done.stderr


def get_through(command):
    """Runs the command until it works and returns how often it failed before."""
    for failures in range(ATTEMPTS):
        started = time.monotonic()
        done = command("--timeout", str(TIMEOUT_S))
        if done.returncode == 0:
            return failures
        assert done.returncode in (NETWORK_CODE, MISMATCH_CODE), f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert time.monotonic() - started < 60, "the command waited much longer than its time limit"
        complain_well(done)
    raise AssertionError(f"still failing after {ATTEMPTS} attempts:\n{done.stderr}\nstruck: {sorted(proxy.struck)}")


for fault in FAULTS:
    @case(f"registration gets through a network that does this once to every request: {fault.__name__}")
    def _(fault=fault):
        with Worker(network.profile) as worker:
            proxy.meet(fault)
            get_through(worker.register)
            assert len(proxy.struck) >= EXCHANGES_LEAST, f"only {sorted(proxy.struck)} met the fault"
            proxy.meet(None)
            require_registered(worker, network)


for fault in (lose_reply, cut_body, say_garbage):
    @case(f"a proof gets through a network that does this once to every request: {fault.__name__}")
    def _(fault=fault):
        with Worker(network.profile) as worker:
            node = require_registered(worker, network)["node_id"]
            proxy.meet(fault)
            for _ in range(ATTEMPTS):
                done = worker.prove("--timeout", str(TIMEOUT_S))
                assert done.returncode in (0, NETWORK_CODE, MISMATCH_CODE), f"{done.stdout}{done.stderr}"
                if done.returncode == 0 and state_of(done)["outcome"] == "proved" and state_of(done)["outbox"]["pending"] == 0:
                    break
            else:
                raise AssertionError(f"no proof after {ATTEMPTS} attempts: {done.stdout}{done.stderr}")
            proxy.meet(None)
            require_no_double(network, node)


for fault in SLOW_FAULTS:
    @case(f"a portal that does this is given up at the time limit, with the way out: {fault.__name__}")
    def _(fault=fault):
        with Worker(network.profile) as worker:
            proxy.meet(fault, always=True)
            started = time.monotonic()
            done = worker.register("--timeout", str(TIMEOUT_S))
            proxy.meet(None)
            assert done.returncode == NETWORK_CODE, done
            assert time.monotonic() - started < 8 * TIMEOUT_S, "it waited too long"
            complain_well(done)
            require_registered(worker, network)


@case("a portal that is not there at all is exit 4")
def _():
    with Worker(network.profile) as worker:
        profile = worker.folder / "nobody.json"
        profile.write_text(network.profile.read_text().replace(proxy.url, "http://127.0.0.1:1"))
        done = worker.register(profile=profile)
        assert done.returncode == NETWORK_CODE, done
        complain_well(done)


try:
    main()
finally:
    network.stop()
    folder.cleanup()
