#!/usr/bin/env python3
"""Writes tests/golden/popw_vectors.txt and the proof files beside it, computed from scratch.

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
from primitives import cc8, ed25519_public, th

SEED = bytes(range(32))  # S0_d, S_m and Q of the vectors: 00 01 .. 1f
WALK_SEED = bytes(range(0x40, 0x60))
TAGS = ["seed", "dev-seed", "round-seed", "leaf", "node", "compute-commit", "query", "beacon", "self-query", "sort", "sig",
        "mark", "proof", "params", "verdict-commit", "mem-seed", "walk-seed", "walk-batch", "walk-leaf", "walk-commit"]
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


def seeds():
    start = compute.slot_seed(rules.params_hash(rules.TEST), EPOCH, SLOT, rules.key_id(ed25519_public(NODE)), SEED)
    yield "slot-seed", start.hex()
    yield "device-seed", compute.device_seed(start, 3, 1, UID, 4).hex()
    yield "round-seed 0", compute.round_seed(SEED, 0, bytes(32)).hex()
    yield "round-seed 77", compute.round_seed(SEED, 77, UID).hex()
    yield "query-seed", compute.query_seed(SEED, UID, 3).hex()
    yield "combined-start", rules.combine(b"A", EPOCH, SLOT, WORD, UID, [(SEED, UID), (UID, SEED)]).hex()
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
    ends, leaves, root = memory.walk_batch(WALK_SEED, 0, bytes(32), 7, b"".join(pages))
    yield "walk end 0", "%016x" % ends[0]
    yield "walk end 127", "%016x" % ends[127]
    yield "walk leaf 0", leaves[0].hex()
    yield "walk root 1", memory.walk_batch(WALK_SEED, 1, root, 8, b"".join(pages))[2].hex()
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
    mark = rules.encode_mark(NODE, 1, 2, 1, EPOCH, SLOT, node_id, bytes(32), SEED, 5, devices)
    yield "mark", mark.hex()
    yield "mark-hash", th("mark", mark).hex()
    yield "heartbeat", rules.encode_mark(NODE, 0, 0, 1, EPOCH, SLOT, node_id, bytes(32), SEED, 1, []).hex()
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


WALKERS_LOG2 = 10


def make_walk(start_seed, compute_mark, value, pages, batches):
    """Hold and walk entries and the part without its openings, and all ends and trees."""
    seed = memory.memory_seed(start_seed, th("mark", compute_mark), 2, pages)
    held = b"".join(memory.page_bytes(seed, number, memory.HOST) for number in range(pages))
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


def make_proof(mode, members=(), receivers=(), rounds=2, elapsed=((90000,),), word=WORD, pages=0, batches=3):
    """An honest proof of profile T0 under the constants `test`, with fixed keys; returns the file's bytes."""
    params, node_id = rules.TEST, rules.key_id(ed25519_public(NODE))
    constants = rules.params_hash(params)
    ids = [rules.key_id(ed25519_public(key)) for key in CHECKERS]

    def release(phase):
        values = [rules.beacon_value(SECRETS[i], phase, NETWORK, EPOCH, SLOT) for i in members]
        made = [rules.encode_beacon(CHECKERS[i], NETWORK, 1, phase, EPOCH, SLOT, constants, v) for i, v in zip(members, values)]
        return made, rules.combine(phase, EPOCH, SLOT, word, node_id, [(ids[i], v) for i, v in zip(members, values)])

    beacons, start = release(b"A") if mode else ([], SEED)
    seed = compute.slot_seed(constants, EPOCH, SLOT, node_id, start)
    seed = compute.device_seed(seed, 3, 0, UID, 0)
    trees = compute.run(seed, 0, rounds)
    roots = [levels[-1][0] for levels in trees]
    bitmap = sum(1 << i for i in members)

    def mark(phase, previous, value, entry):
        return rules.encode_mark(NODE, phase, 0, mode, EPOCH, SLOT, node_id, previous, value, bitmap, [entry])

    marks = [mark(1, bytes(32), start, (3, 0, 0, rounds, 0, UID, compute.compute_commit(seed, 0, roots)))]
    if pages:
        walk_beacons, value = release(b"B")
        entries, walk_roots, walks = make_walk(seed, marks[0], value, pages, batches)
        for phase, entry in zip((2, 3), entries):
            marks.append(mark(phase, th("mark", marks[-1]), value, entry))
    receipts = [rules.encode_receipt(CHECKERS[i], EPOCH, SLOT, phase, th("mark", marks[phase - 1]), t)
                for phase, times in enumerate(elapsed, 1) for i, t in zip(receivers, times)]
    if mode:
        queries, value = release(b"C")
        schedule = rules.encode_beacon(CHECKERS[0], NETWORK, 1, b"S", EPOCH, SLOT, constants, word)
        beacons = [schedule, *beacons, *(walk_beacons if pages else []), *queries]
    else:
        value = th("self-query", th("mark", marks[0]))
    count = params["tile_openings"] if mode else params["self_openings"]
    query = compute.query_seed(value, th("mark", marks[-1]), 3)
    openings = [(trees[number][0][leaf], compute.path_of(trees[number], leaf))
                for number, leaf in compute.tile_queries(query, rounds, 0, count)]
    part = (2, WALKERS_LOG2, 1, pages, walk_roots, open_walk(walks, query, batches)) if pages else None
    proof = rules.encode_proof(NODE, EPOCH, SLOT, 3, node_id, marks, beacons, receipts, roots, openings, part)
    committee = [ed25519_public(key) for key in CHECKERS] if mode else []
    return verify.encode_file(params, NETWORK, ed25519_public(NODE), committee[0] if mode else bytes(32), len(receivers),
                              committee, proof)


def all_vectors():
    for group in (primitives, seeds, rounds, memories, messages, decisions, points):
        yield from group()


def proof_files():
    times = ((90000, 91234), (750000, 760000), (830000, 840000))
    return {"t0_committee.kpw": make_proof(1, (0, 2), (0, 1), elapsed=times[:1]), "t0_self.kpw": make_proof(0),
            "t0_memory.kpw": make_proof(1, (0, 2), (0, 1), elapsed=times, word=SEED, pages=2)}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "golden"
    text = "".join(f"{name} = {value}\n" for name, value in all_vectors())
    (folder / "popw_vectors.txt").write_text(text)
    for name, data in proof_files().items():
        verify.verify(data)
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
