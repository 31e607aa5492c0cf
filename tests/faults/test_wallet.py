"""kaisar wallet on a machine that fails: full disks, failing devices, kills, rivals, streams that are gone."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1])]

from processes import environment
from tap import Skip, case, main

LIMIT_S = 60


class Owner:
    """A folder with a password file, and the wallet in its data directory."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.wallet = self.folder / "data/wallet.json"
        (self.folder / "password").write_text("a long password\n")
        (self.folder / "password").chmod(0o600)
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.folder)

    def command(self, *words, words_file="words"):
        options = ["--password-file", "password"] + (["--mnemonic-file", words_file] if words[0] == "create" else [])
        return ["kaisar", "wallet", *words, *options]

    def run(self, command, **streams):
        streams = streams or {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.run(command, cwd=self.folder, env=environment(self.folder), text=True, timeout=LIMIT_S, **streams)

    def run_injected(self, fault, *words):
        if not shutil.which("strace"):
            raise Skip("strace is not installed")
        return self.run(["strace", "-f", "-o", "/dev/null", "-e", f"inject={fault}", *self.command(*words)])

    def left(self):
        data = self.folder / "data"
        return sorted(path.name for path in data.iterdir()) if data.exists() else []


@case("a device that cannot sync, link or write leaves neither a wallet nor its words")
def _():
    places = [f"fsync:error=ENOSPC:when={n}" for n in (1, 2, 3, 4)]  # the words, their folder, the wallet, its folder
    for fault in (*places, "link,linkat:error=EIO:when=1", "link,linkat:error=EIO:when=2", "fchmod:error=EROFS"):
        with Owner() as owner:
            done = owner.run_injected(fault, "create")
            assert done.returncode == 3, (fault, done)
            assert owner.left() == [], (fault, owner.left())
            assert not (owner.folder / "words").exists(), fault
            assert owner.run(owner.command("create")).returncode == 0


@case("a full disk is an error of the environment, with the place named")
def _():
    with Owner() as owner:
        # Every write to anything but a terminal's streams goes to a file here: the words are the first.
        done = owner.run_injected("write:error=ENOSPC:when=1", "create")
        assert done.returncode == 3 and "words" in done.stderr and "No space left" in done.stderr, done
        assert owner.left() == []


@case("a kill while the password is changed leaves the wallet as it was")
def _():
    with Owner() as owner:
        assert owner.run(owner.command("create")).returncode == 0
        before = owner.wallet.read_bytes()
        (owner.folder / "next").write_text("another password\n")
        for fault in ("rename,renameat,renameat2:signal=SIGKILL:error=EIO", "fsync:signal=SIGKILL:error=EIO"):
            done = owner.run_injected(fault, "change-password", "--new-password-file", "next")
            assert done.returncode not in (0, 3), done
            assert owner.wallet.read_bytes() == before
        assert owner.run(owner.command("change-password", "--new-password-file", "next")).returncode == 0


@case("a wallet that cannot be replaced is where it was, and is the only one")
def _():
    with Owner() as owner:
        assert owner.run(owner.command("create")).returncode == 0
        before = owner.wallet.read_bytes()
        (owner.folder / "words").unlink()
        for fault in ("fsync:error=ENOSPC:when=3", "rename,renameat,renameat2:error=EIO"):
            done = owner.run_injected(fault, "create", "--replace")
            assert done.returncode == 3, (fault, done)
            assert owner.wallet.read_bytes() == before and owner.left() == ["wallet.json"], (fault, owner.left())
            assert not (owner.folder / "words").exists(), fault


@case("of three that create a wallet at once one wins, and only its words are left")
def _():
    with Owner() as owner:
        rivals = [subprocess.Popen(owner.command("create", words_file=f"words-{i}"), cwd=owner.folder, text=True,
                                   env=environment(owner.folder), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                  for i in range(3)]
        ends = [(rival.communicate(timeout=LIMIT_S)[0].strip(), rival.returncode) for rival in rivals]
        winners = [i for i, (_, code) in enumerate(ends) if code == 0]
        assert len(winners) == 1, ends
        assert owner.left() == ["wallet.json"], owner.left()
        assert [path.name for path in owner.folder.glob("words-*")] == [f"words-{winners[0]}"]
        assert owner.run(["kaisar", "wallet", "address"]).stdout.strip() == ends[winners[0]][0]


@case("stderr that is full or closed changes no exit code, stdout that is full does")
def _():
    with Owner() as owner, open("/dev/full", "w") as full:
        assert owner.run(["kaisar", "wallet", "show"], stdout=subprocess.DEVNULL, stderr=full).returncode == 6
        assert owner.run(["sh", "-c", "kaisar wallet show >&- 2>&- <&-"]).returncode == 6
        assert owner.run(["sh", "-c", " ".join(owner.command("create")) + " 2>&-"]).returncode == 0
        address = owner.run(["kaisar", "wallet", "address"])
        assert address.returncode == 0 and address.stdout.startswith("0x"), address
        assert owner.run(["kaisar", "wallet", "address"], stdout=full, stderr=subprocess.DEVNULL).returncode == 3
        assert owner.run(["sh", "-c", "kaisar wallet address >&-"]).returncode == 3


main()
