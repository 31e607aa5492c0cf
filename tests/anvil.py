"""A chain of one's own for tests that are scripts: anvil, as tests/interop/chain pins it."""
import json
import pathlib
import re
import subprocess
import tempfile
import urllib.request

from processes import ROOT
from tap import Skip

PLACE = ROOT / "tests/interop/chain"
# The first of the accounts that anvil gives coin to: its words are "test … junk", and known to everybody.
OPERATOR_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
OPERATOR = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def find_anvil():
    """The program, brought by npm where it is missing."""
    done = subprocess.run(["bash", ROOT / "tests/interop/npm_ci.sh", PLACE], capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip(f"npm ci could not bring anvil: {done.stderr.strip().splitlines()[-1:]}")
    return next(iter(sorted(PLACE.glob("node_modules/@foundry-rs/anvil-linux-*/bin/anvil"))), None)


class Anvil:
    """Mines a block for each transaction unless the options say otherwise."""

    def __init__(self, *options, chain_id=3338):
        self.program = find_anvil()
        if self.program is None:
            raise Skip("there is no anvil for this kind of machine")
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([self.program, "--port", "0", "--chain-id", str(chain_id), "--hardfork", "london", *options],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        said = []
        for line in self.process.stdout:
            said.append(line)
            found = re.search(r"Listening on (127\.0\.0\.1:\d+)", line)
            if found:
                self.url = f"http://{found.group(1)}"
                break
        else:
            self.log.seek(0)
            raise AssertionError(f"anvil ended: {''.join(said)}{self.log.read()}")
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)

    def stop(self):
        for process in (self.process, self.drain):
            process.kill()
            process.wait()

    def rpc(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            document = json.load(answer)
        assert "error" not in document, document
        return document["result"]

    def balance(self, address):
        return int(self.rpc("eth_getBalance", address, "latest"), 16)

    def nonce(self, address):
        return int(self.rpc("eth_getTransactionCount", address, "latest"), 16)

    def give(self, address, coins=10):
        self.rpc("anvil_setBalance", address, hex(coins * 10**18))
