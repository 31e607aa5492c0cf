"""The real programs, as the tests that are scripts start them."""
import json
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("KAISAR_BUILD", ROOT / "build"))
READY_LIMIT_S = 60


def environment(folder, **more):
    """An environment in which the programs find nothing of this machine's user."""
    names = ("LANG", "TERM", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return dict(kept, PATH=f"{BUILD / 'bin'}:{os.environ['PATH']}", HOME=str(folder), KAISAR_DATA_DIR=str(folder / "data"),
                NO_COLOR="1", **more)


class Network:
    """A kaisar-network that serves on a free port, with its state and its profile (network.json) in the folder."""

    def __init__(self, folder, *options, params="devnet"):
        self.folder, self.profile = pathlib.Path(folder), pathlib.Path(folder) / "network.json"
        self.command = ["kaisar-network", "serve", "--params", params, "--data-dir", str(self.folder / "network"),
                        "--profile", str(self.profile), "--json", *options]
        self.port = 0
        self.start()

    def start(self):
        """Starts it, on the port that it had before where it had one."""
        self.log = open(self.folder / "network.log", "ab")
        self.process = subprocess.Popen([*self.command, "--listen", f"127.0.0.1:{self.port}"], stdout=subprocess.PIPE,
                                        stderr=self.log, env=environment(self.folder), text=True)
        started = time.monotonic()
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise AssertionError(f"kaisar-network ended: {(self.folder / 'network.log').read_text()}")
        assert time.monotonic() - started < READY_LIMIT_S, "kaisar-network took too long to be ready"
        self.url = json.loads(line)["url"]
        self.port = int(self.url.rpartition(":")[2].rstrip("/"))

    def stop(self, sign=signal.SIGTERM):
        """Ends it and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        code = self.process.wait(30)
        self.process.stdout.close()
        self.log.close()
        return code

    def query(self, command, *options):
        """What `kaisar-network COMMAND --json` says about its state."""
        done = subprocess.run(["kaisar-network", command, "--data-dir", str(self.folder / "network"), "--json", *options],
                              capture_output=True, text=True, env=environment(self.folder), timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def kaisar(folder, *words, wrapper=(), stdin=None, limit_s=120, **more):
    """Runs kaisar with the folder's data directory and returns the finished process."""
    return subprocess.run([*wrapper, "kaisar", *words], cwd=folder, env=environment(pathlib.Path(folder), **more), input=stdin,
                          capture_output=True, text=True, timeout=limit_s)
