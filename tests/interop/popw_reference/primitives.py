"""ChaCha8, tagged SHA-256 and Ed25519, from their papers, with nothing but the standard library."""
import hashlib
import struct

MASK32 = 0xFFFFFFFF
MASK64 = 0xFFFFFFFFFFFFFFFF


def th(tag, *parts):
    """TH(tag, x): SHA-256 with the tag's digest twice in front."""
    digest = hashlib.sha256(b"kaisar/popw/1/" + tag.encode()).digest()
    return hashlib.sha256(digest + digest + b"".join(parts)).digest()


def chacha8_core(x):
    """Eight rounds and the feed-forward on sixteen 32-bit words."""
    w = list(x)

    def quarter(a, b, c, d):
        w[a] = (w[a] + w[b]) & MASK32
        v = w[d] ^ w[a]
        w[d] = ((v << 16) | (v >> 16)) & MASK32
        w[c] = (w[c] + w[d]) & MASK32
        v = w[b] ^ w[c]
        w[b] = ((v << 12) | (v >> 20)) & MASK32
        w[a] = (w[a] + w[b]) & MASK32
        v = w[d] ^ w[a]
        w[d] = ((v << 8) | (v >> 24)) & MASK32
        w[c] = (w[c] + w[d]) & MASK32
        v = w[b] ^ w[c]
        w[b] = ((v << 7) | (v >> 25)) & MASK32

    for _ in range(4):
        quarter(0, 4, 8, 12)
        quarter(1, 5, 9, 13)
        quarter(2, 6, 10, 14)
        quarter(3, 7, 11, 15)
        quarter(0, 5, 10, 15)
        quarter(1, 6, 11, 12)
        quarter(2, 7, 8, 13)
        quarter(3, 4, 9, 14)
    return [(a + b) & MASK32 for a, b in zip(w, x)]


def cc8(key, counter, nonce):
    """Block `counter` of the ChaCha8 stream under that key and nonce: 64 bytes."""
    words = list(struct.unpack("<4I", b"expand 32-byte k")) + list(struct.unpack("<8I", key))
    words += [counter & MASK32, counter >> 32, nonce & MASK32, nonce >> 32]
    return struct.pack("<16I", *chacha8_core(words))


# Ed25519, RFC 8032 section 5.1 and its appendix's formulas; slow and readable.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def _recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P != 0:
        return None
    return P - x if (x & 1) != sign else x


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _multiply(s, p):
    q = (0, 1, 1, 0)
    while s > 0:
        if s & 1:
            q = _add(q, p)
        p = _add(p, p)
        s >>= 1
    return q


_BY = 4 * pow(5, P - 2, P) % P
_BX = _recover_x(_BY, 0)
BASE = (_BX, _BY, 1, _BX * _BY % P)


def _compress(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | ((x & 1) << 255)).to_bytes(32, "little")


def _decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def _expand(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return a, h[32:]


def _is_small(p):
    """Whether eight times the point is nothing: such keys sign everything, and docs/popw.md refuses them."""
    x, y, z, _ = _multiply(8, p)
    return x == 0 and (y - z) % P == 0


def ed25519_public(seed):
    return _compress(_multiply(_expand(seed)[0], BASE))


def ed25519_sign(seed, message):
    a, prefix = _expand(seed)
    public = _compress(_multiply(a, BASE))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    big_r = _compress(_multiply(r, BASE))
    h = int.from_bytes(hashlib.sha512(big_r + public + message).digest(), "little") % L
    return big_r + ((r + h * a) % L).to_bytes(32, "little")


def ed25519_sign_with_neutral_point(seed, message):
    """What fits the equation with R of order 1; docs/popw.md refuses it."""
    a, _ = _expand(seed)
    neutral = (1).to_bytes(32, "little")
    h = int.from_bytes(hashlib.sha512(neutral + ed25519_public(seed) + message).digest(), "little") % L
    return neutral + (h * a % L).to_bytes(32, "little")


def ed25519_verify(public, message, signature):
    a, r, s = _decompress(public), _decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or _is_small(a) or _is_small(r):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return _compress(_multiply(s, BASE)) == _compress(_add(r, _multiply(h, a)))
