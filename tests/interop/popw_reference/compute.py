"""One compute round, its tree, the seeds around it and the queries, straight from docs/popw.md."""
import functools
import struct

from primitives import cc8, th

# id: (name, m, k)
PROFILES = {0: ("T0", 128, 256), 1: ("C1", 1024, 4096), 2: ("C2", 4096, 8192), 3: ("G1", 8192, 16384),
            4: ("G2", 16384, 32768)}


def le(value, size):
    return value.to_bytes(size, "little")


def depth_of(profile):
    m = PROFILES[profile][1]
    return ((m // 16) ** 2).bit_length() - 1


def slot_seed(params_hash, epoch, slot, node_id, start_value):
    return th("seed", params_hash, le(epoch, 8), le(slot, 4), node_id, start_value)


def device_seed(seed, index, kind, uid, profile):
    return th("dev-seed", seed, le(index, 2), le(kind, 1), uid, le(profile, 4))


def round_seed(seed, number, previous):
    return th("round-seed", seed, le(number, 4), previous)


def compute_commit(seed, profile, roots):
    return th("compute-commit", seed, le(profile, 4), le(len(roots), 4), *roots)


def query_seed(value, last_mark_hash, index):
    return th("query", value, last_mark_hash, le(index, 2))


def operand_row(seed, nonce, k, row):
    blocks = k // 64
    data = b"".join(cc8(seed, row * blocks + c, nonce) for c in range(blocks))
    return struct.unpack("%db" % k, data)


def corner_of_leaf(profile, leaf):
    m = PROFILES[profile][1]
    superblock, inside = leaf >> 6, leaf & 63
    row = 8 * (superblock // (m // 128)) + inside // 8
    column = 8 * (superblock % (m // 128)) + inside % 8
    return 16 * row, 16 * column


def leaf_hash(a_rows, b_rows):
    tile = [sum(x * y for x, y in zip(a, b)) for a in a_rows for b in b_rows]
    return th("leaf", struct.pack("<256i", *tile))


def recompute_leaf(seed, profile, leaf):
    k = PROFILES[profile][2]
    row, column = corner_of_leaf(profile, leaf)
    return leaf_hash([operand_row(seed, 1, k, row + i) for i in range(16)],
                     [operand_row(seed, 2, k, column + j) for j in range(16)])


def tree(leaves):
    """All levels, leaves first."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([th("node", below[i], below[i + 1]) for i in range(0, len(below), 2)])
    return levels


@functools.cache
def round_tree(seed, profile):
    _, m, k = PROFILES[profile]
    a = [operand_row(seed, 1, k, i) for i in range(m)]
    b = [operand_row(seed, 2, k, j) for j in range(m)]
    leaves = []
    for leaf in range((m // 16) ** 2):
        row, column = corner_of_leaf(profile, leaf)
        leaves.append(leaf_hash(a[row:row + 16], b[column:column + 16]))
    return tree(leaves)


def run(seed, profile, rounds):
    """The trees of a chain of rounds."""
    trees, previous = [], bytes(32)
    for number in range(rounds):
        trees.append(round_tree(round_seed(seed, number, previous), profile))
        previous = trees[-1][-1][0]
    return trees


def path_of(levels, leaf):
    return [level[(leaf >> height) ^ 1] for height, level in enumerate(levels[:-1])]


def fold_path(leaf, index, siblings):
    for sibling in siblings:
        leaf = th("node", sibling, leaf) if index & 1 else th("node", leaf, sibling)
        index >>= 1
    return leaf


def tile_queries(seed, rounds, profile, count):
    leaves = (PROFILES[profile][1] // 16) ** 2
    stream = b"".join(cc8(seed, x, 3) for x in range((count + 7) // 8))
    words = struct.unpack("<%dQ" % count, stream[:8 * count])
    return [divmod(word * rounds * leaves >> 64, leaves) for word in words]
