#!/usr/bin/env python3
"""The plain Python reference against itself, the golden bytes, and proofs that the real program makes."""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parents[1]
sys.path[:0] = [str(HERE), str(TESTS)]
import codes
import make_vectors
import memory
import primitives
import processes
import rules
import tamper
import verify
from tap import Skip, case, main

GOLDEN = TESTS / "golden"
# Published before this reference was written: ChaCha8 test vector TC1 (all zero) and RFC 8032 section 7.1, test 1.
CHACHA8_ZERO = "3e00ef2f895f40d67f5bb8e81f09a5a12c840ec3ce9a7f3b181be188ef711a1e"
RFC8032_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
RFC8032_PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
RFC8032_SIGNATURE = ("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                     "d25bf5f0595bbe24655141438e7a100b")


def refusal(data, **knowledge):
    try:
        verify.verify(data, **knowledge)
    except codes.Refused as refused:
        return refused.code
    return codes.OK


def rehearse(folder, *options):
    """A .kpw file that the real program has just made."""
    program = processes.BUILD / "bin" / "kaisar"
    if not program.exists():
        raise Skip(f"{program} is not built")
    done = subprocess.run([program, "prove", "--rehearse", "--out", folder, "--json", *options], capture_output=True,
                          text=True, timeout=120, env=processes.environment(pathlib.Path(folder)))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verify"]["ok"] is True
    return next(pathlib.Path(folder).glob("*.kpw")).read_bytes()


@case("the reference's primitives give published answers")
def _():
    assert primitives.cc8(bytes(32), 0, 0).hex().startswith(CHACHA8_ZERO)
    assert primitives.ed25519_public(RFC8032_SEED).hex() == RFC8032_PUBLIC
    assert primitives.ed25519_sign(RFC8032_SEED, b"").hex() == RFC8032_SIGNATURE
    assert primitives.ed25519_verify(bytes.fromhex(RFC8032_PUBLIC), b"", bytes.fromhex(RFC8032_SIGNATURE))
    assert not primitives.ed25519_verify(bytes.fromhex(RFC8032_PUBLIC), b"x", bytes.fromhex(RFC8032_SIGNATURE))


@case("the golden vectors and proofs are what the reference computes from scratch")
def _():
    text = "".join(f"{name} = {value}\n" for name, value in make_vectors.all_vectors())
    assert text == (GOLDEN / "popw_vectors.txt").read_text()
    files = make_vectors.proof_files()
    for name, data in files.items():
        assert data == (GOLDEN / name).read_bytes(), name
    assert tamper.text(files) == (GOLDEN / "popw_tampered.txt").read_text()


@case("proofs that the C++ prover once made verify, every tile recomputed")
def _():
    figures = verify.verify((GOLDEN / "cpp_t0.kpw").read_bytes())
    assert figures["macs"] == figures["rounds"] * 128 * 128 * 256
    figures = verify.verify((GOLDEN / "cpp_c1.kpw").read_bytes(), tiles=8)
    assert figures["profile"] == 1 and figures["macs"] == figures["rounds"] * 2**32


@case("a proof that `kaisar prove --rehearse` makes now verifies")
def _():
    with tempfile.TemporaryDirectory() as folder:
        assert verify.verify(rehearse(folder, "--params", "test"))["profile"] == 0


@case("a proof that a GPU's prover makes on a test double of one verifies, products, pages and walk")
def _():
    program = processes.BUILD / "bin" / "tests" / "device_proof"
    if not program.exists():
        raise Skip(f"{program} is not built")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "device.kpw"
        done = subprocess.run([program, path], capture_output=True, text=True, timeout=120, check=True)
        code, rounds, held = done.stdout.split()
        assert code == "ok" and int(held) > 2**19, done.stdout
        figures = verify.verify(path.read_bytes())
        assert figures["rounds"] == int(rounds) and figures["pages"] * 2048 == int(held), figures


@case("`kaisar prove --verify` accepts the reference's proofs and refuses a changed one with exit code 7")
def _():
    program = processes.BUILD / "bin" / "kaisar"
    if not program.exists():
        raise Skip(f"{program} is not built")
    with tempfile.TemporaryDirectory() as folder:
        changed = bytearray((GOLDEN / "t0_committee.kpw").read_bytes())
        changed[-2000] ^= 1
        bad = pathlib.Path(folder) / "changed.kpw"
        bad.write_bytes(changed)
        for path, code in ((GOLDEN / "t0_committee.kpw", 0), (GOLDEN / "t0_self.kpw", 0), (GOLDEN / "t0_memory.kpw", 0),
                           (bad, 7)):
            done = subprocess.run([program, "prove", "--verify", path, "--json"], capture_output=True, timeout=60,
                                  env=processes.environment(pathlib.Path(folder)))
            assert done.returncode == code, (path.name, done.returncode, done.stderr)


@case("every tampered proof gets its code from the reference, and every code is among them")
def _():
    files, seen = {path.name: path.read_bytes() for path in GOLDEN.glob("*.kpw")}, set()
    for line in (GOLDEN / "popw_tampered.txt").read_text().splitlines():
        name, code, data, knowledge = tamper.read(line, files)
        found = refusal(data, **knowledge)
        assert found == code, (name, code, found)
        seen.add(code)
    assert seen == set(range(15))


@case("proofs with random edits get the same code from the reference and from the verifier")
def _():
    program = processes.BUILD / "bin" / "tests" / "edited_proofs"
    if not program.exists():
        raise Skip(f"{program} is not built")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, "1", "60", folder], capture_output=True, text=True, timeout=120, check=True)
        lines, seen = done.stdout.splitlines(), set()
        assert len(lines) == 60
        for line in lines:
            number, code, received_at, why = line.split(" ", 3)
            found = refusal((pathlib.Path(folder) / f"{number}.kpw").read_bytes(), received_at=int(received_at) or None)
            assert found == int(code), (line, found)
            seen.add(found)
        assert len(seen) >= 8, seen


@case("keys and signatures of small order are refused")
def _():
    nothing = bytes([1]) + bytes(31)  # the neutral point: with it as key, R = the neutral point and S = 0 sign everything
    assert not primitives.ed25519_verify(nothing, b"abc", nothing + bytes(32))
    assert not primitives.ed25519_verify(primitives.ed25519_public(make_vectors.NODE), b"abc", nothing + bytes(32))


@case("pages depend on every pass and walks on every byte of memory")
def _():
    seed = make_vectors.SEED
    pages = b"".join(memory.page_bytes(seed, number, (32, 1)) for number in range(2))
    _, _, root = memory.walk_batch(seed, 0, bytes(32), 7, pages)
    for at in range(0, len(pages), 97):
        damaged = bytearray(pages)
        damaged[at] ^= 0x10
        assert memory.walk_batch(seed, 0, bytes(32), 7, bytes(damaged))[2] != root, at


if __name__ == "__main__":
    main()
