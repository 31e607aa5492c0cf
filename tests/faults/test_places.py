"""Disks that are full, folders that are closed, files that are torn: said plainly, and nothing half-written."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from processes import environment, kaisar
from tap import Skip, case, main

ENVIRONMENT_CODE = 3


def fresh_folder():
    return tempfile.TemporaryDirectory(prefix="kaisar-places-")


def with_password(folder):
    path = pathlib.Path(folder)
    (path / "password").write_text("correct horse battery staple\n")
    (path / "password").chmod(0o600)
    return path


def create_wallet(folder, **how):
    return kaisar(folder, "--no-input", "wallet", "create", "--password-file", "password", "--mnemonic-file", "words", **how)


def require_refused(done, *words):
    assert done.returncode == ENVIRONMENT_CODE, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    for word in words:
        assert word in done.stderr, f"{word!r} is not in {done.stderr!r}"


@case("output to a full disk is exit 3, not silence")
def _():
    for words in (["--version"], ["--version", "--json"], ["--help"], ["bench", "--help"]):
        with fresh_folder() as folder, open("/dev/full", "w") as full:
            done = subprocess.run(["kaisar", *words], stdout=full, stderr=subprocess.PIPE, text=True,
                                  env=environment(pathlib.Path(folder)))
            require_refused(done, "stdout")


@case("a reader that goes away ends the command without a word of fright")
def _():
    with fresh_folder() as folder:
        done = subprocess.run("kaisar --help | true; echo ${PIPESTATUS[0]}", shell=True, executable="/bin/bash", capture_output=True,
                              text=True, env=environment(pathlib.Path(folder)))
        assert done.stdout.strip() in ("0", "3", "141"), done


@case("a data directory that others may read is refused with the chmod that mends it")
def _():
    with fresh_folder() as folder:
        path = with_password(folder)
        (path / "data").mkdir(mode=0o755)
        (path / "data").chmod(0o755)
        require_refused(create_wallet(folder), "chmod 700", str(path / "data"))
        (path / "data").chmod(0o700)
        assert create_wallet(folder).returncode == 0


@case("a password file that others may read is named with the chmod that mends it")
def _():
    with fresh_folder() as folder:
        path = with_password(folder)
        (path / "password").chmod(0o644)
        assert "chmod 600 password" in create_wallet(folder).stderr


@case("a data directory that is a file, or lies below one, is named")
def _():
    with fresh_folder() as folder:
        path = with_password(folder)
        (path / "data").write_text("")
        require_refused(create_wallet(folder), str(path / "data"))


@case("a full disk loses nothing that was there, and is named; the same command works once there is space")
def _():
    if os.geteuid() != 0:
        raise Skip("mounting a small file system needs root")
    with fresh_folder() as folder:
        path = with_password(folder)
        (path / "data").mkdir(mode=0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", path / "data"], capture_output=True)
        if mounted.returncode:
            raise Skip("a tmpfs cannot be mounted here")
        try:
            (path / "data/filler").write_bytes(b"x" * 12288)
            (path / "data/filler2").write_bytes(b"x" * 4096)
            require_refused(create_wallet(folder), "No space left", "space")
            assert not (path / "data/wallet.json").exists() and not list((path / "data").glob("*.kaisar-new"))
            (path / "data/filler").unlink()
            shutil.rmtree(path / "words", ignore_errors=True)
            (path / "words").unlink(missing_ok=True)
            assert create_wallet(folder).returncode == 0
        finally:
            subprocess.run(["umount", "-l", path / "data"], check=True)


@case("a torn wallet file is named, with the way out, and not overwritten")
def _():
    with fresh_folder() as folder:
        path = with_password(folder)
        assert create_wallet(folder).returncode == 0
        whole = (path / "data/wallet.json").read_bytes()
        for torn in (b"", whole[: len(whole) // 2], b"\0" * len(whole), whole.replace(b"{", b"[", 1)):
            (path / "data/wallet.json").write_bytes(torn)
            done = kaisar(folder, "--no-input", "wallet", "sign", "--message", "x", "--password-file", "password")
            assert done.returncode in (3, 6), done
            assert "wallet.json" in done.stderr, done.stderr
            (path / "words").unlink(missing_ok=True)
            assert create_wallet(folder).returncode != 0, "a damaged wallet was overwritten"
            assert (path / "data/wallet.json").read_bytes() == torn


main()
