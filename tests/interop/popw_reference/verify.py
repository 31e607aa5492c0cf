"""Decides about a .kpw file as docs/popw.md says, section 8, in the order given there; slow, and independent of the C++ code."""
import struct

import compute
import memory
import rules
import witnesses
from codes import (BAD_SIGNATURE, COMMIT, COMMITTEE, DRAND, DUPLICATE, FIRST_ON_DEMAND_SLOT, HOLD_LATE, LATE, LIMITS, MALFORMED,
                   NOT_ACTIVE, ON_DEMAND, PATH, SELF, TILE, UNKNOWN_NODE, WALK, Refused, require)
from primitives import th

def decode_file(data):
    assert data[:8] == b"KPWF\1\0\0\0", "not a proof file of this version"
    size, = struct.unpack_from("<I", data, 8)
    params, used = rules.decode_params(data[12:12 + size])
    assert used == size
    at = 12 + size
    network, = struct.unpack_from("<I", data, at)
    node_key, schedule_key = data[at + 4:at + 36], data[at + 36:at + 68]
    quorum, members = struct.unpack_from("<HH", data, at + 68)
    assert members < 2 * quorum <= 2 * members if members else quorum == 0, "the quorum is no majority of the members"
    at += 72
    committee = [data[at + 32 * i:at + 32 * i + 32] for i in range(members)]
    assert len(set(committee)) == members, "a member stands in the committee twice"
    at += 32 * members
    length, = struct.unpack_from("<I", data, at)
    assert len(data) == at + 4 + length, "the file is cut short or too long"
    return {"params": params, "network": network, "node_key": node_key, "schedule_key": schedule_key, "quorum": quorum,
            "committee": committee, "proof": data[at + 4:]}


def encode_file(params, network, node_key, schedule_key, quorum, committee, proof):
    encoded = rules.encode_params(params)
    return (b"KPWF" + struct.pack("<HHI", 1, 0, len(encoded)) + encoded + struct.pack("<I", network) + node_key
            + schedule_key + struct.pack("<HH", quorum, len(committee)) + b"".join(committee)
            + struct.pack("<I", len(proof)) + proof)


class Reader:
    """Takes fields off a message's body; one that is not there is a malformed message."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, size):
        require(self.left() >= size, MALFORMED, "cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def unpack(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def hashes(self, count):
        taken = self.take(32 * count)
        return [taken[i:i + 32] for i in range(0, len(taken), 32)]


def well_formed(decode, message, why):
    try:
        return decode(message)
    except (AssertionError, struct.error, IndexError) as error:
        raise Refused(MALFORMED, why) from error


def entry_of(mark, device):
    return next((entry for entry in mark["devices"] if entry[0] == device), None)


def decode_proof(body, params):
    read = Reader(body)
    epoch, slot, device, parts, marks = read.unpack("<QIHBB")
    node_id, = read.unpack("32s")
    receipts, beacons, zero = read.unpack("<HHI")
    require(parts in (1, 2, 3) and 1 <= marks <= 3 and receipts <= 192 and beacons <= 193 and zero == 0, MALFORMED, "head")
    proof = {"epoch": epoch, "slot": slot, "device": device, "node_id": node_id, "mark_bytes": [], "marks": [], "compute": None,
             "memory": None}
    for _ in range(marks):
        require(read.left() > 17, MALFORMED, "a mark is missing")
        proof["mark_bytes"].append(read.take(200 + 80 * body[read.at + 17]))
        proof["marks"].append(well_formed(rules.decode_mark, proof["mark_bytes"][-1], "a mark"))
    require(read.left() >= 240 * beacons + 200 * receipts, MALFORMED, "beacons or receipts are missing")
    proof["beacon_bytes"] = [read.take(240) for _ in range(beacons)]
    proof["receipt_bytes"] = [read.take(200) for _ in range(receipts)]
    if parts & 1:
        proof["compute"] = decode_compute(read, proof, params)
    if parts & 2:
        proof["memory"] = decode_memory(read, params)
    require(read.left() == 0, MALFORMED, "longer than its counts say")
    return proof


def decode_compute(read, proof, params):
    mark = proof["marks"][0]
    entry = entry_of(mark, proof["device"])
    require(mark["phase"] == 1 and entry is not None, MALFORMED, "the first mark does not commit the device's rounds")
    require(entry[2] in params["profiles"], LIMITS, "profile")
    rounds, = read.unpack("<I")
    require(1 <= rounds <= params["round_limit"], LIMITS, "rounds")
    depth = compute.depth_of(entry[2])
    count = params["self_openings"] if mark["mode"] == SELF else params["tile_openings"]
    require(read.left() >= 32 * (rounds + count * (1 + depth)), MALFORMED, "the compute part is cut short")
    roots = read.hashes(rounds)
    return {"roots": roots, "openings": [(read.take(32), read.hashes(depth)) for _ in range(count)]}


def decode_memory(read, params):
    kind, walkers_log2, zero, hold_batches, batches, pages = read.unpack("<BBHIIQ")
    require(zero == 0 and kind in (2, 3), MALFORMED, "head of the memory part")
    require(params["walkers_log2_min"] <= walkers_log2 <= params["walkers_log2_max"]
            and 1 <= hold_batches <= batches <= params["batch_limit"], LIMITS, "walkers or batches")
    depth = walkers_log2 - 7
    count = params["hold_openings"] + params["walk_openings"]
    require(read.left() >= 32 * batches + count * (1024 + 32 * depth), MALFORMED, "the memory part is cut short")
    roots = read.hashes(batches)
    return {"kind": kind, "walkers_log2": walkers_log2, "hold_batches": hold_batches, "pages": pages, "roots": roots,
            "openings": [(read.take(1024), read.hashes(depth)) for _ in range(count)]}


def memory_shape(params, part):
    return params["device_pages"] if part["kind"] == 3 else params["host_pages"]


def check_parts(proof):
    mark = proof["marks"][0]
    require(proof["compute"] is not None, LIMITS, "no compute part")
    require(len(proof["marks"]) == (3 if proof["memory"] else 1), MALFORMED, "number of marks")
    require(mark["mode"] != DRAND, LIMITS, "mode")
    require(entry_of(mark, proof["device"])[1] in (0, 1), LIMITS, "a memory device cannot compute")
    require(not proof["memory"] or mark["mode"] == COMMITTEE, LIMITS, "memory in that mode")


def check_marks(proof, params):
    first, entry = proof["marks"][0], entry_of(proof["marks"][0], proof["device"])
    for mark in proof["marks"]:
        require((mark["epoch"], mark["slot"], mark["node_id"], mark["mode"])
                == (proof["epoch"], proof["slot"], proof["node_id"], first["mode"]), COMMIT, "mark")
    require(first["previous"] == bytes(32), COMMIT, "the compute mark names another")
    require(entry[3] == len(proof["compute"]["roots"]), COMMIT, "number of rounds")
    if first["mode"] == ON_DEMAND:
        require(proof["slot"] >= FIRST_ON_DEMAND_SLOT, NOT_ACTIVE, "slot")
    else:
        require(proof["slot"] < params["epoch"] // params["slot"], NOT_ACTIVE, "slot")
        require((proof["epoch"] + 1) * params["epoch"] < 2**63, NOT_ACTIVE, "epoch")
    if proof["memory"]:
        check_memory_marks(proof, params, entry)


def check_memory_marks(proof, params, computing):
    """The chain of the three marks and what hold and walk mark say about the part."""
    part, marks = proof["memory"], proof["marks"]
    require(part["kind"] == computing[1] + 2, LIMITS, "kind of memory")
    require(1 <= part["pages"] <= 2**40, LIMITS, "pages")
    require(part["hold_batches"] * 8 << part["walkers_log2"] >= 1 << memory_shape(params, part)[2], LIMITS, "hold accesses")
    hashes = [th("mark", m) for m in proof["mark_bytes"]]
    require([m["phase"] for m in marks] == [1, 2, 3] and [m["previous"] for m in marks[1:]] == hashes[:2], COMMIT, "chain")
    require(marks[1]["bitmap"] == marks[2]["bitmap"] and marks[1]["bitmap"] & ~marks[0]["bitmap"] == 0
            and marks[1]["value"] == marks[2]["value"], COMMIT, "members of the walk")
    for mark, batches in zip(marks[1:], (part["hold_batches"], len(part["roots"]))):
        entry = entry_of(mark, proof["device"])
        require(entry is not None and entry[1:6] == (part["kind"], part["walkers_log2"], batches, part["pages"], computing[5]),
                COMMIT, "entry")


def check_time(proof, file, testimony, received_at):
    """The cut-offs, by the receipts, and the deadline if it is known when the proof came in."""
    if proof["marks"][0]["mode"] == SELF:
        return
    params = file["params"]
    quorum = witnesses.quorum_of(file, proof)
    received = [rules.received_time(group, quorum) for group in testimony["times"]]
    require(received[0] <= params["compute_cutoff"], LATE, "compute mark")
    if proof["memory"]:
        window = params["walk_at"] + params["hold_window"] + params["round_trip_limit"]
        require(sum(t <= window for t in testimony["times"][1]) >= quorum, HOLD_LATE, "hold mark")
        require(received[2] <= params["walk_cutoff"], LATE, "walk mark")
    if received_at is not None:
        t0 = testimony["issued_at"]
        if t0 is None:
            t0 = proof["epoch"] * params["epoch"] + proof["slot"] * params["slot"] + params["t0_offset"]
        require(received_at >= t0, NOT_ACTIVE, "the slot lies ahead")
        require(received_at - t0 <= params["proof_deadline"], LATE, "deadline")


def check_tiles(proof, seed, profile, query, tiles):
    roots, openings = proof["compute"]["roots"], proof["compute"]["openings"]
    asked = list(zip(compute.tile_queries(query, len(roots), profile, len(openings)), openings))
    for (number, leaf), (leaf_hash, siblings) in asked:
        require(compute.fold_path(leaf_hash, leaf, siblings) == roots[number], PATH, "path")
    for (number, leaf), (leaf_hash, _) in asked[:tiles]:
        previous = roots[number - 1] if number else bytes(32)
        found = compute.recompute_leaf(compute.round_seed(seed, number, previous), profile, leaf)
        require(found == leaf_hash, TILE, "tile")


def check_walks(proof, params, seed, walking, query):
    part, made = proof["memory"], {}
    queries = memory.walk_queries(query, params, part["walkers_log2"], part["hold_batches"], len(part["roots"]))
    for (batch, walker), (ends, siblings) in zip(queries, part["openings"]):
        found = compute.fold_path(th("walk-leaf", ends), walker >> 7, siblings)
        require(found == part["roots"][batch], PATH, "walk path")
    for (batch, walker), (ends, _) in zip(queries, part["openings"]):
        z = th("walk-batch", walking, batch.to_bytes(4, "little"), part["roots"][batch - 1] if batch else bytes(32))
        end = memory.recompute_walker(seed, memory_shape(params, part)[:2], part["pages"], z, walker, made)
        require(end == struct.unpack_from("<Q", ends, 8 * (walker & 127))[0], WALK, "walker")


def verify(data, tiles=None, decided=None, received_at=None):
    """Returns the figures that the file attests; raises Refused. `tiles` limits how many openings are recomputed, `decided` is
    the hash of a proof decided before for the same node, slot and device, `received_at` when the proof came in."""
    file = decode_file(data)
    params, message = file["params"], file["proof"]
    body = well_formed(lambda m: rules.body_of(m, rules.PROOF), message, "header")
    require(len(body) >= 48, MALFORMED, "head")
    require(rules.key_id(file["node_key"]) == body[16:48], UNKNOWN_NODE, "node")
    require(decided is None or decided == th("proof", message), DUPLICATE, "another proof was decided")
    proof = decode_proof(body, params)
    check_parts(proof)
    check_marks(proof, params)
    for signed in [message] + proof["mark_bytes"]:
        require(rules.is_signed(signed, file["node_key"]), BAD_SIGNATURE, "proof or mark")
    testimony = witnesses.hear(file, proof)
    check_time(proof, file, testimony, received_at)
    mark = proof["marks"][0]
    index, kind, profile, _, _, uid, commit = entry_of(mark, proof["device"])
    roots = proof["compute"]["roots"]
    seed = compute.slot_seed(rules.params_hash(params), proof["epoch"], proof["slot"], proof["node_id"], mark["value"])
    seed = compute.device_seed(seed, index, kind, uid, profile)
    require(compute.compute_commit(seed, profile, roots) == commit, COMMIT, "roots")
    part = proof["memory"]
    if part:
        memory_seed = memory.memory_seed(seed, th("mark", proof["mark_bytes"][0]), part["kind"], part["pages"])
        walking = memory.walk_seed(memory_seed, proof["marks"][2]["value"])
        for made, batches in zip(proof["marks"][1:], (part["hold_batches"], len(part["roots"]))):
            found = memory.walk_commit(walking, part["kind"], part["walkers_log2"], part["roots"][:batches])
            require(found == entry_of(made, index)[6], COMMIT, "batch roots")
    query = compute.query_seed(testimony["query_value"], th("mark", proof["mark_bytes"][-1]), index)
    check_tiles(proof, seed, profile, query, tiles)
    if part:
        check_walks(proof, params, memory_seed, walking, query)
    m, k = compute.PROFILES[profile][1:]
    return {"profile": profile, "rounds": len(roots), "macs": len(roots) * m * m * k, "mode": mark["mode"],
            "pages": part["pages"] if part else 0}
