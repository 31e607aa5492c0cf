"""`kaisar prove --verify` on real proof files: whatever is altered in one is exit 7, and what cannot be read is exit 3."""
import pathlib
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from processes import environment
from tap import case, main

GOLDEN = HERE.parent / "golden"
# Valid proofs, and what of their files they do not speak of: on demand there is no schedule word; a proof that asked itself belongs to no network.
ALL_COUNT, ON_DEMAND, SELF = set(), {"schedule key"}, {"network id", "schedule key"}
VALID = {"cpp_t0": ALL_COUNT, "cpp_c1": ALL_COUNT, "t0_memory": ALL_COUNT, "t0_on_demand": ON_DEMAND, "t0_self": SELF}
PLACES = 30  # spread over a file, beside its header
MISMATCH_CODE, ENVIRONMENT_CODE = 7, 3

folder = tempfile.TemporaryDirectory(prefix="kaisar-proofs-")


def verify(path, *words):
    return subprocess.run(["kaisar", "prove", "--verify", str(path), *words], capture_output=True, text=True, timeout=60,
                          env=environment(pathlib.Path(folder.name)))


def require_refused(content, what):
    path = pathlib.Path(folder.name) / "altered.kpw"
    path.write_bytes(content)
    done = verify(path)
    assert done.returncode == MISMATCH_CODE, f"{what}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert done.stderr, f"{what}: no word about it"


def with_bits_turned(content, bits, *places):
    turned = bytearray(content)
    for at in places:
        turned[at] ^= bits
    return bytes(turned)


def fields_of(content):
    """Bits whose turning changes the meaning of the file's header fields, and where they are; and where the proof begins."""
    params, = struct.unpack_from("<I", content, 8)
    node = 12 + params
    places = {"magic": (1, 0), "version": (2, 4), "zero": (1, 6), "length of PARAMS": (1, 8), "PARAMS' name": (1, 20),
              "a time of PARAMS": (1, 40), "network id": (1, node), "node key": (128, node + 4), "schedule key": (1, node + 36),
              "members": (1, node + 70)}
    quorum, members = struct.unpack_from("<HH", content, node + 68)
    # Lowered, that is: a higher quorum that the proof's witnesses reach as well is a claim that holds.
    places["quorum"] = (quorum if quorum else 1, node + 68)
    if members:
        places["the checkers' keys"] = (1, *(node + 72 + 32 * member for member in range(members)))
    places["length of the proof"] = (1, node + 72 + 32 * members)
    return places, node + 76 + 32 * members


for name, unspoken in VALID.items():
    @case(f"a proof that is valid is exit 0; with any of its parts altered it is exit 7: {name}")
    def _(name=name, unspoken=unspoken):
        path = GOLDEN / f"{name}.kpw"
        content = path.read_bytes()
        done = verify(path)
        assert done.returncode == 0, done.stdout + done.stderr
        places, proof = fields_of(content)
        for field, (bits, *at) in places.items():
            if field not in unspoken:
                require_refused(with_bits_turned(content, bits, *at), f"{field}, byte {at}")
        step = max(1, (len(content) - proof) // PLACES)
        for at in [*range(proof, len(content), step), len(content) - 1]:
            require_refused(with_bits_turned(content, 1 << at % 8, at), f"byte {at} of {len(content)}")
        for size in (0, 1, proof - 1, proof, len(content) // 2, len(content) - 1):
            require_refused(content[:size], f"cut to {size} bytes")
        require_refused(content + b"\0", "a byte more")
        require_refused(content + content, "twice")


@case("two valid proofs do not make a third: one's proof under the other's keys is exit 7")
def _():
    one, other = ((GOLDEN / f"{name}.kpw").read_bytes() for name in ("cpp_t0", "t0_memory"))
    require_refused(one[:fields_of(one)[1] - 4] + other[fields_of(other)[1] - 4:], "mixed")


@case("a proof that skipped work is exit 7, and the reason has a name")
def _():
    for name, code in (("t0_skipped_tile", "tile-mismatch"), ("t0_missing_page", "walk-mismatch")):
        done = verify(GOLDEN / f"{name}.kpw", "--json")
        assert done.returncode == MISMATCH_CODE and f'"code":"{code}"' in done.stdout, done


@case("what cannot be read is exit 3: no file, a folder, a device without an end")
def _():
    for path in ("missing.kpw", folder.name, "/dev/zero"):
        done = verify(path)
        assert done.returncode == ENVIRONMENT_CODE and str(path) in done.stderr, f"{path}: {done}"


try:
    main()
finally:
    folder.cleanup()
