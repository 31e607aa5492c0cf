"""A chain that misbehaves, and kaisar killed at each step of a payment: nothing is lost, nothing is paid or registered twice."""
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "network")]

from anvil import Anvil
from kills import KEEPING, SENDING, kill_at_every_call, killed_at, was_killed
from ledgers import Evm
from processes import environment, kaisar
from quick_wallet import ACCOUNT, KEYSTORE, PASSWORD
from tap import case, main
from worker import Worker, require_registered, state_of

AMOUNT = 15 * 10**17
# A first run is killed at its second call, and the next one this many further.
FIRST_KILL, KILL_STEP = 2, 5


class Payer:
    """A data directory with the wallet of an account that has coin, and the chain that it is on."""

    def __init__(self, anvil):
        self.anvil = anvil
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kaisar-chain-"))
        for name, text in (("password", PASSWORD), ("keystore", KEYSTORE)):
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o600)
        done = kaisar(self.folder, "wallet", "import", "--keystore", "keystore", "--password-file", "password")
        assert done.returncode == 0 and done.stdout.strip() == ACCOUNT, done.stdout + done.stderr

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def words(self, to, *more, rpc=None, confirmations=1, wait=5):
        return ["--timeout", "3", "--no-input", "wallet", "send", "--to", to, "--amount", "1.5", "--rpc", rpc or self.anvil.url, "--chain-id", "3338",
                "--confirmations", str(confirmations), "--wait", str(wait), "--yes", "--json", "--password-file", "password", *more]

    def send(self, to, *more, wrapper=(), **how):
        return kaisar(self.folder, *self.words(to, *more, **how), wrapper=wrapper)

    def attempts(self):
        journal = json.loads((self.folder / "data/transactions.json").read_text())
        return [attempt["hash"] for attempt in journal["payments"][-1]["attempts"]]


def receiver(number):
    return "0x" + f"{number:040x}"


def sent(done):
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return state_of(done)


class Chain:
    """An anvil of its own for a case."""

    def __init__(self, *options, **how):
        self.anvil = Anvil(*options, **how)

    def __enter__(self):
        return self.anvil

    def __exit__(self, *_):
        self.anvil.stop()


def mine(anvil, blocks=1):
    anvil.rpc("anvil_mine", hex(blocks))


@case("pending forever: the run gives up, the next one goes on with the same transaction, and it is paid once")
def _():
    with Chain("--no-mining") as anvil, Payer(anvil) as payer:
        to = receiver(0xA1)
        for _ in range(2):
            done = payer.send(to, wait=0.5)
            assert done.returncode == 4 and "is not in a block yet" in done.stderr, done.stdout + done.stderr
        first = payer.attempts()
        assert len(first) == 1, first
        mine(anvil)
        done = sent(payer.send(to))
        assert done["resumed"] is True and done["transactions"] == first, done
        assert anvil.balance(to) == AMOUNT and anvil.nonce(ACCOUNT) == 1
        # What was reported is done with: the same words are a new payment then.
        payer.send(to, wait=0)
        mine(anvil)
        assert sent(payer.send(to))["transactions"] != first
        assert anvil.balance(to) == 2 * AMOUNT and anvil.nonce(ACCOUNT) == 2


@case("a reorganisation drops the payment's block: it is sent again as it was and paid once")
def _():
    with Chain("--no-mining") as anvil, Payer(anvil) as payer:
        to = receiver(0xA2)
        assert payer.send(to, confirmations=3, wait=0).returncode == 4
        before = anvil.rpc("evm_snapshot")
        mine(anvil)
        assert anvil.balance(to) == AMOUNT
        done = payer.send(to, confirmations=3, wait=0)
        assert done.returncode == 4 and "not deep enough" in done.stderr, done.stderr
        assert anvil.rpc("evm_revert", before)
        for transaction in payer.attempts():
            anvil.rpc("anvil_dropTransaction", transaction)
        mine(anvil, 2)
        assert anvil.balance(to) == 0
        assert payer.send(to, confirmations=3, wait=0.3).returncode == 4
        mine(anvil, 3)
        done = sent(payer.send(to, confirmations=3))
        assert done["resumed"] is True and done["transactions"] == payer.attempts()[:1], done
        assert anvil.balance(to) == AMOUNT and anvil.nonce(ACCOUNT) == 1


@case("the base fee rises tenfold: more is offered under the same nonce, and one of the offers is paid")
def _():
    with Chain("--no-mining") as anvil, Payer(anvil) as payer:
        to = receiver(0xA3)
        assert payer.send(to, wait=0).returncode == 4
        base = int(anvil.rpc("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
        anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(10 * base))
        mine(anvil)
        assert anvil.balance(to) == 0, "the first offer is too low now"
        assert payer.send(to, wait=0).returncode == 4
        assert len(payer.attempts()) == 2, payer.attempts()
        anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(9 * base))
        mine(anvil)
        done = sent(payer.send(to))
        assert done["transactions"] == payer.attempts()[1:2], done
        assert anvil.balance(to) == AMOUNT and anvil.nonce(ACCOUNT) == 1


@case("nonce too low: a transaction of the same wallet from elsewhere took the nonce; it is said, and nothing is paid twice")
def _():
    with Chain("--no-mining") as anvil, Payer(anvil) as payer, Payer(anvil) as elsewhere:
        mine_to, theirs = receiver(0xA4), receiver(0xA5)
        assert payer.send(mine_to, wait=0).returncode == 4
        anvil.rpc("anvil_dropTransaction", payer.attempts()[0])
        assert elsewhere.send(theirs, wait=0).returncode == 4
        mine(anvil)
        assert sent(elsewhere.send(theirs))["resumed"] is True
        done = payer.send(mine_to)
        assert done.returncode == 4 and "took the place of this one" in done.stderr, done.stdout + done.stderr
        assert anvil.balance(mine_to) == 0 and anvil.balance(theirs) == AMOUNT
        assert payer.send(mine_to, wait=0).returncode == 4
        mine(anvil)
        assert sent(payer.send(mine_to))["resumed"] is True
        assert anvil.balance(mine_to) == AMOUNT and anvil.nonce(ACCOUNT) == 2


@case("killed at each call that keeps or sends something: the next run finishes the payment, and it is paid once")
def _():
    with Chain() as anvil, Payer(anvil) as payer:
        kills = 0
        for number in range(1, 60):
            to = receiver(0xB000 + number)
            done = payer.send(to, wrapper=killed_at(number, "rename,renameat,renameat2," + SENDING))
            if done.returncode == 0:
                break
            assert was_killed(done), f"kill {number}: exit code {done.returncode}\n{done.stderr}"
            kills += 1
            sent(payer.send(to))
            assert anvil.balance(to) == AMOUNT, f"killed at call {number}, {anvil.balance(to)} was paid"
        assert kills >= 8, f"only {kills} moments were found"
        print(f"figure: {kills} payments were killed, each at another moment, and each was paid once")


@case("two kaisars at once: the second is told to wait, and only one payment leaves")
def _():
    with Chain("--no-mining") as anvil, Payer(anvil) as payer:
        to = receiver(0xA6)
        words = ["kaisar", *payer.words(to, wait=20)]
        first = subprocess.Popen(words, cwd=payer.folder, env=environment(payer.folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not (payer.folder / "data/transactions.json").exists():
            assert time.monotonic() < deadline and first.poll() is None, "the first one does not get to its payment"
            time.sleep(0.05)
        second = payer.send(to)
        assert second.returncode == 3 and "another kaisar is paying" in second.stderr, second.stdout + second.stderr
        mine(anvil)
        stdout, stderr = first.communicate(timeout=60)
        assert first.returncode == 0, stdout + stderr
        assert anvil.balance(to) == AMOUNT and anvil.nonce(ACCOUNT) == 1


class FakeNode:
    """An HTTP server in the place of a chain's node; what it says to a question is for its kinds to say."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                status, body = self.answer(handler.rfile.read(int(handler.headers["Content-Length"])))
                handler.send_response(status)
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Liar(FakeNode):
    """Answers everything with the same body."""

    def __init__(self, body, status=200):
        self.always = status, body
        super().__init__()

    def answer(self, _):
        return self.always


class Laggard(FakeNode):
    """Stands in front of anvil and knows its states at once, but transactions and receipts only after it was asked a few times."""

    def __init__(self, anvil, unknown=8):
        self.anvil, self.unknown = anvil, unknown
        super().__init__()

    def answer(self, body):
        question = json.loads(body)
        if question["method"] in ("eth_getTransactionReceipt", "eth_getTransactionByHash") and self.unknown > 0:
            self.unknown -= 1
            return 200, json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": None}).encode()
        request = urllib.request.Request(self.anvil.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return 200, response.read()


@case("a node has a block's state before its receipts: the payment is waited for, not called lost and made again")
def _():
    with Chain() as anvil, Payer(anvil) as payer:
        to, laggard = receiver(0xA8), Laggard(anvil)
        try:
            done = sent(payer.send(to, rpc=laggard.url))
        finally:
            laggard.stop()
        assert laggard.unknown == 0, "it was not asked often enough to lag behind"
        assert done["resumed"] is False and anvil.balance(to) == AMOUNT and anvil.nonce(ACCOUNT) == 1


@case("nodes of another chain, of garbage and of nothing: nothing is signed, and one right node among them is enough")
def _():
    with Chain() as anvil, Chain(chain_id=9990) as other, Payer(anvil) as payer:
        to = receiver(0xA7)
        liars = [Liar(b"<html>"), Liar(b'{"jsonrpc":"2.0","id":1}'), Liar(b'{"jsonrpc":"2.0","id":1,"result":"0xd0a"}'), Liar(b"", 503)]
        nothing = "http://127.0.0.1:9"
        try:
            done = payer.send(to, rpc=other.url)
            assert done.returncode == 7 and "chain 9990" in done.stderr, done.stderr
            for rpc in [*(liar.url for liar in liars), nothing]:
                done = payer.send(to, rpc=rpc)
                # The one that says 3338 to everything says so of the balance too, which is not enough then.
                assert done.returncode in (4, 5), f"{rpc}: exit code {done.returncode}\n{done.stderr}"
            assert not (payer.folder / "data/transactions.json").exists(), "something was signed for a node that is none"
            done = sent(payer.send(to, rpc=",".join([nothing, other.url, liars[0].url, liars[3].url, anvil.url])))
            assert done["resumed"] is False and anvil.balance(to) == AMOUNT and other.balance(to) == 0
        finally:
            for liar in liars:
                liar.stop()


OPERATOR = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


class Network:
    """A network on a chain of its own, whose peer and checker are on it already."""

    def __enter__(self):
        self.ledger = Evm(params="test")
        deadline = time.monotonic() + 60
        while self.ledger.anvil.nonce(OPERATOR) < 3:  # registry, checker, peer
            assert time.monotonic() < deadline, "the network's peer does not get to the chain"
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.ledger.close()

    def registrations(self):
        logs = self.ledger.anvil.rpc("eth_getLogs", {"address": self.ledger.registry, "fromBlock": "0x0"})
        topic = "0xba6f90e03a13f9143b828e9715810a99361ab68d74a2d27fdd1fccbe9495fc4b"
        return [log for log in logs if log["topics"][0] == topic]

    def require_registrations(self, count=1):
        assert len(self.registrations()) == count, self.registrations()
        assert self.ledger.anvil.nonce(OPERATOR) == 3 + count, f"registry, checker, peer, and {count} registrations"


@case("a registration waits for its block, survives kill -9 of the portal and a reorganisation, and is on the chain once")
def _():
    with Network() as network:
        anvil = network.ledger.anvil
        anvil.rpc("evm_setAutomine", False)
        with Worker(network.ledger.network.profile) as worker:
            done = worker.register("--timeout", "1")
            assert done.returncode == 4, done.stdout + done.stderr
            assert not network.registrations()
            network.ledger.network.stop(9)
            network.ledger.network.start()
            before = anvil.rpc("evm_snapshot")
            mine(anvil)
            assert len(network.registrations()) == 1
            assert anvil.rpc("evm_revert", before)
            assert not network.registrations()
            anvil.rpc("evm_setAutomine", True)
            mine(anvil)
            worker.register()  # its proof may come too late on a busy machine; the chain's part is done before that
            states = [known["state"] for known in network.ledger.network.query("workers")["workers"]]
            assert len(states) == 1 and states[0] not in ("requested", "bound"), states
            network.require_registrations()


@case("register, killed at calls that keep or send something, the first run and those that go on, is on the chain exactly once")
def _():
    calls = KEEPING + "," + SENDING
    with Network() as network:
        with Worker(network.ledger.network.profile) as worker:
            wallet = (worker.folder / "data/wallet.json").read_bytes()
            kills = kill_at_every_call(worker.register, calls)
            require_registered(worker, network.ledger.network)
            network.require_registrations()
            for workers in range(2, 30):
                shutil.rmtree(worker.folder / "data")
                (worker.folder / "data").mkdir(mode=0o700)
                (worker.folder / "data/wallet.json").write_bytes(wallet)
                (worker.folder / "data/wallet.json").chmod(0o600)
                done = worker.register(wrapper=killed_at(FIRST_KILL + KILL_STEP * (workers - 2), calls))
                require_registered(worker, network.ledger.network)
                network.require_registrations(workers)
                if not was_killed(done):
                    break
                kills += 1
        assert kills >= 12, f"only {kills} moments were found"
        print(f"figure: {workers} registrations on the chain were killed at {kills} moments, and each is there once")


@case("two kaisars register at once, and again beside a third: one worker, on the chain once")
def _():
    with Network() as network, Worker(network.ledger.network.profile) as worker:
        def together(count):
            runs = [threading.Thread(target=lambda: done.append(worker.register())) for _ in range(count)]
            for run in runs:
                run.start()
            for run in runs:
                run.join()
        done = []
        together(2)
        together(3)
        for one in done:
            assert one.returncode in (0, 3, 4), f"exit code {one.returncode}\n{one.stdout}{one.stderr}"
        require_registered(worker, network.ledger.network)
        network.require_registrations()


main()
