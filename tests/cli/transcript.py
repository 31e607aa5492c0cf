"""Transcripts: what a person types and sees, in *.txt files beside this one.

    # a remark
    $ printf secret > password; kaisar wallet create --password-file password --mnemonic-file words
    address  0x*                          a line of stdout; * stands for anything within the line
    ...                                   any number of lines
    ! kaisar: no wallet here              a line of stderr
    < yes                                 a line that is typed
    ? 6                                   the exit code, where it is not 0
    @ network                             starts a network (devnet) before the next command; its profile is network.json
    @ needs podman                        the rest of the file is skipped where that program is missing
    @ terminal                            the next command runs on a terminal (stdout and stderr are then one stream)

Commands of a file run in order, by sh, in one empty folder with an empty data directory of its own. Blank lines do not count.
Every --json output is checked against its schema besides.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time

import json_schema
from processes import Network, environment
from tap import Skip, case

COMMAND_LIMIT_S = 120


class Step:
    """A command with what is typed and what must come out."""

    def __init__(self, line, command):
        self.line, self.command = line, command
        self.stdin, self.stdout, self.stderr, self.code = [], [], [], 0
        self.network = self.terminal = False
        self.needs = []


def parse(path):
    steps, pending = [], []
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if not line.strip() or line.startswith("# "):
            continue
        if line.startswith("@ "):
            pending.append(line[2:].split())
        elif line.startswith("$ "):
            step = Step(number, line[2:])
            for words in pending:
                if words == ["network"] or words == ["terminal"]:
                    setattr(step, words[0], True)
                elif words[0] == "needs":
                    step.needs = words[1:]
                else:
                    raise ValueError(f"{path.name}: @ {' '.join(words)} is not known")
            steps.append(step)
            pending = []
        elif line.startswith("! "):
            steps[-1].stderr.append(line[2:])
        elif line.startswith("< "):
            steps[-1].stdin.append(line[2:])
        elif line.startswith("? "):
            steps[-1].code = int(line[2:])
        else:
            steps[-1].stdout.append(line.removeprefix("\\"))
    return steps


def matches(expected, actual):
    """Whether the lines fit; `...` takes any number of them, `*` anything within one."""
    if not expected:
        return not actual
    if expected[0] == "...":
        return any(matches(expected[1:], actual[skipped:]) for skipped in range(len(actual) + 1))
    pattern = ".*".join(re.escape(part) for part in expected[0].rstrip().split("*"))
    return bool(actual) and re.fullmatch(pattern, actual[0].rstrip()) is not None and matches(expected[1:], actual[1:])


def lines_of(text):
    return [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]


def run_piped(step, folder, env):
    done = subprocess.run(["sh", "-c", step.command], cwd=folder, env=env, input="".join(line + "\n" for line in step.stdin),
                          capture_output=True, text=True, timeout=COMMAND_LIMIT_S)
    return done.stdout, done.stderr, done.returncode


def run_on_terminal(step, folder, env):
    """Types each line once the command has gone quiet, as a person would who reads the question first."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execvpe("sh", ["sh", "-c", step.command], env)
    typed, said, ends = list(step.stdin), b"", time.monotonic() + COMMAND_LIMIT_S
    while time.monotonic() < ends:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # the command has ended
                break
            said += chunk
        elif typed:
            os.write(terminal, typed.pop(0).encode() + b"\n")
    else:
        os.kill(process, 9)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(terminal)
    return said.decode(errors="replace"), "", code


def check_step(step, folder, env):
    out, err, code = (run_on_terminal if step.terminal else run_piped)(step, folder, env)
    story = f"$ {step.command}\n-- stdout\n{out}\n-- stderr\n{err}\n-- exit code {code}, expected {step.code}"
    assert code == step.code, story
    assert matches(step.stdout, lines_of(out)), "stdout differs; expected\n" + "\n".join(step.stdout) + "\n" + story
    assert matches(step.stderr, lines_of(err)), "stderr differs; expected\n" + "\n".join(step.stderr) + "\n" + story
    if "--json" in step.command.split() and "|" not in step.command and ">" not in step.command:
        json_schema.check_output(out)


class Session:
    """The folder, the environment and the network that the commands of one file share."""

    def __init__(self):
        self.folder, self.network, self.missing = None, None, None

    def play(self, step, is_last):
        try:
            self.missing = self.missing or next((program for program in step.needs if not shutil.which(program)), None)
            if self.missing:
                raise Skip(f"{self.missing} is not installed")
            self.folder = self.folder or pathlib.Path(tempfile.mkdtemp(prefix="kaisar-transcript-"))
            if step.network:
                self.network = Network(self.folder)
            check_step(step, self.folder, environment(self.folder))
        finally:
            if is_last:
                self.close()

    def close(self):
        if self.network:
            self.network.stop()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def add_cases(path):
    session, steps = Session(), parse(path)
    for step in steps:
        case(f"{path.stem}:{step.line} $ {step.command[:90]}")(
            lambda step=step: session.play(step, step is steps[-1]))
