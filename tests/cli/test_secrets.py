"""What is left of a secret once a command is through: nothing in the memory of its process, in what it says, or in its files."""
import hashlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "faults"), str(HERE.parent / "network")]

from ledgers import Evm
from processes import Network, environment, kaisar
from quick_wallet import KEYSTORE, PASSWORD
from tap import Skip, case, main

EXIT_GROUP = {"x86_64": "231", "aarch64": "94"}
READY_LIMIT_S = 60


class Home:
    """A data directory, and secrets in files beside it as a provider's scripts would have them."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kaisar-secrets-"))
        self.write("password", PASSWORD + "\n")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)

    def run(self, *words):
        done = kaisar(self.folder, "--no-input", "--json", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def run_to_the_end(self, *words):
        """Runs kaisar, stops it at its very last system call, and returns (its memory, what it said)."""
        strace = subprocess.Popen(["strace", "-qq", "-o", "/dev/null", "-e", "trace=exit_group", "-e", "inject=exit_group:delay_enter=600s",
                                   "kaisar", "--no-input", "--json", *words],
                                  cwd=self.folder, env=environment(self.folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            process = wait_for_end(strace)
            memory = memory_of(process)
            os.kill(process, 9)
        finally:
            strace.kill()
            said = b"".join(strace.communicate())
        assert b'"schema":"kaisar.error' not in said and said, said.decode()
        return memory, said


def wait_for_end(strace):
    """The process under strace, once it is in its last system call."""
    deadline = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < deadline:
        assert strace.poll() is None, f"strace ended: {strace.stderr.read().decode()}"
        try:
            child = pathlib.Path(f"/proc/{strace.pid}/task/{strace.pid}/children").read_text().split()
            if child and pathlib.Path(f"/proc/{child[0]}/syscall").read_text().split()[0] == EXIT_GROUP[platform.machine()]:
                return int(child[0])
        except (OSError, IndexError):
            pass
        time.sleep(0.02)
    raise AssertionError("the command does not end")


def memory_of(process):
    """Everything that the process could read or write itself, and what it fenced off."""
    memory = bytearray()
    with open(f"/proc/{process}/mem", "rb", 0) as content:
        for line in pathlib.Path(f"/proc/{process}/maps").read_text().splitlines():
            place, rights = line.split()[:2]
            start, end = (int(part, 16) for part in place.split("-"))
            if "w" not in rights and "[" not in line and "/" in line:
                continue  # a file's text
            try:
                content.seek(start)
                memory += content.read(end - start)
            except (OSError, OverflowError, ValueError):
                pass  # the kernel's pages
    return bytes(memory)


def traces_of(name, secret):
    """A secret as programs keep it: as it is, either half, with its bytes in reverse, and in hexadecimal digits."""
    halves = {"first half of the ": secret[:len(secret) // 2], "second half of the ": secret[len(secret) // 2:]}
    for part, value in halves.items():
        yield f"{part}{name}", value
        yield f"{part}{name} in reverse", value[::-1]
        yield f"{part}{name} in digits", value.hex().encode()


def secrets_of(key, keystore, password=PASSWORD, phrase=None):
    cost = {name.lower(): value for name, value in keystore.items()}["crypto"]["kdfparams"]
    derived = hashlib.scrypt(password.encode(), salt=bytes.fromhex(cost["salt"]), n=cost["n"], r=cost["r"], p=cost["p"], dklen=32, maxmem=1 << 30)
    yield "password", password.encode()
    yield from traces_of("private key", key)
    yield from traces_of("key that scrypt makes of the password", derived)
    if phrase:
        yield "phrase", " ".join(phrase.split()[5:9]).encode()
        seed = hashlib.pbkdf2_hmac("sha512", phrase.encode(), b"mnemonic", 2048)
        yield from traces_of("seed", seed[:32])
        yield from traces_of("seed's end", seed[32:])


def require_none(secrets, places):
    found = [f"the {name} is in {place}" for name, value in secrets for place, content in places.items() if value in content]
    assert not found, "; ".join(found)


def files_of(home):
    return {str(path.relative_to(home.folder)): path.read_bytes() for path in (home.folder / "data").rglob("*") if path.is_file()}


def require_root():
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    if os.geteuid() != 0:
        raise Skip("only root may read the memory of a process that forbids it")
    if platform.machine() not in EXIT_GROUP:
        raise Skip(f"the number of exit_group on {platform.machine()} is not known here")


def require_clean(home, secrets, *words):
    """The command leaves none of the secrets; that memory was read is seen by the folder's name, which is in it."""
    memory, said = home.run_to_the_end(*words)
    assert str(home.folder).encode() in memory, "the memory that was read is not the command's"
    require_none(secrets, {"memory at the end of " + " ".join(words[:2]): memory, "the output": said, **files_of(home)})


@case("the private key of an account, its password and what scrypt makes of it are nowhere after any command that unlocks it")
def _():
    require_root()
    with Home() as home:
        home.write("keystore", KEYSTORE)
        home.run("wallet", "import", "--keystore", "keystore", "--password-file", "password")
        key = bytes.fromhex(home.run("wallet", "export", "--password-file", "password")["private_key"][2:])
        secrets = list(secrets_of(key, json.loads(KEYSTORE)))
        request = {"schema": "kaisar.binding-request/1", "chain_id": 3338, "registry": "0x" + "46" * 20, "node_public_key": "0x" + "11" * 32,
                   "inventory_hash": "0x" + "22" * 32}
        home.write("request", json.dumps(request))
        home.write("typed", json.dumps({"domain": {"name": "a"}, "primaryType": "B", "types": {"B": [{"name": "c", "type": "uint8"}]}, "message": {"c": 1}}))
        unlock = ("--password-file", "password")
        for words in (("sign", "--message", "hello"), ("sign", "--typed-data", "typed"), ("bind", "--request", "request", "--out", "binding")):
            require_clean(home, secrets, "wallet", *words, *unlock)
        home.write("key", "0x" + key.hex())
        shutil.rmtree(home.folder / "data")
        require_clean(home, [one for one in secrets if "scrypt" not in one[0]], "wallet", "import", "--keystore", "keystore", *unlock)
        shutil.rmtree(home.folder / "data")
        require_clean(home, [one for one in secrets if "scrypt" not in one[0]], "wallet", "import", "--key-file", "key", *unlock)


@case("the node key is nowhere but in its file after a registration that made it, a proof and a status")
def _():
    require_root()
    with Home() as home:
        home.run("wallet", "create", "--mnemonic-file", "words", "--password-file", "password")
        network = Network(home.folder, params="test")
        try:
            for words in (("register", "--yes", "--skip", "timer", "--password-file", "password"), ("prove", "--now"), ("status",),
                          ("wallet", "backup", "backup", "--password-file", "password"), ("bench", "chacha8", "--quick", "--save-baseline")):
                memory, said = home.run_to_the_end("--network", str(network.profile), *words)
                assert str(home.folder).encode() in memory, "the memory that was read is not the command's"
                seed = bytes.fromhex((home.folder / "data/node.key").read_text().split()[-1])
                kept = {name: content for name, content in files_of(home).items() if name != "data/node.key"}
                require_none(traces_of("node key", seed), {f"memory at the end of {words[0]}": memory, "the output": said, **kept})
                require_none([("password", PASSWORD.encode())], {f"memory at the end of {words[0]}": memory, "the output": said, **kept})
        finally:
            network.stop()


@case("the words of a new wallet, their seed and all keys made of them are nowhere but in the file that was asked for")
def _():
    require_root()
    with Home() as home:
        memory, said = home.run_to_the_end("wallet", "create", "--mnemonic-file", "words", "--password-file", "password")
        phrase = (home.folder / "words").read_text().strip()
        key = bytes.fromhex(home.run("wallet", "export", "--password-file", "password")["private_key"][2:])
        keystore = json.loads((home.folder / "data/wallet.json").read_text())
        secrets = list(secrets_of(key, keystore, phrase=phrase))
        require_none(secrets, {"memory at the end of create": memory, "the output": said, **files_of(home)})
        home.write("new", "tangerine unicycle parade\n")
        require_clean(home, [*secrets, ("new password", b"tangerine unicycle parade")], "wallet", "change-password", "--password-file", "password", "--new-password-file", "new")
        require_clean(home, secrets, "wallet", "backup", "backup", "--password-file", "new")
        require_none(secrets, {"the backup": (home.folder / "backup").read_bytes()})
        shutil.rmtree(home.folder / "data")
        require_clean(home, [one for one in secrets if "scrypt" not in one[0]], "wallet", "import", "--mnemonic-file", "words", "--password-file", "password")
        shutil.rmtree(home.folder / "data")
        require_clean(home, [*secrets, ("new password", b"tangerine unicycle parade")], "wallet", "restore", "backup", "--password-file", "new")


@case("neither the account's key nor the node's is left by what signs for the chain: a registration that its owner pays for, an identity, a payment")
def _():
    require_root()
    ledger = Evm(params="test")
    try:
        with Home() as home:
            home.write("keystore", KEYSTORE)
            home.run("wallet", "import", "--keystore", "keystore", "--password-file", "password")
            account = home.run("wallet", "export", "--password-file", "password")
            ledger.anvil.give(account["address"])
            code = subprocess.run(["node", HERE.parent / "interop/chain/did.mjs", "code"], capture_output=True, text=True, timeout=60).stdout
            ledger.anvil.rpc("anvil_setCode", "0x0000000000000000000000000000000000000800", code.strip())
            secrets = list(secrets_of(bytes.fromhex(account["private_key"][2:]), json.loads(KEYSTORE)))
            chain = ("--network", str(ledger.network.profile))
            at_once = ("--confirmations", "1", "--password-file", "password")
            for words in (("register", "--yes", "--skip", "timer", "--pay-gas", "owner", *at_once), ("wallet", "identify", "--yes", *at_once),
                          ("wallet", "send", "--to", "0x" + "11" * 20, "--amount", "1", "--yes", *at_once)):
                memory, said = home.run_to_the_end(*chain, *words)
                places = {"memory at the end of " + " ".join(words[:2]): memory, "the output": said}
                node_key = bytes.fromhex((home.folder / "data/node.key").read_text().split()[-1])
                require_none(traces_of("node key", node_key), places)
                require_none(secrets, {**places, **files_of(home)})
                assert str(home.folder).encode() in memory, "the memory that was read is not the command's"
            assert ledger.anvil.nonce(account["address"]) == 3, "something was not sent"
    finally:
        ledger.close()


main()
