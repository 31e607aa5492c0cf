"""The two ledgers that a network can have, each with what a test needs to stand in either: short epochs, an operator, funds."""
import json
import pathlib
import struct
import subprocess
import tempfile

from anvil import OPERATOR_KEY, Anvil
from processes import Network, environment, kaisar
from worker import PASSWORD

EPOCH_S, PROOF_DEADLINE_S = 6, 8
POOL = 1000 * 10**18


def short_epochs(folder):
    """A file with the test network's constants, but for epochs of seconds and proofs that are due as soon."""
    probe = Network(folder / "probe-home", params="test")
    probe.stop()
    params = bytes.fromhex(json.loads(probe.profile.read_text())["params"])
    minute = struct.pack("<Q", 60_000_000)
    assert params.count(minute) == 2, "the constants are encoded otherwise: epoch and proof deadline are a minute each"
    params = params.replace(minute, struct.pack("<Q", EPOCH_S * 1_000_000), 1).replace(minute, struct.pack("<Q", PROOF_DEADLINE_S * 1_000_000), 1)
    (folder / "params").write_bytes(params)
    return str(folder / "params")


class Embedded:
    name, chain_options = "embedded", ()

    def __init__(self, params=None, network_options=()):
        """With the short epochs, unless told otherwise."""
        self.network_options = network_options
        self.home = tempfile.TemporaryDirectory(prefix="kaisar-ledger-")
        self.folder = pathlib.Path(self.home.name)
        (self.folder / "probe-home").mkdir()
        self.params = params or short_epochs(self.folder)
        self.open()

    def open(self):
        self.network = Network(self.folder, *self.network_options, params=self.params)

    def fund(self, address):
        pass

    def close(self):
        self.network.stop()
        self.home.cleanup()


class Evm(Embedded):
    name, chain_options = "evm", ("--confirmations", "1")

    def __init__(self, *anvil_options, params=None, network_options=(), confirmations=1, **how):
        self.anvil = Anvil(*anvil_options, **how)
        self.rpc_options = ("--confirmations", str(confirmations))
        super().__init__(params, network_options)

    def operator(self, *words):
        """kaisar-network with the account that anvil gave coin to."""
        return subprocess.run(["kaisar-network", *words, "--json", "--chain", f"evm:{self.anvil.url}", *self.account, *self.rpc_options],
                              capture_output=True, text=True, env=environment(self.folder), timeout=60)

    def open(self):
        for name, text in (("password", PASSWORD), ("key", OPERATOR_KEY)):
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o600)
        done = kaisar(self.folder, "wallet", "import", "--key-file", "key", "--password-file", "password")
        assert done.returncode == 0, done.stderr
        self.account = ("--account", str(self.folder / "data/wallet.json"), "--password-file", str(self.folder / "password"))
        done = self.operator("deploy", "--data-dir", str(self.folder / "network"), "--params", self.params)
        assert done.returncode == 0, done.stdout + done.stderr
        self.registry = json.loads(done.stdout)["registry"]
        self.network = Network(self.folder, "--chain", f"evm:{self.anvil.url}", "--registry", self.registry, *self.account, *self.rpc_options,
                               *self.network_options, params=self.params)

    def fund(self, address):
        self.anvil.give(address)

    def close(self):
        super().close()
        self.anvil.stop()
