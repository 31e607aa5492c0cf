"""kaisar wallet on a terminal: what it shows, what it asks, what it takes for an answer."""
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1])]

from processes import environment
from tap import case, main

LIMIT_S = 60
SECOND_SCREEN, FIRST_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


class Conversation:
    """A command on a terminal of its own; `seen` is all that it has written."""

    def __init__(self, folder, *words):
        self.terminal, end = pty.openpty()
        self.process = subprocess.Popen(["kaisar", *words], stdin=end, stdout=end, stderr=end, start_new_session=True,
                                        env=environment(pathlib.Path(folder), TERM="xterm"))
        os.close(end)
        self.seen, self.read_to = "", 0

    def wait_for(self, pattern):
        """The match of the pattern in what has come since the last one."""
        end = time.monotonic() + LIMIT_S
        while True:
            match = re.search(pattern, self.seen[self.read_to:])
            if match:
                self.read_to += match.end()
                return match
            assert time.monotonic() < end, f"no {pattern!r} in {self.seen[self.read_to:]!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.terminal, 65536).decode()
                except OSError:
                    raise AssertionError(f"it ended without {pattern!r}: {self.seen[self.read_to:]!r}") from None

    def type(self, line):
        time.sleep(0.05)  # the echo is turned off after the question is written
        os.write(self.terminal, line.encode() + b"\n")

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def end(self):
        try:
            while select.select([self.terminal], [], [], LIMIT_S)[0]:
                self.seen += os.read(self.terminal, 65536).decode()
        except OSError:
            pass
        os.close(self.terminal)
        return self.process.wait(LIMIT_S)


def read_words(talk):
    talk.wait_for(re.escape(SECOND_SCREEN))
    shown = talk.wait_for(r"(?s)(.*)Press Enter").group(1)
    return dict(re.findall(r"(\d+)\. ([a-z]+)", shown))


def choose_password(talk, password):
    talk.wait_for("New wallet password:")
    talk.type(password)
    talk.wait_for("The same again:")
    talk.type(password)


@case("create shows the words, asks two of them back and keeps none on the first screen")
def _():
    with tempfile.TemporaryDirectory() as folder:
        talk = Conversation(folder, "wallet", "create")
        choose_password(talk, "a long password")
        words = read_words(talk)
        assert len(words) == 24, words
        talk.type("")
        for _ in range(2):
            talk.type(words[talk.wait_for(r"Word (\d+):").group(1)])
        address = talk.wait_for(r"0x[0-9a-fA-F]{40}").group()
        assert talk.end() == 0
        first_screen = talk.seen.split(SECOND_SCREEN)[0] + talk.seen.split(FIRST_SCREEN)[1]
        assert not re.search(r"\d+\. [a-z]{3,}", first_screen), first_screen
        assert "a long password" not in talk.seen
        # The words are the wallet's: importing them gives the same account.
        talk = Conversation(folder, "--data-dir", f"{folder}/second", "wallet", "import")
        talk.wait_for("The mnemonic's words")
        talk.type("  ".join(words[str(i)] for i in range(1, 25)))
        choose_password(talk, "another password")
        assert talk.wait_for(r"0x[0-9a-fA-F]{40}").group() == address
        assert talk.end() == 0


@case("create makes no wallet when the words are not given back")
def _():
    with tempfile.TemporaryDirectory() as folder:
        talk = Conversation(folder, "wallet", "create", "--words", "12")
        choose_password(talk, "a long password")
        for _ in range(3):
            assert len(read_words(talk)) == 12
            talk.type("")
            talk.wait_for(r"Word \d+:")
            talk.type("nonsense")
        assert talk.end() == 6
        assert not (pathlib.Path(folder) / "data/wallet.json").exists()


@case("two different passwords are asked for again, and three times ends it")
def _():
    with tempfile.TemporaryDirectory() as folder:
        talk = Conversation(folder, "wallet", "create")
        for _ in range(3):
            talk.wait_for("New wallet password:")
            talk.type("first password")
            talk.wait_for("The same again:")
            talk.type("second password")
            talk.wait_for("two different passwords")
        assert talk.end() == 2
        assert not (pathlib.Path(folder) / "data/wallet.json").exists()


@case("the password is asked for where no option gives it, and is not shown")
def _():
    with tempfile.TemporaryDirectory() as folder:
        secrets = pathlib.Path(folder) / "password"
        secrets.write_text("a long password\n")
        secrets.chmod(0o600)
        made = subprocess.run(["kaisar", "wallet", "create", "--password-file", secrets, "--mnemonic-file", f"{folder}/words"],
                              env=environment(pathlib.Path(folder)), capture_output=True, text=True, timeout=LIMIT_S)
        assert made.returncode == 0, made.stderr
        talk = Conversation(folder, "wallet", "sign", "--message", "hello")
        talk.wait_for("Wallet password:")
        talk.type("a long password")
        talk.wait_for(r"0x[0-9a-f]{130}")
        assert talk.end() == 0 and "a long password" not in talk.seen
        talk = Conversation(folder, "--no-input", "wallet", "sign", "--message", "hello")
        talk.wait_for("--password-file FILE")
        assert talk.end() == 2


@case("Ctrl-C ends every question, leaves the second screen and makes no wallet")
def _():
    with tempfile.TemporaryDirectory() as folder:
        talk = Conversation(folder, "wallet", "create")
        talk.wait_for("New wallet password:")
        talk.interrupt()
        assert talk.end() == 130
        talk = Conversation(folder, "wallet", "create")
        choose_password(talk, "a long password")
        read_words(talk)
        talk.interrupt()
        talk.wait_for(re.escape(FIRST_SCREEN) + "(?s:.*)interrupted")
        assert talk.end() == 130
        assert not (pathlib.Path(folder) / "data/wallet.json").exists()


main()
