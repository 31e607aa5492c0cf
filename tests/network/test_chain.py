"""From a bare machine to rewards in the wallet, on the embedded ledger and on an EVM chain (peaq's id): the same steps, the same sums."""
import json
import pathlib
import sqlite3
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "faults"), str(HERE.parent / "cli")]

import json_schema
from ledgers import POOL, Embedded, Evm
from processes import environment
from tap import case, main
from worker import Worker, require_registered, state_of

LIMIT_S = 60
TRIES = 10


def units(text):
    """A decimal amount in the token's smallest units."""
    whole, _, fraction = text.partition(".")
    return int(whole) * 10**18 + int(fraction.ljust(18, "0"))


def wallet(worker, *words, code=0):
    """What `kaisar wallet … --json` says, which must be as its schema says."""
    done = worker.run("wallet", *words, "--json")
    assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    document = json.loads(done.stdout)
    if code == 0:
        schema = json.loads((json_schema.SCHEMAS / "kaisar.wallet-1.schema.json").read_text())
        wrong = list(json_schema.faults(document, schema))
        assert not wrong, wrong
    return document


def claim(worker, ledger, *words):
    return wallet(worker, "claim", *ledger.chain_options, "--password-file", "password", *words)


def wait_for_claims(worker, rewards=1):
    """The balance once so many rewards can be claimed."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        balance = wallet(worker, "balance")
        if balance["claims"] >= rewards:
            return balance
        time.sleep(0.2)
    raise AssertionError(f"no rewards within {LIMIT_S} s: {balance}")


def register(worker, network):
    """A proof that a busy machine made too late is refused, and the same command answers a fresh challenge."""
    for _ in range(TRIES):
        if worker.register().returncode == 0:
            break
    return require_registered(worker, network)


def prove(worker):
    for _ in range(TRIES):
        done = worker.prove("--now")
        if done.returncode == 0 and state_of(done)["outcome"] == "proved":
            return
    raise AssertionError(done.stdout + done.stderr)


def walk(ledger):
    """Two workers of one owner and one of another register, prove and are paid; the sums are the pools to the last unit."""
    with Worker(ledger.network.profile) as first, Worker(ledger.network.profile) as second:
        owners = {}
        for worker in (first, second):
            state = register(worker, ledger.network)
            owners[worker] = state["owner"]
            assert state["peer"]["endpoint"].rstrip("/") == ledger.network.url.rstrip("/"), state
            ledger.fund(state["owner"])
        again = require_registered(first, ledger.network)
        assert again["changed"] is False, again
        assert wallet(first, "balance")["reward"] == "0"
        for worker in (first, second):
            prove(worker)
        for worker in (first, second):
            wait_for_claims(worker)
        paid, epochs = {}, set()
        for worker, owner in owners.items():
            offered = claim(worker, ledger, "--dry-run")
            got = claim(worker, ledger)
            assert units(got["amount"]) >= units(offered["amount"]) > 0, (offered, got)
            assert claim(worker, ledger)["claims"] == 0, "a reward was offered twice"
            balance = wallet(worker, "balance")
            assert units(balance["reward"]) == units(got["amount"]) and balance["claimable"] == "0", (got, balance)
            paid[owner] = units(got["amount"])
        audit = ledger.network.query("audit")
        assert audit["ok"] and not audit["differences"], audit
        return owners, paid


def pools_of(ledger):
    """Epochs with a report and a pool, from the ledger's own lines."""
    store = sqlite3.connect(f"file:{ledger.folder}/network/network.db?mode=ro", uri=True)
    rows = store.execute("SELECT record FROM ledger WHERE kind = 'epoch'").fetchall()
    store.close()
    lines = [dict(line.split(" ", 1) for line in row[0].strip().split("\n")) for row in rows]
    return {int(line["epoch"]): int(line["pool"]) for line in lines if int(line["pool"])}


def check_sums(ledger, paid):
    pools = pools_of(ledger)
    assert pools and all(pool == POOL for pool in pools.values()), pools
    assert sum(paid.values()) == sum(pools.values()), (paid, pools)


class Played:
    """A ledger that is walked while the other one is: most of the time goes by waiting for an epoch to end."""

    def __init__(self, kind):
        self.kind, self.outcome, self.failure = kind, None, None
        self.thread = threading.Thread(target=self.play)
        self.thread.start()

    def play(self):
        try:
            self.ledger = self.kind()
            self.outcome = walk(self.ledger)
        except BaseException as failure:
            self.failure = failure

    def end(self):
        self.thread.join()
        if self.failure:
            raise self.failure
        return self.ledger, *self.outcome

    def close(self):
        self.thread.join()
        if hasattr(self, "ledger"):
            self.ledger.close()


embedded, evm = Played(Embedded), Played(Evm)


@case("embedded ledger: ten steps, a proof, a reward, a claim; what is claimed is the pool to the last unit")
def _():
    ledger, _, paid = embedded.end()
    check_sums(ledger, paid)


@case("EVM chain 3338: the same, and all that an owner pays for is its claim")
def _():
    ledger, owners, paid = evm.end()
    check_sums(ledger, paid)
    profile = json.loads(ledger.network.profile.read_text())
    assert profile["chain_id"] == 3338 and profile["registry"].lower() == ledger.registry.lower(), profile
    assert profile["chain"] == f"evm:{ledger.anvil.url}", profile
    for owner in owners.values():
        assert ledger.anvil.nonce(owner) == 1, "one claim is all that an owner had to send"


@case("an audit of either ledger finds a reward that was raised, and one that was given to another owner")
def _():
    for played in (embedded, evm):
        ledger, owners, _ = played.end()
        thief = "0x1111111111111111111111111111111111111111"
        for change in ("replace(text, '\"amount\":\"', '\"amount\":\"9')", f"replace(text, '{next(iter(owners.values()))}', '{thief}')"):
            copy = ledger.folder / "copy.db"
            copy.unlink(missing_ok=True)
            source, target = sqlite3.connect(ledger.folder / "network/network.db"), sqlite3.connect(copy)
            source.backup(target)
            target.execute(f"UPDATE documents SET text = {change} WHERE kind LIKE 'rewards/%' AND text != {change}")
            assert target.total_changes > 0, change
            target.commit()
            source.close()
            target.close()
            done = subprocess.run(["kaisar-network", "audit", "--data-dir", str(ledger.folder / "network"), "--store", f"sqlite:{copy}", "--json"],
                                  capture_output=True, text=True, env=environment(ledger.folder), timeout=60)
            assert done.returncode == 7 and "the rewards that were written down" in done.stdout, done.stdout + done.stderr


try:
    main()
finally:
    embedded.close()
    evm.close()
