"""What a verifier finds, by number, and the modes."""

(OK, MALFORMED, UNKNOWN_NODE, NOT_ACTIVE, LATE, BAD_SIGNATURE, QUORUM, COMMIT, PATH, TILE, WALK, HOLD_LATE, LIMITS, DUPLICATE,
 PARAMS_MISMATCH) = range(15)
SELF, COMMITTEE, DRAND, ON_DEMAND = range(4)
FIRST_ON_DEMAND_SLOT = 2**31


class Refused(Exception):
    def __init__(self, code, why):
        super().__init__(why)
        self.code = code


def require(holds, code, why):
    if not holds:
        raise Refused(code, why)
