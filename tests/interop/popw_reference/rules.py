"""Constants, messages, beacons, points: the rules of PoPW/1 that need no heavy computing."""
import hashlib
import hmac
import struct
from fractions import Fraction

from compute import PROFILES
from primitives import ed25519_public, ed25519_sign, ed25519_verify, th

SECOND = 1_000_000
MILLISECOND = 1_000
ALWAYS = 2**64 - 1

TIMES = ["epoch", "slot", "t0_offset", "compute_window", "compute_cutoff", "compute_query_at", "walk_at", "hold_window",
         "round_trip_limit", "walk_window", "walk_cutoff", "memory_query_at", "safety_margin", "proof_deadline",
         "heartbeat_window"]
COUNTS = ["tile_openings", "self_openings", "hold_openings", "walk_openings", "round_limit", "batch_limit",
          "walkers_log2_min", "walkers_log2_max"]

DEFAULT = {
    "name": "default", "epoch": 86400 * SECOND, "slot": 300 * SECOND, "t0_offset": 21 * SECOND,
    "compute_window": 20 * SECOND, "compute_cutoff": 40 * SECOND, "compute_query_at": 42 * SECOND,
    "walk_at": 81 * SECOND, "hold_window": 1500 * MILLISECOND, "round_trip_limit": 500 * MILLISECOND,
    "walk_window": 10 * SECOND, "walk_cutoff": 110 * SECOND, "memory_query_at": 111 * SECOND,
    "safety_margin": 250 * MILLISECOND, "proof_deadline": 86400 * SECOND, "heartbeat_window": 10 * SECOND,
    "active_threshold": ALWAYS // 24, "memory_threshold": ALWAYS // 3,
    "tile_openings": 64, "self_openings": 256, "hold_openings": 5, "walk_openings": 3, "round_limit": 2048,
    "batch_limit": 1024, "walkers_log2_min": 20, "walkers_log2_max": 27,
    # blocks, passes, log2 of hold accesses, kappa as a fraction, points unit
    "device_pages": (32, 256, 26, 1, 4, 2**20), "host_pages": (1024, 8, 23, 16, 1, 2**25),
    "weights": (60, 20, 20), "units": (10**9, 10**7), "profiles": [1, 2, 3, 4],
}
DEVNET = DEFAULT | {
    "name": "devnet", "epoch": 300 * SECOND, "slot": 20 * SECOND, "t0_offset": 2 * SECOND, "compute_window": 4 * SECOND,
    "compute_cutoff": 7 * SECOND, "compute_query_at": 8 * SECOND, "walk_at": 10 * SECOND, "walk_window": 3 * SECOND,
    "walk_cutoff": 14 * SECOND, "memory_query_at": 15 * SECOND, "proof_deadline": 60 * SECOND,
    "active_threshold": ALWAYS, "profiles": [0, 1, 2],
}
TEST = DEVNET | {
    "name": "test", "epoch": 60 * SECOND, "slot": 2 * SECOND, "t0_offset": 200 * MILLISECOND,
    "compute_window": 100 * MILLISECOND, "compute_cutoff": 500 * MILLISECOND, "compute_query_at": 600 * MILLISECOND,
    "walk_at": 700 * MILLISECOND, "hold_window": 200 * MILLISECOND, "round_trip_limit": 100 * MILLISECOND,
    "walk_window": 100 * MILLISECOND, "walk_cutoff": 1000 * MILLISECOND, "memory_query_at": 1100 * MILLISECOND,
    "safety_margin": 5 * MILLISECOND, "heartbeat_window": 400 * MILLISECOND, "walkers_log2_min": 7,
    "device_pages": (32, 256, 13, 1, 4, 2**20), "host_pages": (1024, 8, 13, 16, 1, 2**25), "profiles": [0],
}
PARAMS = {p["name"]: p for p in (DEFAULT, DEVNET, TEST)}


def encode_params(p):
    out = b"KPWP" + struct.pack("<HH", 1, 0) + p["name"].encode().ljust(16, b"\0")
    out += struct.pack("<15Q", *(p[t] for t in TIMES))
    out += struct.pack("<2Q", p["active_threshold"], p["memory_threshold"])
    out += struct.pack("<8I", *(p[c] for c in COUNTS))
    out += struct.pack("<5IQ", *p["device_pages"]) + struct.pack("<5IQ", *p["host_pages"])
    out += struct.pack("<3I", *p["weights"]) + struct.pack("<2Q", *p["units"])
    out += struct.pack("<I", len(p["profiles"]))
    for profile in p["profiles"]:
        out += struct.pack("<3I", profile, *PROFILES[profile][1:])
    return out


def decode_params(data):
    """Returns the constants and the number of bytes that they took."""
    assert data[:8] == b"KPWP\1\0\0\0", "not PARAMS of this version"
    p = {"name": data[8:24].rstrip(b"\0").decode()}
    p |= zip(TIMES, struct.unpack_from("<15Q", data, 24))
    p["active_threshold"], p["memory_threshold"] = struct.unpack_from("<2Q", data, 144)
    p |= zip(COUNTS, struct.unpack_from("<8I", data, 160))
    p["device_pages"] = struct.unpack_from("<5IQ", data, 192)
    p["host_pages"] = struct.unpack_from("<5IQ", data, 220)
    p["weights"] = struct.unpack_from("<3I", data, 248)
    p["units"] = struct.unpack_from("<2Q", data, 260)
    count, = struct.unpack_from("<I", data, 276)
    shapes = [struct.unpack_from("<3I", data, 280 + 12 * i) for i in range(count)]
    p["profiles"] = [shape[0] for shape in shapes]
    assert all(PROFILES[i][1:] == (m, k) for i, m, k in shapes), "another shape"
    return p, 280 + 12 * count


def params_hash(p):
    return th("params", encode_params(p))


def is_active(p, word):
    value = int.from_bytes(word[:8], "little")
    return p["active_threshold"] == ALWAYS or value < p["active_threshold"]


def has_memory_phase(p, word):
    value = int.from_bytes(word[8:16], "little")
    return is_active(p, word) and (p["memory_threshold"] == ALWAYS or value < p["memory_threshold"])


def key_id(public):
    return hashlib.sha256(public).digest()


# Messages. The first five header fields are the same for all; the signature covers a tagged hash of all before it.
BEACON, MARK, RECEIPT, PROOF, VERDICT = 1, 2, 3, 4, 5
MESSAGE_LIMIT = 262144


def signed(kind, body, seed):
    message = b"KPW1" + struct.pack("<BBHII", kind, 1, 0, 16 + len(body) + 64, 0) + body
    return message + ed25519_sign(seed, th("sig", bytes([kind]), message))


def is_signed(message, public):
    return ed25519_verify(public, th("sig", message[4:5], message[:-64]), message[-64:])


def body_of(message, kind):
    assert 80 <= len(message) <= MESSAGE_LIMIT, "length"
    assert message[:16] == b"KPW1" + struct.pack("<BBHII", kind, 1, 0, len(message), 0), "wrong header"
    return message[16:-64]


def encode_beacon(seed, network, mode, phase, epoch, slot, params, value, node_id=bytes(32), issued_at=0):
    return signed(BEACON, struct.pack("<IBcHQII", network, mode, phase, 0, epoch, slot, 0) + params + ed25519_public(seed)
                  + node_id + value + struct.pack("<Q", issued_at), seed)


def decode_beacon(message):
    body = body_of(message, BEACON)
    assert len(body) == 160
    network, mode, phase, zero, epoch, slot, zero2 = struct.unpack_from("<IBcHQII", body)
    assert zero == 0 and zero2 == 0 and mode in (1, 2, 3) and phase in (b"S", b"A", b"B", b"C")
    assert (body[88:120] != bytes(32)) == (mode == 3), "only on demand is a node named"
    return {"network": network, "mode": mode, "phase": phase, "epoch": epoch, "slot": slot, "params": body[24:56],
            "issuer": body[56:88], "node_id": body[88:120], "value": body[120:152],
            "issued_at": int.from_bytes(body[152:160], "little")}


def encode_mark(seed, phase, status, mode, epoch, slot, node_id, previous, value, bitmap, devices):
    body = struct.pack("<4BQI", phase, len(devices), status, mode, epoch, slot) + node_id + previous + value
    body += struct.pack("<Q", bitmap)
    for index, kind, shape, count, pages, uid, commit in devices:
        body += struct.pack("<HBBIQ", index, kind, shape, count, pages) + uid + commit
    return signed(MARK, body, seed)


def decode_mark(message):
    body = body_of(message, MARK)
    assert len(body) >= 120
    phase, count, status, mode, epoch, slot = struct.unpack_from("<4BQI", body)
    assert phase <= 3 and count <= 32 and status <= 2 and mode <= 3 and len(body) == 120 + 80 * count
    devices = []
    for i in range(count):
        at = 120 + 80 * i
        devices.append(struct.unpack_from("<HBBIQ", body, at) + (body[at + 16:at + 48], body[at + 48:at + 80]))
    indexes = [entry[0] for entry in devices]
    assert indexes == sorted(set(indexes)) and all(entry[1] <= 3 for entry in devices)
    return {"phase": phase, "status": status, "mode": mode, "epoch": epoch, "slot": slot, "node_id": body[16:48],
            "previous": body[48:80], "value": body[80:112], "bitmap": int.from_bytes(body[112:120], "little"),
            "devices": devices}


def encode_receipt(seed, epoch, slot, phase, mark, received, value=bytes(32)):
    return signed(RECEIPT, struct.pack("<QIB3x", epoch, slot, phase) + ed25519_public(seed) + mark
                  + struct.pack("<Q", received) + value, seed)


def decode_receipt(message):
    body = body_of(message, RECEIPT)
    assert len(body) == 120
    epoch, slot, phase = struct.unpack_from("<QIB", body)
    assert body[13:16] == bytes(3) and phase <= 3
    return {"epoch": epoch, "slot": slot, "phase": phase, "issuer": body[16:48], "mark": body[48:80],
            "received": int.from_bytes(body[80:88], "little"), "value": body[88:120]}


def encode_verdict(seed, epoch, slot, device, code, node_id, proof, figures, salt):
    return signed(VERDICT, struct.pack("<QIHH", epoch, slot, device, code) + node_id + ed25519_public(seed) + proof
                  + struct.pack("<6Q", *figures) + salt, seed)


def verdict_commitment(verdict):
    return th("verdict-commit", verdict, verdict[176:208])


def encode_proof(seed, epoch, slot, device, node_id, marks, beacons, receipts, roots, openings, memory=None):
    """`memory`: kind, log2 of walkers, hold batches, pages, roots and openings (1024 bytes, siblings)."""
    body = struct.pack("<QIHBB", epoch, slot, device, 3 if memory else 1, len(marks)) + node_id
    body += struct.pack("<HHI", len(receipts), len(beacons), 0)
    body += b"".join(marks) + b"".join(beacons) + b"".join(receipts)
    body += struct.pack("<I", len(roots)) + b"".join(roots)
    for leaf, siblings in openings:
        body += leaf + b"".join(siblings)
    if memory:
        kind, walkers_log2, hold_batches, pages, batch_roots, walks = memory
        body += struct.pack("<BBHIIQ", kind, walkers_log2, 0, hold_batches, len(batch_roots), pages) + b"".join(batch_roots)
        for ends, siblings in walks:
            body += ends + b"".join(siblings)
    return signed(PROOF, body, seed)


# Beacons and committees.
def beacon_value(secret, phase, network, epoch, slot):
    return hmac.new(secret, b"popw" + phase + struct.pack("<IQI", network, epoch, slot), hashlib.sha256).digest()


def combine(phase, epoch, slot, word, node_id, contributions):
    return th("beacon", phase, struct.pack("<QI", epoch, slot), word, node_id, *(i + n for i, n in contributions))


def day_value(epoch, first_word):
    return th("day", struct.pack("<Q", epoch), first_word)


def committee(day_value, node_id, checker_ids, size):
    ranked = sorted(range(len(checker_ids)), key=lambda i: (th("sort", day_value, node_id, checker_ids[i]), i))
    return ranked[:size]


def received_time(times, quorum):
    """When a mark counts as received: the upper median of its receipts, and not before a quorum had it."""
    return sorted(times)[max(len(times) // 2, quorum - 1)]


# Points, with Python's unbounded integers and explicit saturation.
def saturate(value, limit=2**64 - 1):
    return min(value, limit)


def rates(p, work):
    macs, compute_us, walk_bytes, walk_us, held, held_ok, device = work
    xc = saturate(macs * 10**6 // max(compute_us, p["compute_window"]))
    xb = saturate(walk_bytes * 10**6 // max(walk_us, p["walk_window"]))
    pages = p["device_pages"] if device else p["host_pages"]
    xm = min(held, saturate(int(Fraction(xb) * Fraction(pages[3], pages[4])))) if held_ok else 0
    return xc, xb, xm


def score(p, figures, device):
    xc, xb, xm = figures
    unit = (p["device_pages"] if device else p["host_pages"])[5]
    wc, wb, wm = p["weights"]
    return saturate((wc * (xc // p["units"][0]) + wb * (xb // p["units"][1]) + wm * (xm // unit)) // 100)


def points(mean, availability, quality):
    return saturate(mean * min(availability, 10**6) * min(quality, 10**6) // 10**12, 2**63 - 1)


def mean(scores, active_slots):
    return saturate(sum(scores) // active_slots) if active_slots else 0


def availability(seen, expected):
    return min(10**6, seen * 10**6 // expected) if expected else 0


def share(pool, shares):
    """What each gets, and last the remainder."""
    total = sum(shares)
    rewards = [pool * each // total if total else 0 for each in shares]
    return *rewards, pool - sum(rewards)
