#!/usr/bin/env python3
"""Writes tests/golden/popw_vectors.txt, the proof files beside it and popw_tampered.txt, computed from scratch.

usage: python3 make_vectors.py [FOLDER]      (default: tests/golden of this tree)
"""
import hashlib
import pathlib
import struct
import sys

import compute
import memory
import rules
import verify
from primitives import cc8, ed25519_public, ed25519_sign, th

SEED = bytes(range(32))  # S0_d, S_m and Q of the vectors: 00 01 .. 1f
WALK_SEED = bytes(range(0x40, 0x60))
TAGS = ["seed", "dev-seed", "round-seed", "leaf", "node", "compute-commit", "query", "beacon", "self-query", "sort", "sig",
        "mark", "proof", "params", "verdict-commit", "mem-seed", "walk-seed", "walk-batch", "walk-leaf", "walk-commit", "day",
        "probe", "probe-up"]
NODE, CHECKERS = bytes([0x11]) * 32, [bytes([0x20 + i]) * 32 for i in range(3)]
SECRETS = [bytes([0x30 + i]) * 32 for i in range(3)]
NETWORK, EPOCH, SLOT, UID = 7, 20000, 17, bytes([0x55]) * 32
WORD = bytes(range(0x80, 0xa0))


def primitives():
    yield "chacha8 zero", cc8(bytes(32), 0, 0).hex()
    yield "chacha8 counter-high", cc8(SEED, 2**32 + 5, 3).hex()
    yield "chacha8 nonce-high", cc8(SEED, 1, 2**40 + 2).hex()
    for tag in TAGS:
        yield f"tagged-hash {tag}", th(tag, b"abc").hex()
    yield "node zeros", th("node", bytes(64)).hex()
    yield "ed25519 public", ed25519_public(SEED).hex()
    yield "ed25519 signature", ed25519_sign(SEED, b"abc").hex()


def seeds():
    start = compute.slot_seed(rules.params_hash(rules.TEST), EPOCH, SLOT, rules.key_id(ed25519_public(NODE)), SEED)
    yield "slot-seed", start.hex()
    yield "device-seed", compute.device_seed(start, 3, 1, UID, 4).hex()
    yield "round-seed 0", compute.round_seed(SEED, 0, bytes(32)).hex()
    yield "round-seed 77", compute.round_seed(SEED, 77, UID).hex()
    yield "query-seed", compute.query_seed(SEED, UID, 3).hex()
    yield "combined-start", rules.combine(b"A", EPOCH, SLOT, WORD, UID, [(SEED, UID), (UID, SEED)]).hex()
    yield "day-value", rules.day_value(EPOCH, WORD).hex()
    yield "beacon-value", rules.beacon_value(SECRETS[0], b"B", NETWORK, EPOCH, SLOT).hex()


def rounds():
    seed = compute.round_seed(SEED, 0, bytes(32))
    for number, (name, m, k) in compute.PROFILES.items():
        for row in (0, m - 1):
            for nonce, operand in ((1, "a"), (2, "b")):
                yield f"row {name} {operand} {row}", cc8(seed, row * (k // 64), nonce).hex()
        last = (m // 16) ** 2 - 1
        for leaf in (0, last // 3, last):
            yield f"corner {name} {leaf}", "%d,%d" % compute.corner_of_leaf(number, leaf)
        yield f"leaf {name} {last // 3}", compute.recompute_leaf(seed, number, last // 3).hex()
    yield "order T0", " ".join("%d,%d" % compute.corner_of_leaf(0, leaf) for leaf in range(64))
    for number in (1, 2, 3):
        name, m, _ = compute.PROFILES[number]
        order = b"".join(struct.pack("<II", *compute.corner_of_leaf(number, leaf)) for leaf in range((m // 16) ** 2))
        yield f"order {name} sha256", hashlib.sha256(order).hexdigest()
    trees = compute.run(SEED, 0, 2)
    roots = [levels[-1][0] for levels in trees]
    a = compute.operand_row(seed, 1, 256, 0)
    first = [sum(x * y for x, y in zip(a, compute.operand_row(seed, 2, 256, j))) for j in range(4)]
    yield "t0 first-elements", ",".join(map(str, first))
    yield "t0 leaf 0", trees[0][0][0].hex()
    for number, root in enumerate(roots):
        yield f"t0 root {number}", root.hex()
    yield "t0 compute-commit", compute.compute_commit(SEED, 0, roots).hex()
    yield "queries T0", ",".join("%d:%d" % q for q in compute.tile_queries(SEED, 2, 0, 8))
    yield "queries G2", ",".join("%d:%d" % q for q in compute.tile_queries(SEED, 1300, 4, 64))


def memories():
    pages = [memory.page_bytes(SEED, number, memory.DEVICE) for number in range(2)]
    host = memory.page_bytes(SEED, 0, memory.HOST)
    for name, data in (("device-page 0", pages[0]), ("device-page 1", pages[1]), ("host-page 0", host)):
        yield f"{name} sha256", hashlib.sha256(data).hexdigest()
        yield f"{name} first", data[:64].hex()
        yield f"{name} last", data[-64:].hex()
    for passes in (1, 2):
        yield f"device-page passes {passes}", hashlib.sha256(memory.page_bytes(SEED, 0, (32, passes))).hexdigest()
        yield f"host-page passes {passes}", hashlib.sha256(memory.page_bytes(SEED, 0, (1024, passes))).hexdigest()
    ends, leaves, root = memory.walk_batch(WALK_SEED, 0, bytes(32), 7, b"".join(pages))
    yield "walk end 0", "%016x" % ends[0]
    yield "walk end 127", "%016x" % ends[127]
    yield "walk leaf 0", leaves[0].hex()
    yield "walk root 1", memory.walk_batch(WALK_SEED, 1, root, 8, b"".join(pages))[2].hex()
    roots = [root]
    for batch in (1, 2):
        roots.append(memory.walk_batch(WALK_SEED, batch, roots[-1], 7, b"".join(pages))[2])
    for count, last in enumerate(roots, 1):
        yield f"prefix root {count - 1}", last.hex()
        yield f"prefix commit {count}", memory.walk_commit(WALK_SEED, 3, 7, roots[:count]).hex()
    yield "memory-seed", memory.memory_seed(SEED, UID, 2, 12345).hex()
    yield "walk-seed", memory.walk_seed(SEED, UID).hex()
    yield "walk-commit", memory.walk_commit(SEED, 3, 20, [UID, SEED]).hex()
    for held, batches in ((2, 10), (3, 3)):
        queries = memory.walk_queries(SEED, rules.DEFAULT, 20, held, batches)
        yield f"walk-queries {held}/{batches}", ",".join("%d:%d" % q for q in queries)


def messages():
    node_id = rules.key_id(ed25519_public(NODE))
    devices = [(3, 1, 4, 1300, 0, UID, SEED), (9, 0, 2, 2048, 5, SEED, UID)]
    params = rules.params_hash(rules.TEST)
    yield "public-key node", ed25519_public(NODE).hex()
    yield "node-id", node_id.hex()
    beacon = rules.encode_beacon(CHECKERS[0], NETWORK, 3, b"A", EPOCH, 2**31 + 1, params, SEED, node_id, 1234567890123456)
    yield "beacon", beacon.hex()
    yield "schedule-beacon", rules.encode_beacon(CHECKERS[0], NETWORK, 1, b"S", EPOCH, SLOT, params, WORD, bytes(32), 5).hex()
    mark = rules.encode_mark(NODE, 1, 2, 1, EPOCH, SLOT, node_id, bytes(32), SEED, 5, devices)
    yield "mark", mark.hex()
    yield "mark-hash", th("mark", mark).hex()
    yield "heartbeat", rules.encode_mark(NODE, 0, 0, 1, EPOCH, SLOT, node_id, bytes(32), SEED, 1, []).hex()
    for name, phase, count in (("hold", 2, 3), ("walk", 3, 560)):
        entry = [(3, 3, 26, count, 69000000, UID, SEED)]
        yield f"{name}-mark", rules.encode_mark(NODE, phase, 1, 1, EPOCH, SLOT, node_id, UID, SEED, 2**63, entry).hex()
    yield "committee-receipt", rules.encode_receipt(CHECKERS[2], EPOCH, SLOT, 3, UID, 2**64 - 1).hex()
    yield "receipt", rules.encode_receipt(CHECKERS[1], EPOCH, SLOT, 1, th("mark", mark), 19999999, UID).hex()
    verdict = rules.encode_verdict(CHECKERS[2], EPOCH, SLOT, 9, 9, node_id, UID, (1, 2, 3, 4, 5, 6), SEED)
    yield "verdict", verdict.hex()
    yield "verdict-commit", rules.verdict_commitment(verdict).hex()
    for name, params in rules.PARAMS.items():
        yield f"params {name}", rules.encode_params(params).hex()
        yield f"params-hash {name}", rules.params_hash(params).hex()


def decisions():
    threshold = rules.DEFAULT["active_threshold"]
    memory_threshold = rules.DEFAULT["memory_threshold"]
    for first, second in ((0, 0), (threshold - 1, memory_threshold - 1), (threshold - 1, memory_threshold), (threshold, 0),
                          (2**64 - 1, 0)):
        word = struct.pack("<QQ", first, second) + bytes(16)
        answer = f"{int(rules.is_active(rules.DEFAULT, word))},{int(rules.has_memory_phase(rules.DEFAULT, word))}"
        yield f"schedule {word.hex()}", answer
    for word in (bytes(32), bytes([255]) * 32):  # a threshold of all ones is always, even for a word of all ones
        yield f"test-schedule {word.hex()}", f"{int(rules.is_active(rules.TEST, word))},{int(rules.has_memory_phase(rules.TEST, word))}"
    for quorum, times in ((1, (7,)), (2, (9, 1)), (2, (9, 1, 5)), (3, (9, 1, 5)), (3, (8, 2, 6, 4, 2**64 - 1)), (4, (1, 2, 3, 4, 5))):
        yield f"received-time {quorum}:{'+'.join(map(str, times))}", str(rules.received_time(times, quorum))
    ids = [hashlib.sha256(bytes([i])).digest() for i in range(20)]
    yield "committee 5", ",".join(map(str, rules.committee(SEED, UID, ids, 5)))
    yield "committee 20", ",".join(map(str, rules.committee(WORD, UID, ids, 30)))


def points():
    works = [(0, 0, 0, 0, 0, 0, 0), (12 * 10**15, 20 * 10**6, 19 * 10**12, 10**7, 141 * 10**9, 1, 1),
             (2**54, 0, 2**46, 0, 2**64 - 1, 1, 0), (2**64 - 1, 1, 2**64 - 1, 1, 2**64 - 1, 1, 1),
             (7 * 10**13, 31234567, 10**12, 12345678, 256 * 2**30, 1, 0), (7 * 10**13, 31234567, 10**12, 1, 2**40, 0, 0)]
    for work in works:
        rates = rules.rates(rules.DEFAULT, work)
        name = ",".join(map(str, work))
        yield f"points {name}", ",".join(map(str, (*rates, rules.score(rules.DEFAULT, rates, work[6]))))
    for case in ((424879, 10**6, 10**6), (424879, 986111, 500000), (2**64 - 1, 10**6, 10**6), (2**64 - 1, 10**9, 10**9),
                 (5, 0, 10**6)):
        yield "epoch-points %d,%d,%d" % case, str(rules.points(*case))
    for scores, slots in (((10, 20, 31), 4), ((), 12), ((10,), 0), ((2**64 - 1,) * 3, 1), ((2**64 - 1,) * 3, 3)):
        yield f"mean {'+'.join(map(str, scores))}/{slots}", str(rules.mean(scores, slots))
    for seen, expected in ((284, 288), (300, 288), (1, 0), (0, 0), (2**64 - 1, 1), (2**63, 2**64 - 1)):
        yield f"availability {seen}/{expected}", str(rules.availability(seen, expected))
    for pool, shares in ((100, (1, 1, 1)), (77, (0, 0)), (2**64 - 1, (1, 1, 0, 2**64 - 1)), (0, (5, 6)), (10**18, (424879, 5700))):
        yield f"shares {pool}:{'+'.join(map(str, shares))}", ",".join(map(str, rules.share(pool, shares)))


WALKERS_LOG2 = 10
ISSUED_AT = 1728000000000000  # T0 of the challenge on demand


def make_walk(start_seed, compute_mark, value, pages, batches, missing=()):
    """Hold and walk entries and the part without its openings, and all ends and trees; `missing` pages hold zeros."""
    seed = memory.memory_seed(start_seed, th("mark", compute_mark), 2, pages)
    held = b"".join(bytes(65536) if number in missing else memory.page_bytes(seed, number, memory.HOST) for number in range(pages))
    walking, roots, walks = memory.walk_seed(seed, value), [], []
    for batch in range(batches):
        ends, leaves, root = memory.walk_batch(walking, batch, roots[-1] if roots else bytes(32), WALKERS_LOG2, held)
        roots.append(root)
        walks.append((ends, memory.tree(leaves)))
    entries = [(3, 2, WALKERS_LOG2, count, pages, UID, memory.walk_commit(walking, 2, WALKERS_LOG2, roots[:count]))
               for count in (1, batches)]
    return entries, roots, walks


def open_walk(walks, query, batches):
    openings = []
    for batch, walker in memory.walk_queries(query, rules.TEST, WALKERS_LOG2, 1, batches):
        ends, levels = walks[batch]
        first = walker & ~127
        openings.append((struct.pack("<128Q", *ends[first:first + 128]), compute.path_of(levels, walker >> 7)))
    return openings


class Slot:
    """Who gives beacons and receipts in the slot of a proof, and the values that follow."""

    def __init__(self, mode, members, word, slot, entropy):
        self.mode, self.members, self.slot, self.entropy = mode, members, slot, entropy
        self.word = word if mode == 1 else bytes(32)
        self.constants, self.node_id = rules.params_hash(rules.TEST), rules.key_id(ed25519_public(NODE))
        self.bitmap = sum(1 << i for i in members)

    def encode(self, member, phase, value):
        node_id, issued_at = (self.node_id, ISSUED_AT) if self.mode == 3 else (bytes(32), 0)
        return rules.encode_beacon(CHECKERS[member], NETWORK, self.mode, phase, EPOCH, self.slot, self.constants, value, node_id,
                                   issued_at)

    def combine(self, phase, values):
        ids = [rules.key_id(ed25519_public(CHECKERS[i])) for i in self.members]
        return rules.combine(phase, EPOCH, self.slot, self.word, self.node_id, list(zip(ids, values)))

    def release(self, phase):
        """The members' beacons of a phase and their combined value."""
        values = [rules.beacon_value(SECRETS[i], phase, NETWORK, EPOCH, self.slot) for i in self.members]
        return [self.encode(i, phase, v) for i, v in zip(self.members, values)], self.combine(phase, values)

    def query(self, marks):
        """Beacons C and V_C."""
        if self.mode == 0:
            return [], th("self-query", th("mark", marks[0]))
        return self.release(b"C") if self.mode == 1 else ([], self.combine(b"C", [self.entropy]))

    def mark(self, phase, previous, value, entry):
        return rules.encode_mark(NODE, phase, 0, self.mode, EPOCH, self.slot, self.node_id, previous, value, self.bitmap, [entry])

    def receipt(self, issuer, marks, phase, time):
        return rules.encode_receipt(CHECKERS[issuer], EPOCH, self.slot, phase, th("mark", marks[phase - 1]), time, self.entropy)


def make_proof(mode, members=(), receivers=(), rounds=2, elapsed=((90000,),), word=WORD, pages=0, batches=3, slot=SLOT,
               entropy=bytes(32), skipped=(), missing=()):
    """A proof of profile T0 under the constants `test`, with fixed keys; returns the file's bytes. Honest unless tiles are
    `skipped` in the last round or pages are `missing`."""
    params, place = rules.TEST, Slot(mode, members, word, slot, entropy)
    beacons, start = place.release(b"A") if mode else ([], SEED)
    seed = compute.slot_seed(place.constants, EPOCH, slot, place.node_id, start)
    seed = compute.device_seed(seed, 3, 0, UID, 0)
    trees = compute.run(seed, 0, rounds)
    if skipped:
        trees[-1] = compute.tree([bytes(32) if leaf in skipped else h for leaf, h in enumerate(trees[-1][0])])
    roots = [levels[-1][0] for levels in trees]
    marks = [place.mark(1, bytes(32), start, (3, 0, 0, rounds, 0, UID, compute.compute_commit(seed, 0, roots)))]
    if pages:
        walk_beacons, value = place.release(b"B")
        entries, walk_roots, walks = make_walk(seed, marks[0], value, pages, batches, missing)
        for phase, entry in zip((2, 3), entries):
            marks.append(place.mark(phase, th("mark", marks[-1]), value, entry))
    receipts = [place.receipt(i, marks, phase, t) for phase, times in enumerate(elapsed, 1) for i, t in zip(receivers, times)]
    queries, value = place.query(marks)
    if mode == 1:
        beacons = [place.encode(0, b"S", word), *beacons, *(walk_beacons if pages else []), *queries]
    count = params["tile_openings"] if mode else params["self_openings"]
    query = compute.query_seed(value, th("mark", marks[-1]), 3)
    openings = [(trees[number][0][leaf], compute.path_of(trees[number], leaf))
                for number, leaf in compute.tile_queries(query, rounds, 0, count)]
    part = (2, WALKERS_LOG2, 1, pages, walk_roots, open_walk(walks, query, batches)) if pages else None
    proof = rules.encode_proof(NODE, EPOCH, slot, 3, place.node_id, marks, beacons, receipts, roots, openings, part)
    committee = [ed25519_public(key) for key in CHECKERS] if mode else []
    return verify.encode_file(params, NETWORK, ed25519_public(NODE), committee[0] if mode else bytes(32), 2 if mode else 0,
                              committee, proof)


def all_vectors():
    for group in (primitives, seeds, rounds, memories, messages, decisions, points):
        yield from group()


def proof_files():
    """By name; the last two are made by a prover that skipped tiles, and one that lacked a page."""
    times = ((90000, 91234), (750000, 760000), (830000, 840000))
    committee, walk = {"members": (0, 2), "receivers": (0, 1), "elapsed": times[:1]}, {"elapsed": times, "word": SEED, "pages": 2}
    return {"t0_committee.kpw": make_proof(1, **committee), "t0_self.kpw": make_proof(0),
            "t0_memory.kpw": make_proof(1, **committee | walk),
            "t0_on_demand.kpw": make_proof(3, (1,), (1,), elapsed=((120000,),), slot=2**31 + 5, entropy=bytes([0x77]) * 32),
            "t0_skipped_tile.kpw": make_proof(1, **committee, skipped=range(0, 64, 4)),
            "t0_missing_page.kpw": make_proof(1, **committee | walk, missing=(1,))}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "golden"
    text = "".join(f"{name} = {value}\n" for name, value in all_vectors())
    (folder / "popw_vectors.txt").write_text(text)
    files = proof_files()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "popw_tampered.txt").write_text(tamper.text(files))


if __name__ == "__main__":
    import tamper  # which builds on this module
    main()
