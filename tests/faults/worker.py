"""A worker under test: a fresh data directory with a wallet, and the commands that the faults strike."""
import json
import pathlib
import shutil
import tempfile

from processes import kaisar
from quick_wallet import PASSWORD


class Worker:
    def __init__(self, profile):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kaisar-faults-"))
        self.profile = profile
        (self.folder / "password").write_text(PASSWORD)
        (self.folder / "password").chmod(0o600)
        done = self.run("wallet", "create", "--password-file", "password", "--mnemonic-file", "words")
        assert done.returncode == 0, done.stderr

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words, profile=None, **how):
        return kaisar(self.folder, "--no-input", "--network", str(profile or self.profile), *words, **how)

    def register(self, *words, **how):
        """Registers; a test must not leave a timer in the machine's schedule, so that step of the setup plan is left out."""
        return self.run("register", "--yes", "--skip", "timer", "--password-file", "password", "--json", *words, **how)

    def prove(self, *words, **how):
        return self.run("prove", "--json", *words, **how)

    def status(self):
        return json.loads(self.run("status", "--json").stdout)


def state_of(done):
    """What a finished command with --json says, whether it worked or not; it must say it in one JSON object."""
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"exit code {done.returncode}, not one JSON object on stdout: {done.stdout!r}\n{done.stderr}")


def require_registered(worker, network):
    """The next, undisturbed run must finish the registration, and the network must know the worker exactly once."""
    done = worker.register()
    assert done.returncode == 0, f"register did not recover: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    state = state_of(done)
    assert state["state"] == "ready", state
    known = [entry for entry in network.query("workers")["workers"] if entry["node_id"] == state["node_id"]]
    assert len(known) == 1, f"the network knows this worker {len(known)} times"
    assert known[0]["state"] == "registered", known
    return state


def require_no_double(network, node_id):
    """The network counts at most one verdict for each slot and device of the worker."""
    verdicts = [verdict for verdict in network.query("verdicts")["verdicts"] if verdict["node_id"] == node_id]
    places = [(verdict["epoch"], verdict["slot"], verdict["device"]) for verdict in verdicts]
    assert len(places) == len(set(places)), f"counted twice: {sorted(places)}"
