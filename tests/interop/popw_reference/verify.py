"""Decides about a .kpw file as docs/popw.md says; slow, and independent of the C++ code."""
import struct

import compute
import memory
import rules
from primitives import th

OK, MALFORMED, UNKNOWN_NODE, NOT_ACTIVE, LATE, BAD_SIGNATURE, QUORUM, COMMIT, PATH, TILE, WALK, HOLD_LATE, LIMITS = range(13)
PARAMS_MISMATCH = 14


class Refused(Exception):
    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


def require(holds, code, why):
    if not holds:
        raise Refused(code, why)


def decode_file(data):
    assert data[:8] == b"KPWF\1\0\0\0", "not a proof file of this version"
    size, = struct.unpack_from("<I", data, 8)
    params, used = rules.decode_params(data[12:12 + size])
    assert used == size
    at = 12 + size
    network, = struct.unpack_from("<I", data, at)
    node_key, schedule_key = data[at + 4:at + 36], data[at + 36:at + 68]
    quorum, members = struct.unpack_from("<HH", data, at + 68)
    at += 72
    committee = [data[at + 32 * i:at + 32 * i + 32] for i in range(members)]
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


def decode_proof(message, params):
    body = rules.body_of(message, rules.PROOF)
    epoch, slot, device, parts, marks = struct.unpack_from("<QIHBB", body)
    receipts, beacons, zero = struct.unpack_from("<HHI", body, 48)
    require(parts in (1, 3) and marks == (1 if parts == 1 else 3) and zero == 0, MALFORMED, "parts and marks")
    at, mark_bytes = 56, []
    for _ in range(marks):
        size = 200 + 80 * body[at + 17]
        mark_bytes.append(body[at:at + size])
        at += size
    beacon_bytes = [body[at + 240 * i:at + 240 * i + 240] for i in range(beacons)]
    at += 240 * beacons
    receipt_bytes = [body[at + 200 * i:at + 200 * i + 200] for i in range(receipts)]
    at += 200 * receipts
    decoded = [rules.decode_mark(m) for m in mark_bytes]
    entries = [next(d for d in m["devices"] if d[0] == device) for m in decoded]
    require(entries[0][2] in params["profiles"], LIMITS, "profile")
    rounds, = struct.unpack_from("<I", body, at)
    require(1 <= rounds <= params["round_limit"], LIMITS, "rounds")
    depth = compute.depth_of(entries[0][2])
    count = params["self_openings"] if decoded[0]["mode"] == 0 else params["tile_openings"]
    end = at + 4 + 32 * (rounds + count * (1 + depth))
    hashes = [body[i:i + 32] for i in range(at + 4, end, 32)]
    openings = []
    for i in range(count):
        first = rounds + i * (1 + depth)
        openings.append((hashes[first], hashes[first + 1:first + 1 + depth]))
    part = decode_memory(body[end:], params) if parts == 3 else None
    require(part is not None or len(body) == end, MALFORMED, "length")
    return {"epoch": epoch, "slot": slot, "device": device, "node_id": body[16:48], "mark_bytes": mark_bytes,
            "marks": decoded, "entries": entries, "beacon_bytes": beacon_bytes, "receipt_bytes": receipt_bytes,
            "roots": hashes[:rounds], "openings": openings, "memory": part}


def decode_memory(body, params):
    kind, walkers_log2, zero, hold_batches, batches, pages = struct.unpack_from("<BBHIIQ", body)
    require(zero == 0 and kind in (2, 3), MALFORMED, "head of the memory part")
    require(params["walkers_log2_min"] <= walkers_log2 <= params["walkers_log2_max"]
            and 1 <= hold_batches <= batches <= params["batch_limit"] and 1 <= pages <= 2**40, LIMITS, "walkers or batches")
    depth, at = walkers_log2 - 7, 20 + 32 * batches
    count = params["hold_openings"] + params["walk_openings"]
    size = 1024 + 32 * depth
    require(len(body) == at + count * size, MALFORMED, "length of the memory part")
    openings = []
    for i in range(count):
        one = body[at + i * size:at + (i + 1) * size]
        openings.append((one[:1024], [one[j:j + 32] for j in range(1024, size, 32)]))
    return {"kind": kind, "walkers_log2": walkers_log2, "hold_batches": hold_batches, "pages": pages,
            "roots": [body[20 + 32 * i:52 + 32 * i] for i in range(batches)], "openings": openings}


def members_of(mark, file):
    members = [i for i in range(64) if mark["bitmap"] >> i & 1]
    require(len(members) >= max(file["quorum"], 1) and members[-1] < len(file["committee"]), QUORUM, "bitmap")
    return members


def query_value(file, proof):
    """Checks everything that others signed and returns V_C; mode 1 and mode 0."""
    marks, committee, params = proof["marks"], file["committee"], file["params"]
    mark_hashes = [th("mark", m) for m in proof["mark_bytes"]]
    if marks[0]["mode"] == 0:
        require(not proof["beacon_bytes"] and not proof["receipt_bytes"], MALFORMED, "mode 0 has no witnesses")
        return th("self-query", mark_hashes[0])
    beacons = [rules.decode_beacon(b) for b in proof["beacon_bytes"]]
    receipts = [rules.decode_receipt(r) for r in proof["receipt_bytes"]]
    first, last = members_of(marks[0], file), members_of(marks[-1], file)
    groups = [(b"A", first)] + ([(b"B", last)] if proof["memory"] else []) + [(b"C", last)]
    require(len(beacons) == 1 + sum(len(members) for _, members in groups), QUORUM, "number of beacons")
    issuers = [file["schedule_key"]] + [committee[i] for _, members in groups for i in members]
    phases = [b"S"] + [phase for phase, members in groups for _ in members]
    for beacon, raw, issuer, phase in zip(beacons, proof["beacon_bytes"], issuers, phases):
        require(beacon["params"] == rules.params_hash(params) and beacon["network"] == file["network"],
                PARAMS_MISMATCH, "constants")
        require((beacon["epoch"], beacon["slot"], beacon["mode"]) == (proof["epoch"], proof["slot"], 1), COMMIT, "slot")
        require(beacon["issuer"] == issuer and beacon["phase"] == phase, QUORUM, "order of beacons")
        require(rules.is_signed(raw, issuer), BAD_SIGNATURE, "beacon")
    word = beacons[0]["value"]
    require(rules.is_active(params, word), NOT_ACTIVE, "schedule word")
    require(not proof["memory"] or rules.has_memory_phase(params, word), NOT_ACTIVE, "no memory phase")
    values, at = {}, 1
    for phase, members in groups:
        group = beacons[at:at + len(members)]
        at += len(members)
        values[phase] = rules.combine(phase, proof["epoch"], proof["slot"], word, proof["node_id"],
                                      [(rules.key_id(committee[i]), b["value"]) for i, b in zip(members, group)])
    require(values[b"A"] == marks[0]["value"], COMMIT, "start value")
    require(not proof["memory"] or values[b"B"] == marks[-1]["value"], COMMIT, "walk value")
    order = [(r["phase"], committee.index(r["issuer"])) for r in receipts]
    require(order == sorted(set(order)), QUORUM, "order of receipts")
    for receipt, raw in zip(receipts, proof["receipt_bytes"]):
        require(receipt["mark"] == mark_hashes[receipt["phase"] - 1] and receipt["value"] == bytes(32), COMMIT, "receipt")
        require(rules.is_signed(raw, receipt["issuer"]), BAD_SIGNATURE, "receipt")
    times = [[r["received"] for r in receipts if r["phase"] == phase] for phase in (1, 2, 3)]
    check_times(times if proof["memory"] else times[:1], file)
    return values[b"C"]


def check_times(times, file):
    params, quorum = file["params"], max(file["quorum"], 1)
    require(all(len(group) >= quorum for group in times), QUORUM, "receipts")
    medians = [sorted(group)[len(group) // 2] for group in times]
    require(medians[0] <= params["compute_cutoff"], LATE, "mark")
    if len(times) == 3:
        window = params["walk_at"] + params["hold_window"] + params["round_trip_limit"]
        require(sum(t <= window for t in times[1]) >= quorum, HOLD_LATE, "hold mark")
        require(medians[2] <= params["walk_cutoff"], LATE, "walk mark")


def check_memory_marks(proof, params):
    """The chain of the three marks and what hold and walk mark say about the part."""
    part, marks, entries = proof["memory"], proof["marks"], proof["entries"]
    require(part["kind"] == entries[0][1] + 2, LIMITS, "kind of memory")
    require(part["hold_batches"] * 8 << part["walkers_log2"] >= 1 << memory_shape(params, part)[2], LIMITS, "hold accesses")
    hashes = [th("mark", m) for m in proof["mark_bytes"]]
    require([m["phase"] for m in marks] == [1, 2, 3] and [m["previous"] for m in marks[1:]] == hashes[:2], COMMIT, "chain")
    require(marks[1]["bitmap"] == marks[2]["bitmap"] and marks[1]["bitmap"] & ~marks[0]["bitmap"] == 0
            and marks[1]["value"] == marks[2]["value"], COMMIT, "members of the walk")
    for entry, batches in zip(entries[1:], (part["hold_batches"], len(part["roots"]))):
        require(entry[1:6] == (part["kind"], part["walkers_log2"], batches, part["pages"], entries[0][5]), COMMIT, "entry")


def memory_shape(params, part):
    return params["device_pages"] if part["kind"] == 3 else params["host_pages"]


def check_memory(proof, params, device_seed, query):
    part, entries = proof["memory"], proof["entries"]
    seed = memory.memory_seed(device_seed, th("mark", proof["mark_bytes"][0]), part["kind"], part["pages"])
    walking = memory.walk_seed(seed, proof["marks"][2]["value"])
    for entry in entries[1:]:
        commit = memory.walk_commit(walking, part["kind"], part["walkers_log2"], part["roots"][:entry[3]])
        require(commit == entry[6], COMMIT, "walk roots")
    queries = memory.walk_queries(query, params, part["walkers_log2"], part["hold_batches"], len(part["roots"]))
    made, shape = {}, memory_shape(params, part)[:2]
    for (batch, walker), (ends, siblings) in zip(queries, part["openings"]):
        found = compute.fold_path(th("walk-leaf", ends), walker >> 7, siblings)
        require(found == part["roots"][batch], PATH, "walk path")
        z = th("walk-batch", walking, batch.to_bytes(4, "little"), part["roots"][batch - 1] if batch else bytes(32))
        end = memory.recompute_walker(seed, shape, part["pages"], z, walker, made)
        require(end == struct.unpack_from("<Q", ends, 8 * (walker & 127))[0], WALK, "walker")


def verify(data, tiles=None):
    """Returns the figures that the file attests; raises Refused. `tiles` limits how many openings are recomputed."""
    file = decode_file(data)
    params = file["params"]
    proof = decode_proof(file["proof"], params)
    mark = proof["marks"][0]
    require(rules.key_id(file["node_key"]) == proof["node_id"], UNKNOWN_NODE, "node")
    for other in proof["marks"]:
        require((other["epoch"], other["slot"], other["node_id"], other["mode"])
                == (proof["epoch"], proof["slot"], proof["node_id"], mark["mode"]), COMMIT, "mark")
    if proof["memory"]:
        check_memory_marks(proof, params)
    for message in [file["proof"]] + proof["mark_bytes"]:
        require(rules.is_signed(message, file["node_key"]), BAD_SIGNATURE, "proof or mark")
    value = query_value(file, proof)
    index, kind, profile, count, _, uid, commit = proof["entries"][0]
    roots = proof["roots"]
    seed = compute.slot_seed(rules.params_hash(params), proof["epoch"], proof["slot"], proof["node_id"], mark["value"])
    seed = compute.device_seed(seed, index, kind, uid, profile)
    require(count == len(roots) and compute.compute_commit(seed, profile, roots) == commit, COMMIT, "roots")
    query = compute.query_seed(value, th("mark", proof["mark_bytes"][-1]), index)
    queries = compute.tile_queries(query, len(roots), profile, len(proof["openings"]))
    for (number, leaf), (leaf_hash, siblings) in zip(queries, proof["openings"]):
        require(compute.fold_path(leaf_hash, leaf, siblings) == roots[number], PATH, "path")
    for (number, leaf), (leaf_hash, _) in list(zip(queries, proof["openings"]))[:tiles]:
        previous = roots[number - 1] if number else bytes(32)
        found = compute.recompute_leaf(compute.round_seed(seed, number, previous), profile, leaf)
        require(found == leaf_hash, TILE, "tile")
    if proof["memory"]:
        check_memory(proof, params, seed, query)
    m, k = compute.PROFILES[profile][1:]
    return {"profile": profile, "rounds": len(roots), "macs": len(roots) * m * m * k, "mode": mark["mode"],
            "pages": proof["memory"]["pages"] if proof["memory"] else 0}
