"""Proofs that are wrong in one way each, with the code that every verifier must answer; written as edits to honest files.

A line of tests/golden/popw_tampered.txt: name = code | file | what else the verifier knows | edits. An edit is the offset in the
file (of the bytes before it was edited), the number of bytes that go, and the bytes that come in their place. Knowledge is
`received N`, microseconds since 1970, or `decided H`, the hash of a proof decided before, or nothing.
"""
import struct

import codes
import compute
import make_vectors as honest
import rules
import verify
from primitives import ed25519_public, ed25519_sign_with_neutral_point, th

NODE, CHECKERS = honest.NODE, honest.CHECKERS
HEADER, SIGNATURE = 16, 64
T0_US = 20000 * rules.TEST["epoch"] + 17 * rules.TEST["slot"] + rules.TEST["t0_offset"]


def sign(kind, message, seed):
    """The message with its length and signature put right; its last 64 bytes are the old signature."""
    return rules.signed(kind, message[HEADER:-SIGNATURE], seed)


def sign_with_neutral_point(kind, message, seed):
    body = message[:-SIGNATURE]
    return body + ed25519_sign_with_neutral_point(seed, th("sig", bytes([kind]), body))


def put(message, at, data):
    return message[:at] + data + message[at + len(data):]


class Draft:
    """An honest file taken apart; `bytes()` puts it together and signs the proof again."""

    def __init__(self, data):
        self.file = verify.decode_file(data)
        params = self.file["params"]
        self.proof = verify.decode_proof(rules.body_of(self.file["proof"], rules.PROOF), params)
        self.marks, self.beacons = list(self.proof["mark_bytes"]), list(self.proof["beacon_bytes"])
        self.receipts = list(self.proof["receipt_bytes"])
        self.roots, self.openings = list(self.proof["compute"]["roots"]), list(self.proof["compute"]["openings"])
        self.memory = self.proof["memory"] and dict(self.proof["memory"])
        self.head = {key: self.proof[key] for key in ("epoch", "slot", "device", "node_id")}
        self.signer = NODE

    def message(self):
        part = self.memory
        walk = part and (part["kind"], part["walkers_log2"], part["hold_batches"], part["pages"], part["roots"], part["openings"])
        return rules.encode_proof(self.signer, self.head["epoch"], self.head["slot"], self.head["device"], self.head["node_id"],
                                  self.marks, self.beacons, self.receipts, self.roots, self.openings, walk)

    def pack(self, message=None):
        file = self.file
        return verify.encode_file(file["params"], file["network"], file["node_key"], file["schedule_key"], file["quorum"],
                                  file["committee"], message or self.message())

    def change_mark(self, number, at, data):
        self.marks[number] = sign(rules.MARK, put(self.marks[number], at, data), NODE)

    def change_beacon(self, number, at, data, signer):
        self.beacons[number] = sign(rules.BEACON, put(self.beacons[number], at, data), CHECKERS[signer])

    def change_receipt(self, number, at, data, signer):
        self.receipts[number] = sign(rules.RECEIPT, put(self.receipts[number], at, data), CHECKERS[signer])

    def change_bytes(self, at, data):
        """Something in the encoded proof, signed again."""
        return self.pack(sign(rules.PROOF, put(self.message(), at, data), NODE))


def turned(message, at):
    return put(message, at, bytes([message[at] ^ 1]))


def le(value, size):
    return value.to_bytes(size, "little")


def malformed(committee, memory, on_demand):
    yield "version", committee().pack(turned(committee().message(), 5))
    yield "longer than its header says", committee().pack(committee().message() + b"\0")
    yield "shorter than its header says", committee().pack(committee().message()[:-1])
    yield "reserved bits", committee().change_bytes(70, b"\1")
    yield "no parts", committee().change_bytes(30, b"\0")
    draft = committee()
    draft.openings = []
    yield "no openings", draft.pack()
    draft = committee()
    draft.openings = draft.openings[:63]
    yield "one opening short", draft.pack()
    draft = committee()
    draft.openings.append(draft.openings[0])
    yield "one opening too many", draft.pack()
    draft = committee()
    draft.change_mark(0, 138, b"\4")
    yield "a device of no kind", draft.pack()
    draft = committee()
    draft.change_beacon(1, 21, b"D", 0)
    yield "a beacon of no phase", draft.pack()
    draft = committee()
    draft.change_receipt(0, 29, b"\1", 0)
    yield "reserved bits in a receipt", draft.pack()
    draft = committee()
    draft.head["device"] = 4
    yield "a device that was not marked", draft.pack()
    draft = memory()
    draft.memory["openings"] = draft.memory["openings"][:7]
    yield "one walk opening short", draft.pack()
    draft = memory()
    draft.marks.pop()
    yield "no walk mark", draft.pack()


def not_active(committee, memory, on_demand):
    draft = committee()
    draft.head["slot"] = 30
    draft.change_mark(0, 28, le(30, 4))
    yield "a slot that an epoch does not have", draft.pack()
    draft = on_demand()
    draft.head["slot"] = 5
    draft.change_mark(0, 28, le(5, 4))
    yield "on demand in a scheduled slot", draft.pack()
    draft = memory()
    draft.change_beacon(0, 136 + 8, b"\xff" * 8, 0)
    yield "a memory part in a slot without a memory phase", draft.pack()


def late(committee, memory, on_demand):
    draft = committee()
    draft.change_receipt(1, 96, le(rules.TEST["compute_cutoff"] + 1, 8), 1)
    yield "the compute mark", draft.pack()
    draft = memory()
    draft.change_receipt(5, 96, le(rules.TEST["walk_cutoff"] + 1, 8), 1)
    yield "the walk mark", draft.pack()


def bad_signature(committee, memory, on_demand):
    draft = committee()
    draft.signer = bytes([0x12]) * 32
    yield "of the proof by another key", draft.pack()
    # R is the neutral element: S = k · a satisfies the equation, and anybody who knows the key can make it.
    draft = committee()
    yield "with a point of small order", draft.pack(sign_with_neutral_point(rules.PROOF, draft.message(), NODE))
    for kind, number in (("mark", 2), ("beacon", 0), ("beacon", 1), ("beacon", 6), ("receipt", 0), ("receipt", 5)):
        draft = memory()
        messages = {"mark": draft.marks, "beacon": draft.beacons, "receipt": draft.receipts}[kind]
        messages[number] = turned(messages[number], len(messages[number]) - 40)
        yield f"of {kind} {number + 1} of {len(messages)}", draft.pack()


def quorum(committee, memory, on_demand):
    draft = committee()
    draft.receipts.pop()
    yield "a receipt too few", draft.pack()
    draft = committee()
    draft.receipts[1] = draft.receipts[0]
    yield "a receipt twice", draft.pack()
    draft = committee()
    draft.receipts.reverse()
    yield "receipts out of order", draft.pack()
    draft = memory()
    draft.receipts[2:4] = []
    yield "no receipt of the hold mark", draft.pack()
    draft = committee()
    draft.beacons.pop()
    yield "a beacon too few", draft.pack()
    draft = committee()
    draft.beacons[1:3] = reversed(draft.beacons[1:3])
    yield "beacons out of order", draft.pack()
    draft = committee()
    draft.file["schedule_key"] = ed25519_public(CHECKERS[1])
    yield "a schedule word by somebody else", draft.pack()
    draft = committee()
    draft.file["quorum"] = 3
    yield "fewer members than the quorum", draft.pack()
    draft = on_demand()
    draft.change_mark(0, 128, le(3, 8))
    draft.change_receipt(0, 64, th("mark", draft.marks[0]), 1)
    yield "two members on demand", draft.pack()


def commit_mismatch(committee, memory, on_demand):
    draft = committee()
    draft.head["slot"] = 18
    yield "a mark of another slot", draft.pack()
    draft = committee()
    draft.change_mark(0, 64, b"\1")
    yield "a compute mark that names another", draft.pack()
    draft = committee()
    draft.change_mark(0, 136 + 4, le(3, 4))
    yield "more rounds than were done", draft.pack()
    draft = committee()
    draft.change_receipt(0, 64, bytes(32), 0)
    yield "a receipt for another mark", draft.pack()
    draft = committee()
    draft.change_receipt(0, 104, b"\1", 0)
    yield "query entropy in a committee's receipt", draft.pack()
    draft = on_demand()
    draft.change_receipt(0, 104, bytes(32), 1)
    yield "no query entropy on demand", draft.pack()
    draft = on_demand()
    draft.change_beacon(0, 104, b"\1", 1)
    yield "a challenge to another node", draft.pack()
    draft = committee()
    draft.change_beacon(1, 136, bytes(32), 0)
    yield "another beacon than the mark was made from", draft.pack()
    draft = committee()
    draft.roots[0] = turned(draft.roots[0], 0)
    yield "another root than was committed", draft.pack()
    draft = memory()
    draft.memory["roots"][2] = turned(draft.memory["roots"][2], 0)
    yield "another batch root than was committed", draft.pack()
    draft = memory()
    draft.memory["pages"] = 3
    yield "more pages than were held", draft.pack()
    draft = memory()
    draft.change_mark(2, 64, bytes(32))
    yield "a walk mark without its hold mark", draft.pack()


def path_mismatch(committee, memory, on_demand):
    draft = committee()
    draft.openings[63] = (bytes(32), draft.openings[63][1])
    yield "another leaf", draft.pack()
    draft = committee()
    draft.openings[:2] = reversed(draft.openings[:2])
    yield "other tiles than were asked for", draft.pack()
    draft = memory()
    ends, siblings = draft.memory["openings"][7]
    draft.memory["openings"][7] = (turned(ends, 0), siblings)
    yield "another end of a walk", draft.pack()


def limits(committee, memory, on_demand):
    for name, at, data in (("a profile that the network does not allow", 139, b"\1"), ("a profile that there is not", 139, b"\xc8"),
                           ("memory that computes", 138, b"\2"), ("beacon mode 2", 19, b"\2")):
        draft = committee()
        draft.change_mark(0, at, data)
        yield name, draft.pack()
    rounds_at = 72 + 280 + 5 * 240 + 2 * 200
    yield "no rounds", committee().change_bytes(rounds_at, le(0, 4))
    yield "more rounds than the limit", committee().change_bytes(rounds_at, le(2049, 4))
    for name, change in (("no pages", {"pages": 0}), ("more pages than any machine has", {"pages": 2**40 + 1}),
                         ("no hold batches", {"hold_batches": 0}), ("more hold batches than batches", {"hold_batches": 4}),
                         ("fewer walkers than the limit", {"walkers_log2": 6}), ("memory of another device", {"kind": 3})):
        draft = memory()
        draft.memory |= change
        yield name, draft.pack()


def hold_late(committee, memory, on_demand):
    draft = memory()
    draft.change_receipt(3, 96, le(1_000_001, 8), 1)
    yield "by one of two checkers", draft.pack()


def params_mismatch(committee, memory, on_demand):
    draft = committee()
    draft.file["params"] = draft.file["params"] | {"proof_deadline": 60_000_001}
    yield "other constants", draft.pack()
    draft = committee()
    draft.file["network"] = 8
    yield "another network", draft.pack()


def with_knowledge(files):
    """Proofs that are refused for what else is known: (name, code, file, knowledge)."""
    file = files["t0_committee.kpw"]
    draft = Draft(file)
    draft.file["node_key"] = ed25519_public(bytes([0x12]) * 32)
    yield "unknown node", codes.UNKNOWN_NODE, "t0_committee.kpw", draft.pack(), ""
    yield "arrives before its slot", codes.NOT_ACTIVE, "t0_committee.kpw", file, f"received {T0_US - 1}"
    yield "arrives at T0", codes.OK, "t0_committee.kpw", file, f"received {T0_US}"
    deadline = rules.TEST["proof_deadline"]
    yield "arrives at the deadline", codes.OK, "t0_committee.kpw", file, f"received {T0_US + deadline}"
    yield "arrives after the deadline", codes.LATE, "t0_committee.kpw", file, f"received {T0_US + deadline + 1}"
    yield ("on demand after the deadline", codes.LATE, "t0_on_demand.kpw", files["t0_on_demand.kpw"],
           f"received {honest.ISSUED_AT + deadline + 1}")
    own = th("proof", verify.decode_file(file)["proof"]).hex()
    yield "decided before", codes.OK, "t0_committee.kpw", file, f"decided {own}"
    other = Draft(file)
    other.change_receipt(0, 96, le(90001, 8), 0)
    yield "another was decided before", codes.DUPLICATE, "t0_committee.kpw", other.pack(), f"decided {own}"


GROUPS = [(codes.MALFORMED, malformed), (codes.NOT_ACTIVE, not_active), (codes.LATE, late), (codes.BAD_SIGNATURE, bad_signature),
          (codes.QUORUM, quorum), (codes.COMMIT, commit_mismatch), (codes.PATH, path_mismatch), (codes.LIMITS, limits),
          (codes.HOLD_LATE, hold_late), (codes.PARAMS_MISMATCH, params_mismatch)]


def all_tampered(files):
    """(name, code, original's name, file, knowledge) of every one; `files` are the honest proof files by name."""
    used = []

    def draft_of(name):
        def make():
            used.append(name)
            return Draft(files[name])
        return make

    makers = [draft_of(f"t0_{name}.kpw") for name in ("committee", "memory", "on_demand")]
    for code, group in GROUPS:
        for name, data in group(*makers):
            yield f"{group.__name__.replace('_', '-')}: {name}", code, used[-1], data, ""
    yield from with_knowledge(files)
    yield "tile-mismatch: a tile that was not computed", codes.TILE, "t0_skipped_tile.kpw", files["t0_skipped_tile.kpw"], ""
    yield "walk-mismatch: a page that was not made", codes.WALK, "t0_missing_page.kpw", files["t0_missing_page.kpw"], ""


def edits(old, new):
    """What turns one file into the other, as (offset, bytes that go, bytes that come)."""
    if len(old) != len(new):
        start = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
        proof_at = len(old) - len(verify.decode_file(old)["proof"])
        fixed = [(proof_at - 4, 4), (proof_at + 8, 4)]
        found = [(at, size, new[at:at + size]) for at, size in fixed if old[at:at + size] != new[at:at + size]]
        for at, size in fixed:  # the two lengths are edits of their own, so that the rest can be compared
            old = put(old, at, new[at:at + size])
        if old[-SIGNATURE:] != new[-SIGNATURE:]:
            found.append((len(old) - SIGNATURE, SIGNATURE, new[-SIGNATURE:]))
        a, b = old[:-SIGNATURE], new[:-SIGNATURE]
        start = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        end = next((i for i, (x, y) in enumerate(zip(reversed(a[start:]), reversed(b[start:]))) if x != y),
                   min(len(a), len(b)) - start)
        found.append((start, len(a) - end - start, b[start:len(b) - end]))
        return sorted(found)
    found, at = [], 0
    while at < len(old):
        if old[at] == new[at]:
            at += 1
            continue
        end = at + 1
        while end < len(old) and old[end:end + 4] != new[end:end + 4]:
            end += 1
        found.append((at, end - at, new[at:end]))
        at = end
    return found


def apply(old, changes):
    for at, gone, come in sorted(changes, reverse=True):
        old = old[:at] + come + old[at + gone:]
    return old


def text(files):
    """The whole of popw_tampered.txt."""
    lines = []
    for name, code, original, data, knowledge in all_tampered(files):
        changes = edits(files[original], data)
        assert apply(files[original], changes) == data, name
        lines.append(f"{name} = {code} | {original} | {knowledge} | "
                     + " ".join(f"{at}:{gone}:{come.hex()}" for at, gone, come in changes))
    return "".join(line.rstrip() + "\n" for line in lines)


def read(line, files):
    """Name, code, file and knowledge of a line."""
    name, rest = line.rstrip("\n").split(" = ", 1)
    code, original, knowledge, changes = (field.strip() for field in (rest + " ").split("|"))
    parsed = [change.split(":") for change in changes.split()]
    data = apply(files[original], [(int(at), int(gone), bytes.fromhex(come)) for at, gone, come in parsed])
    known = dict([knowledge.split()]) if knowledge else {}
    return name, int(code), data, {"decided": bytes.fromhex(known["decided"]) if "decided" in known else None,
                                   "received_at": int(known["received"]) if "received" in known else None}
