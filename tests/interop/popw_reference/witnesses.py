"""What others signed in a proof: the beacons that it was made from and the receipts of its marks."""
import rules
from codes import (BAD_SIGNATURE, COMMIT, MALFORMED, NOT_ACTIVE, ON_DEMAND, PARAMS_MISMATCH, QUORUM, SELF, Refused, require)
from primitives import th


def hear(file, proof):
    """V_C, the receipts' times by phase, and T0 of a challenge on demand; raises Refused."""
    mode, hashes = proof["marks"][0]["mode"], [th("mark", m) for m in proof["mark_bytes"]]
    beacons, receipts = decode(file, proof, hashes)
    if mode == SELF:
        require(not beacons and not receipts and proof["marks"][0]["bitmap"] == 0, MALFORMED, "mode 0 has no witnesses")
        return {"query_value": th("self-query", hashes[0]), "times": [], "issued_at": None}
    word, query_value = (on_demand if mode == ON_DEMAND else from_committee)(file, proof, beacons)
    times = take_receipts(file, proof, receipts, beacons)
    if mode == ON_DEMAND:
        query_value = combine(b"C", proof, word, [(receipts[0]["issuer"], receipts[0]["value"])])
    return {"query_value": query_value, "times": times, "issued_at": beacons[0]["issued_at"] if mode == ON_DEMAND else None}


def well_formed(decode_one, message):
    try:
        return decode_one(message)
    except AssertionError as error:
        raise Refused(MALFORMED, "beacon or receipt") from error


def decode(file, proof, hashes):
    """All of them, each looked at for itself: whose constants, which slot, which mark."""
    place = proof["epoch"], proof["slot"]
    beacons, receipts = [], []
    for message in proof["beacon_bytes"]:
        beacon = well_formed(rules.decode_beacon, message)
        require(beacon["params"] == rules.params_hash(file["params"]) and beacon["network"] == file["network"],
                PARAMS_MISMATCH, "constants")
        require((beacon["epoch"], beacon["slot"]) == place and beacon["mode"] == proof["marks"][0]["mode"], COMMIT, "slot")
        beacons.append(beacon)
    for message in proof["receipt_bytes"]:
        receipt = well_formed(rules.decode_receipt, message)
        require((receipt["epoch"], receipt["slot"]) == place and 1 <= receipt["phase"] <= len(hashes)
                and receipt["mark"] == hashes[receipt["phase"] - 1], COMMIT, "receipt")
        receipts.append(receipt)
    return beacons, receipts


def quorum_of(file, proof):
    return 1 if proof["marks"][0]["mode"] == ON_DEMAND else max(file["quorum"], 1)


def members_of(mark, file, proof):
    members = [i for i in range(64) if mark["bitmap"] >> i & 1]
    require(len(members) >= quorum_of(file, proof) and members[-1] < len(file["committee"])
            and (mark["mode"] != ON_DEMAND or len(members) == 1), QUORUM, "bitmap")
    return members


def combine(phase, proof, word, values):
    return rules.combine(phase, proof["epoch"], proof["slot"], word, proof["node_id"],
                         [(rules.key_id(issuer), value) for issuer, value in values])


def take(file, proof, beacons, first, phase, members):
    """The members' beacons of that phase, from number `first` on; the pairs that their combined value is made of."""
    values = []
    for at, member in enumerate(members, first):
        beacon, issuer = beacons[at], file["committee"][member]
        require(beacon["phase"] == phase and beacon["issuer"] == issuer, QUORUM, "order of beacons")
        require(rules.is_signed(proof["beacon_bytes"][at], issuer), BAD_SIGNATURE, "beacon")
        require(beacon["mode"] != ON_DEMAND or beacon["node_id"] == proof["node_id"], COMMIT, "node of the beacon")
        values.append((issuer, beacon["value"]))
    return values


def on_demand(file, proof, beacons):
    mark, word = proof["marks"][0], bytes(32)
    members = members_of(mark, file, proof)
    require(len(beacons) == 1, QUORUM, "one beacon")
    require(combine(b"A", proof, word, take(file, proof, beacons, 0, b"A", members)) == mark["value"], COMMIT, "start value")
    return word, None


def from_committee(file, proof, beacons):
    marks, params, has_memory = proof["marks"], file["params"], proof["memory"] is not None
    first, last = members_of(marks[0], file, proof), members_of(marks[-1], file, proof)
    require(len(beacons) == 1 + len(first) + (2 if has_memory else 1) * len(last), QUORUM, "number of beacons")
    require(beacons[0]["phase"] == b"S" and beacons[0]["issuer"] == file["schedule_key"], QUORUM, "schedule word")
    require(rules.is_signed(proof["beacon_bytes"][0], file["schedule_key"]), BAD_SIGNATURE, "schedule word")
    word, at = beacons[0]["value"], 1 + len(first)
    require(rules.is_active(params, word), NOT_ACTIVE, "schedule word")
    require(not has_memory or rules.has_memory_phase(params, word), NOT_ACTIVE, "no memory phase")
    start = take(file, proof, beacons, 1, b"A", first)
    walk = take(file, proof, beacons, at, b"B", last) if has_memory else []
    require(combine(b"A", proof, word, start) == marks[0]["value"], COMMIT, "start value")
    require(not has_memory or combine(b"B", proof, word, walk) == marks[-1]["value"], COMMIT, "walk value")
    return word, combine(b"C", proof, word, take(file, proof, beacons, at + len(walk), b"C", last))


def take_receipts(file, proof, receipts, beacons):
    """The receipts of each mark in turn, in committee order; their times."""
    is_on_demand = proof["marks"][0]["mode"] == ON_DEMAND
    times, at = [], 0
    for phase in range(1, len(proof["marks"]) + 1):
        times.append([])
        after = -1
        while at < len(receipts) and receipts[at]["phase"] == phase:
            receipt = receipts[at]
            later = [i for i, key in enumerate(file["committee"]) if i > after and key == receipt["issuer"]]
            require(later and (not is_on_demand or receipt["issuer"] == beacons[0]["issuer"]), QUORUM, "order of receipts")
            require((receipt["value"] != bytes(32)) == is_on_demand, COMMIT, "query entropy")
            require(rules.is_signed(proof["receipt_bytes"][at], receipt["issuer"]), BAD_SIGNATURE, "receipt")
            times[-1].append(receipt["received"])
            after, at = later[0], at + 1
        require(len(times[-1]) >= quorum_of(file, proof), QUORUM, "receipts")
    require(at == len(receipts), QUORUM, "a receipt is out of order")
    return times
