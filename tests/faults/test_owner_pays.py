"""`kaisar register --pay-gas owner` on an EVM chain: the owner's account sends the registration, once, whatever interrupts it."""
import contextlib
import functools
import json
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "network")]

from anvil import OPERATOR
from kills import KEEPING, SENDING, killed_at, was_killed
from ledgers import Embedded, Evm
from processes import environment
from tap import case, main
from worker import Worker, require_registered, state_of

PEERED = 6
KILLS_MOST = 60


class Owner(Worker):
    """A worker whose owner pays, on that ledger."""

    def __init__(self, ledger):
        super().__init__(ledger.network.profile)
        self.ledger = ledger
        self.address = state_of(self.run("wallet", "address", "--json"))["address"]

    def register(self, *words, **how):
        return super().register("--pay-gas", "owner", *self.ledger.chain_options, *words, **how)

    def start(self):
        """The same in the background."""
        words = ["--no-input", "--network", str(self.profile), "register", "--yes", "--skip", "timer", "--password-file", "password",
                 "--pay-gas", "owner", *self.ledger.chain_options]
        return subprocess.Popen(["kaisar", *words], cwd=self.folder, env=environment(self.folder), stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def reach_peer(self):
        """Goes on until the chain's part is done, and no further."""
        process = self.start()
        wait_until(lambda: self.step() >= PEERED or process.poll() is not None)
        process.kill()
        said, _ = process.communicate()
        assert self.step() >= PEERED, said

    def step(self):
        return json.loads((self.folder / "data/registration.json").read_text())["step"]

    def sent(self):
        return self.ledger.anvil.nonce(self.address)

    def has_paid(self):
        """In kaisar's own eyes: it asks the portal now."""
        payments = json.loads((self.folder / "data/transactions.json").read_text())["payments"]
        return all(payment["reported"] for payment in payments)

    def has_signed(self):
        return (self.folder / "data/transactions.json").exists()


@contextlib.contextmanager
def waiting(anvil):
    """No blocks but those that the test makes."""
    anvil.rpc("evm_setAutomine", False)
    try:
        yield
    finally:
        anvil.rpc("evm_setAutomine", True)
        anvil.rpc("anvil_mine", "0x1")


def wait_until(what, limit_s=60):
    deadline = time.monotonic() + limit_s
    while not what():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.05)


@functools.cache
def ledger():
    """One for all cases, made by the first: where there is no anvil, each case says so."""
    made = Evm(params="test")
    wait_until(lambda: made.anvil.nonce(OPERATOR) == 3)  # registry, checker, peer
    return made


def registrations(owner, where=None):
    topic = "0xba6f90e03a13f9143b828e9715810a99361ab68d74a2d27fdd1fccbe9495fc4b"
    where = where or ledger()
    logs = where.anvil.rpc("eth_getLogs", {"address": where.registry, "fromBlock": "0x0"})
    return sum(log["topics"][0] == topic and log["topics"][2][-40:] == owner.address[2:].lower() for log in logs)


@case("an owner without coin is told so and nothing is signed; with coin it pays, and the portal pays nothing")
def _():
    with Owner(ledger()) as owner:
        done = owner.register()
        assert done.returncode == 5 and "for amount and fee" in done.stderr, done.stdout + done.stderr
        assert owner.step() == PEERED - 1 and not owner.has_signed()
        ledger().anvil.give(owner.address)
        before = ledger().anvil.balance(owner.address)
        state = require_registered(owner, ledger().network)
        assert state["owner"] == owner.address and registrations(owner) == 1 and owner.sent() == 1
        assert ledger().anvil.balance(owner.address) < before and ledger().anvil.nonce(OPERATOR) == 3, "the portal sent something"
        again = state_of(owner.register())
        assert again["changed"] is False and owner.sent() == 1


@case("killed at each call that keeps or sends something on the way to the chain: registered once, paid for once")
def _():
    with Owner(ledger()) as owner:
        assert owner.register().returncode == 5 and owner.step() == PEERED - 1
        ledger().anvil.give(owner.address)
        kills = 0
        for number in range(1, KILLS_MOST):
            done = owner.register(wrapper=killed_at(number, KEEPING + "," + SENDING))
            kills += was_killed(done)
            if owner.step() >= PEERED:
                break
        assert owner.step() >= PEERED and kills >= 8, f"{kills} moments were found: {done.stdout}{done.stderr}"
        assert registrations(owner) == 1 and owner.sent() == 1
        print(f"figure: a registration that its owner pays for was killed at {kills} moments, and paid for once")


@case("two kaisars at once: the second is told to wait; the first one's transaction is the only one")
def _():
    with Owner(ledger()) as owner:
        ledger().anvil.give(owner.address)
        with waiting(ledger().anvil):
            first = owner.start()
            wait_until(owner.has_signed)
            second = owner.register()
            assert second.returncode == 3 and "another kaisar is" in second.stderr, second.stdout + second.stderr
            first.kill()
            first.communicate()
            done = owner.register("--wait", "0.2")
            assert done.returncode == 4 and "is not in a block yet" in done.stderr, done.stdout + done.stderr
            assert registrations(owner) == 0
        owner.reach_peer()
        assert registrations(owner) == 1 and owner.sent() == 1


@case("what the portal was asked to register is not paid for again, whichever transaction comes first")
def _():
    with Owner(ledger()) as owner:
        ledger().anvil.give(owner.address)
        by_portal = ledger().anvil.nonce(OPERATOR) + 1
        with waiting(ledger().anvil):
            assert owner.register("--wait", "0.2").returncode == 4
            attempts = json.loads((owner.folder / "data/transactions.json").read_text())["payments"][0]["attempts"]
            ledger().anvil.rpc("anvil_dropTransaction", attempts[0]["hash"])
            assert Worker.register(owner, "--timeout", "1").returncode == 4
            wait_until(lambda: int(ledger().anvil.rpc("eth_getTransactionCount", OPERATOR, "pending"), 16) == by_portal)
        assert registrations(owner) == 1 and owner.sent() == 0
        # The owner's is sent again, refused by the contract, and the registration goes on all the same.
        owner.reach_peer()
        assert registrations(owner) == 1 and owner.sent() == 1
        assert ledger().anvil.nonce(OPERATOR) == by_portal


@case("a registration that its owner paid for is not believed before it is deep, and the portal brings it when the chain forgets it")
def _():
    deep = Evm("--block-time", "1", params="test", confirmations=3)
    try:
        wait_until(lambda: deep.anvil.nonce(OPERATOR) == 3)
        with Owner(deep) as owner:
            deep.anvil.give(owner.address)
            deep.anvil.rpc("evm_setIntervalMining", 0)
            before = deep.anvil.rpc("evm_snapshot")
            first = owner.start()
            wait_until(lambda: int(deep.anvil.rpc("eth_getTransactionCount", owner.address, "pending"), 16) == 1)
            deep.anvil.rpc("anvil_mine", "0x2")
            wait_until(owner.has_paid)
            time.sleep(1.5)
            assert first.poll() is None and owner.step() < PEERED, "two blocks were deep enough"
            deep.anvil.rpc("evm_revert", before)
            assert owner.sent() == 0
            deep.anvil.rpc("evm_setIntervalMining", 1)
            wait_until(lambda: owner.step() >= PEERED or first.poll() is not None)
            first.kill()
            first.communicate()
            assert owner.step() >= PEERED and registrations(owner, deep) == 1
            assert owner.sent() == 0 and deep.anvil.nonce(OPERATOR) == 4, "the portal did not bring it"
    finally:
        deep.close()


@case("a wallet that is not the owner's, or none: nothing is sent, and the portal is named as the way out")
def _():
    with Owner(ledger()) as owner:
        assert owner.register().returncode == 5 and owner.step() == PEERED - 1
        wallet = owner.folder / "data/wallet.json"
        wallet.rename(owner.folder / "kept.json")
        done = owner.register()
        assert done.returncode == 6 and "leave --pay-gas out" in done.stderr, done.stdout + done.stderr
        assert owner.run("wallet", "create", "--password-file", "password", "--mnemonic-file", "other").returncode == 0
        done = owner.register()
        assert done.returncode == 6 and owner.address in done.stderr, done.stdout + done.stderr
        assert not owner.has_signed() and registrations(owner) == 0


@case("on the embedded ledger there is no gas to pay: refused before anything is asked")
def _():
    embedded = Embedded(params="test")
    try:
        with Owner(embedded) as owner:
            done = owner.register()
            assert done.returncode == 2 and "which takes no gas" in done.stderr, done.stdout + done.stderr
            assert not (owner.folder / "data/registration.json").exists()
    finally:
        embedded.close()


try:
    main()
finally:
    if ledger.cache_info().currsize:
        ledger().close()
