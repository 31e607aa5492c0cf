"""Decides about a .kpw file as docs/popw.md says; slow, and independent of the C++ code."""
import struct

import compute
import rules
from primitives import th

OK, MALFORMED, UNKNOWN_NODE, NOT_ACTIVE, LATE, BAD_SIGNATURE, QUORUM, COMMIT, PATH, TILE = range(10)
LIMITS, PARAMS_MISMATCH = 12, 14


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
    require(parts == 1 and marks == 1 and zero == 0, MALFORMED, "only compute proofs are read here")
    at = 56
    size = 200 + 80 * body[at + 17]
    mark_bytes = body[at:at + size]
    at += size
    beacon_bytes = [body[at + 240 * i:at + 240 * i + 240] for i in range(beacons)]
    at += 240 * beacons
    receipt_bytes = [body[at + 200 * i:at + 200 * i + 200] for i in range(receipts)]
    at += 200 * receipts
    mark = rules.decode_mark(mark_bytes)
    entry = next(d for d in mark["devices"] if d[0] == device)
    require(entry[2] in params["profiles"], LIMITS, "profile")
    rounds, = struct.unpack_from("<I", body, at)
    require(1 <= rounds <= params["round_limit"], LIMITS, "rounds")
    depth = compute.depth_of(entry[2])
    count = params["self_openings"] if mark["mode"] == 0 else params["tile_openings"]
    hashes = [body[i:i + 32] for i in range(at + 4, len(body), 32)]
    require(len(hashes) == rounds + count * (1 + depth) and (len(body) - at - 4) % 32 == 0, MALFORMED, "length")
    openings = []
    for i in range(count):
        first = rounds + i * (1 + depth)
        openings.append((hashes[first], hashes[first + 1:first + 1 + depth]))
    return {"epoch": epoch, "slot": slot, "device": device, "node_id": body[16:48], "mark_bytes": mark_bytes,
            "mark": mark, "entry": entry, "beacon_bytes": beacon_bytes, "receipt_bytes": receipt_bytes,
            "roots": hashes[:rounds], "openings": openings}


def query_value(file, proof):
    """Checks everything that others signed and returns V_C; mode 1 and mode 0."""
    mark, committee = proof["mark"], file["committee"]
    mark_hash = th("mark", proof["mark_bytes"])
    if mark["mode"] == 0:
        require(not proof["beacon_bytes"] and not proof["receipt_bytes"], MALFORMED, "mode 0 has no witnesses")
        return th("self-query", mark_hash)
    beacons = [rules.decode_beacon(b) for b in proof["beacon_bytes"]]
    receipts = [rules.decode_receipt(r) for r in proof["receipt_bytes"]]
    members = [i for i in range(64) if mark["bitmap"] >> i & 1]
    require(len(members) >= file["quorum"] and members[-1] < len(committee), QUORUM, "bitmap")
    require(len(beacons) == 1 + 2 * len(members), QUORUM, "number of beacons")
    issuers = [file["schedule_key"]] + 2 * [committee[i] for i in members]
    phases = [b"S"] + len(members) * [b"A"] + len(members) * [b"C"]
    for beacon, raw, issuer, phase in zip(beacons, proof["beacon_bytes"], issuers, phases):
        require(beacon["params"] == rules.params_hash(file["params"]) and beacon["network"] == file["network"],
                PARAMS_MISMATCH, "constants")
        require((beacon["epoch"], beacon["slot"], beacon["mode"]) == (proof["epoch"], proof["slot"], 1), COMMIT, "slot")
        require(beacon["issuer"] == issuer and beacon["phase"] == phase, QUORUM, "order of beacons")
        require(rules.is_signed(raw, issuer), BAD_SIGNATURE, "beacon")
    word = beacons[0]["value"]
    require(rules.is_active(file["params"], word), NOT_ACTIVE, "schedule word")

    def combined(phase, group):
        ids = [rules.key_id(committee[i]) for i in members]
        return rules.combine(phase, proof["epoch"], proof["slot"], word, proof["node_id"],
                             list(zip(ids, (b["value"] for b in group))))

    require(combined(b"A", beacons[1:1 + len(members)]) == mark["value"], COMMIT, "start value")
    positions = [committee.index(r["issuer"]) for r in receipts]
    require(len(receipts) >= file["quorum"] and positions == sorted(set(positions)), QUORUM, "receipts")
    for receipt, raw in zip(receipts, proof["receipt_bytes"]):
        require(receipt["mark"] == mark_hash and receipt["value"] == bytes(32), COMMIT, "receipt")
        require(rules.is_signed(raw, receipt["issuer"]), BAD_SIGNATURE, "receipt")
    elapsed = sorted(r["received"] for r in receipts)[len(receipts) // 2]
    require(elapsed <= file["params"]["compute_cutoff"], LATE, "mark")
    return combined(b"C", beacons[1 + len(members):])


def verify(data, tiles=None):
    """Returns the figures that the file attests; raises Refused. `tiles` limits how many openings are recomputed."""
    file = decode_file(data)
    proof = decode_proof(file["proof"], file["params"])
    mark = proof["mark"]
    require(rules.key_id(file["node_key"]) == proof["node_id"], UNKNOWN_NODE, "node")
    require((mark["epoch"], mark["slot"], mark["node_id"]) == (proof["epoch"], proof["slot"], proof["node_id"]), COMMIT,
            "mark")
    require(rules.is_signed(file["proof"], file["node_key"]), BAD_SIGNATURE, "proof")
    require(rules.is_signed(proof["mark_bytes"], file["node_key"]), BAD_SIGNATURE, "mark")
    value = query_value(file, proof)
    index, kind, profile, count, _, uid, commit = proof["entry"]
    roots = proof["roots"]
    seed = compute.slot_seed(rules.params_hash(file["params"]), proof["epoch"], proof["slot"], proof["node_id"],
                             mark["value"])
    seed = compute.device_seed(seed, index, kind, uid, profile)
    require(count == len(roots) and compute.compute_commit(seed, profile, roots) == commit, COMMIT, "roots")
    query = compute.query_seed(value, th("mark", proof["mark_bytes"]), index)
    queries = compute.tile_queries(query, len(roots), profile, len(proof["openings"]))
    for (number, leaf), (leaf_hash, siblings) in zip(queries, proof["openings"]):
        require(compute.fold_path(leaf_hash, leaf, siblings) == roots[number], PATH, "path")
    for (number, leaf), (leaf_hash, _) in list(zip(queries, proof["openings"]))[:tiles]:
        previous = roots[number - 1] if number else bytes(32)
        found = compute.recompute_leaf(compute.round_seed(seed, number, previous), profile, leaf)
        require(found == leaf_hash, TILE, "tile")
    m, k = compute.PROFILES[profile][1:]
    return {"profile": profile, "rounds": len(roots), "macs": len(roots) * m * m * k, "mode": mark["mode"]}
