"""Checkers that this network bans are banned on the chain: once, longer when the ban gets longer, whoever asks again."""
import datetime
import json
import os
import pathlib
import sqlite3
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "faults")]

from anvil import OPERATOR
from ledgers import Embedded, Evm
from tap import case, main

DAY_US = 86_400_000_000
BANNED_UNTIL = "0xffd38a48"  # checkerBannedUntil(bytes32)
FOR_GOOD = 2**64 - 1
LIMIT_S = 60


def wait_until(what):
    deadline = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.05)


def add_wrong_votes(ledger, checker_id, ages_us):
    """Votes against the majority, so long ago, as the committee would have noted them."""
    now = time.time_ns() // 1000
    store = sqlite3.connect(ledger.folder / "network/network.db", timeout=20)
    votes = [now - age for age in ages_us]
    store.executemany("INSERT INTO wrong_votes VALUES(?,?,?)", [(bytes.fromhex(checker_id), os.urandom(32), at) for at in votes])
    store.commit()
    store.close()
    return max(votes)


def keys_of(ledger):
    """The checkers' public keys by their ids."""
    return {entry["checker_id"]: entry["public_key"] for entry in ledger.network.query("checkers")["checkers"]}


def bans_of(ledger):
    """The embedded ledger's lines about bans: checker's key and until when."""
    store = sqlite3.connect(f"file:{ledger.folder}/network/network.db?mode=ro", uri=True)
    rows = store.execute("SELECT record FROM ledger WHERE kind = 'ban' ORDER BY sequence").fetchall()
    store.close()
    lines = [dict(line.split(" ", 1) for line in row[0].strip().split("\n")) for row in rows]
    return [(line["node"], line["until"]) for line in lines]


def seconds(us):
    return -(-us // 1_000_000)


def near(us):
    """The second that it falls into, and the next: what is written with whole seconds may be either."""
    return us // 1_000_000, seconds(us)


def rfc3339(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


@case("EVM chain: a ban is on the chain once, a longer one follows it, and neither a restart nor votes of today repeat or hasten one")
def _():
    ledger = Evm(params="test", network_options=("--checkers", "3", "--planted", "0"))
    try:
        anvil = ledger.anvil

        def banned_until(key):
            call = {"to": ledger.registry, "data": BANNED_UNTIL + key}
            return int(anvil.rpc("eth_call", call, "latest"), 16)

        wait_until(lambda: anvil.nonce(OPERATOR) == 5)  # registry, three checkers, peer
        (first, first_key), (second, second_key), (third, third_key) = keys_of(ledger).items()
        last = add_wrong_votes(ledger, first, [3 * DAY_US, 2 * DAY_US])
        add_wrong_votes(ledger, second, [0, 0])  # a planted proof may still clear them
        wait_until(lambda: banned_until(first_key) == seconds(last + 30 * DAY_US))
        assert banned_until(second_key) == banned_until(third_key) == 1
        assert ledger.network.stop() == 0
        ledger.network.start()
        longer = add_wrong_votes(ledger, first, [DAY_US, DAY_US - 1, DAY_US - 2])
        wait_until(lambda: banned_until(first_key) == seconds(longer + 180 * DAY_US))
        add_wrong_votes(ledger, third, [40 * DAY_US * (index + 1) for index in range(11)])
        wait_until(lambda: banned_until(third_key) == FOR_GOOD)
        time.sleep(1.5)  # another look at the bans, which finds nothing to do
        assert anvil.nonce(OPERATOR) == 8, "registry, three checkers, peer, three bans"
        # The latest of each: a portal that is stopped between the chain's answer and its own line has the longer ban only.
        wait_until(lambda: set(dict(bans_of(ledger))) == {first_key, third_key})
        until = dict(bans_of(ledger))
        assert until[third_key] == "for-good" and rfc3339(until[first_key]) in near(longer + 180 * DAY_US), until
    finally:
        ledger.close()


@case("embedded ledger: the same, a line each")
def _():
    ledger = Embedded(params="test", network_options=("--checkers", "2", "--planted", "0"))
    try:
        (first, first_key), _ = keys_of(ledger).items()
        last = add_wrong_votes(ledger, first, [3 * DAY_US, 2 * DAY_US])
        wait_until(lambda: bans_of(ledger))
        time.sleep(1.5)
        [(key, until)] = bans_of(ledger)
        assert key == first_key and rfc3339(until) in near(last + 30 * DAY_US), until
        audit = ledger.network.query("audit")
        assert audit["ok"], audit
    finally:
        ledger.close()


main()
