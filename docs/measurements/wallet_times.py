#!/usr/bin/env python3
"""Times kaisar's wallet commands as whole processes: python3 docs/measurements/wallet_times.py [RUNS]

kaisar must be in PATH. Where tests/interop/chain has its anvil, the commands that ask a chain are timed against it.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from anvil import Anvil
from tap import Skip

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
PASSWORD = ("--password-file", "password")
CHAIN_ID, RECEIVER = "3338", "0x" + "1" * 40


def kaisar(home, *words):
    return subprocess.run(["kaisar", "--no-input", "--data-dir", home, "wallet", *words], capture_output=True, text=True)


def time_command(*words, home="home", fresh=()):
    """The median and the longest of RUNS runs; what is in `fresh` is removed before each of them."""
    seconds = []
    for _ in range(RUNS):
        subprocess.run(["rm", "-rf", *fresh], check=True)
        started = time.perf_counter()
        done = kaisar(home, *words)
        seconds.append(time.perf_counter() - started)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stderr}")
    seconds.sort()
    label = words[0] + (" --dry-run" if "--dry-run" in words else "")
    print(f"{label:16} {1e3 * seconds[RUNS // 2]:7.1f} ms   at most {1e3 * seconds[-1]:7.1f} ms", flush=True)


def time_payments(address):
    chain = Anvil(chain_id=int(CHAIN_ID))
    chain.give(address)
    place = ("--rpc", chain.url, "--chain-id", CHAIN_ID)
    payment = ("send", "--to", RECEIVER, "--amount", "0.001", "--confirmations", "1", *place)
    try:
        time_command("balance", *place)
        time_command(*payment, "--dry-run")
        time_command(*payment, "--yes", *PASSWORD)
    finally:
        chain.stop()


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for name, text in (("password", "correct horse battery staple"), ("key", "0x" + "46" * 32)):
        pathlib.Path(name).write_text(text)
        pathlib.Path(name).chmod(0o600)
    time_command("create", "--mnemonic-file", "words", *PASSWORD, home="new", fresh=("new", "words"))
    time_command("import", "--key-file", "key", *PASSWORD, home="new", fresh=("new",))
    kaisar("home", "create", "--mnemonic-file", "words-of-home", *PASSWORD)
    address = kaisar("home", "address").stdout.strip()
    time_command("sign", "--message", "hello", *PASSWORD)
    signature = kaisar("home", "sign", "--message", "hello", *PASSWORD).stdout.split()[-1]
    time_command("verify", "--message", "hello", "--address", address, "--signature", signature)
    time_command("address")
    time_command("show")
    time_command("export", *PASSWORD)
    time_command("change-password", *PASSWORD, "--new-password-file", "password")
    time_command("backup", "backup", *PASSWORD, fresh=("backup",))
    time_command("backup-check", "backup", *PASSWORD)
    try:
        time_payments(address)
    except Skip as reason:
        print(f"no chain: {reason}")
