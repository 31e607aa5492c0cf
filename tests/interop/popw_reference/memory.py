"""Pages and walks of the memory proof."""
import functools
import struct

from primitives import MASK64, cc8, chacha8_core, th

DEVICE, HOST = (32, 256), (1024, 8)  # blocks a page, passes


def page(seed, number, blocks, passes):
    """One page as a list of blocks of sixteen 32-bit words."""
    t = list(struct.unpack("<16I", cc8(seed, number, 5)))
    x = [t]

    def mixed(t, extra, span):
        picks = [t[w] * span >> 32 for w in (0, 5, 10, 15)]
        sources = [x[r] for r in picks] + extra
        return chacha8_core([a ^ b for a, b in zip(t, [_fold(column) for column in zip(*sources)])])

    for j in range(1, blocks):
        t = mixed(t, [], j)
        x.append(t)
    for _ in range(1, passes):
        for j in range(blocks):
            t = mixed(t, [x[j]], blocks)
            x[j] = t
    return x


def _fold(values):
    result = 0
    for value in values:
        result ^= value
    return result


@functools.cache
def page_bytes(seed, number, shape):
    return b"".join(struct.pack("<16I", *block) for block in page(seed, number, *shape))


def walk_batch(walk_seed, batch, previous, walkers_log2, memory):
    """End values, leaf hashes and root of one batch over `memory`, a byte string of whole blocks."""
    z = th("walk-batch", walk_seed, batch.to_bytes(4, "little"), previous)
    blocks = len(memory) // 64
    ends = []
    for walker in range(1 << walkers_log2):
        s = struct.unpack("<8Q", cc8(z, walker // 8, 4))[walker % 8]
        for _ in range(8):
            at = 64 * (s * blocks >> 64)
            for word in struct.unpack_from("<8Q", memory, at):
                s = (s ^ word) * 0x9E3779B97F4A7C15 & MASK64
                s ^= s >> 32
        ends.append(s)
    leaves = [th("walk-leaf", struct.pack("<128Q", *ends[i:i + 128])) for i in range(0, len(ends), 128)]
    level = leaves
    while len(level) > 1:
        level = [th("node", level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return ends, leaves, level[0]


def memory_seed(device_seed, mark_hash, kind, pages):
    return th("mem-seed", device_seed, mark_hash, bytes([kind]), pages.to_bytes(8, "little"))


def walk_seed(seed, value):
    return th("walk-seed", seed, value)


def walk_commit(seed, kind, walkers_log2, roots):
    return th("walk-commit", seed, bytes([kind, walkers_log2]), len(roots).to_bytes(4, "little"), *roots)


def walk_queries(query, params, walkers_log2, hold_batches, batches):
    """Pairs of batch and walker; the words go on where the tile queries end."""
    tiles, count = params["tile_openings"], params["hold_openings"] + params["walk_openings"]
    stream = b"".join(cc8(query, x, 3) for x in range((tiles + count + 7) // 8))
    words = struct.unpack("<%dQ" % count, stream[8 * tiles:8 * (tiles + count)])
    held, rest = hold_batches << walkers_log2, (batches - hold_batches) << walkers_log2
    found = []
    for x, word in enumerate(words):
        at = word * held >> 64 if x < params["hold_openings"] or rest == 0 else held + (word * rest >> 64)
        found.append((at >> walkers_log2, at & ((1 << walkers_log2) - 1)))
    return found


def tree(leaves):
    """All levels, leaves first."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([th("node", below[i], below[i + 1]) for i in range(0, len(below), 2)])
    return levels


def recompute_walker(seed, shape, pages, z, walker, made):
    """One walker's end value; `made` keeps the pages that were needed."""
    s = struct.unpack("<8Q", cc8(z, walker // 8, 4))[walker % 8]
    blocks = shape[0]
    for _ in range(8):
        number, block = divmod(s * pages * blocks >> 64, blocks)
        if number not in made:
            made[number] = page_bytes(seed, number, shape)
        for word in struct.unpack_from("<8Q", made[number], 64 * block):
            s = (s ^ word) * 0x9E3779B97F4A7C15 & MASK64
            s ^= s >> 32
    return s
