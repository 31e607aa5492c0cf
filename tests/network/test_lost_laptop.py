"""A machine is lost: its backup makes another one the same worker, with the same owner, and nothing has to be registered again."""
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "faults")]

from processes import Network
from tap import case, main
from worker import Worker, require_registered, state_of

folder = tempfile.TemporaryDirectory(prefix="kaisar-lost-")
network = Network(folder.name)
worker = Worker(network.profile)


@case("the drill of docs/lost-machine.md: back up, check, lose, restore, prove")
def _():
    state = require_registered(worker, network)
    saved = pathlib.Path(folder.name) / "saved"
    done = worker.run("wallet", "backup", str(saved), "--password-file", "password", "--json")
    assert done.returncode == 0, done.stderr
    made = state_of(done)
    assert made["node_id"] == state["node_id"] and made["address"] == state["owner"], made
    assert {"wallet.json", "node.key", "certificate.json"} <= set(made["files"]), made
    assert worker.run("wallet", "backup-check", str(saved), "--password-file", "password").returncode == 0

    shutil.rmtree(worker.folder / "data")
    done = worker.run("wallet", "restore", str(saved), "--password-file", "password", "--json")
    assert done.returncode == 0, done.stderr
    assert state_of(done)["files"] == made["files"]
    again = require_registered(worker, network)
    assert again["node_id"] == state["node_id"] and again["changed"] is False, again
    done = worker.prove()
    assert done.returncode == 0 and state_of(done)["outcome"] == "proved", done.stdout + done.stderr
    assert worker.status()["verdict"] == "earning"


try:
    main()
finally:
    network.stop()
    worker.__exit__()
