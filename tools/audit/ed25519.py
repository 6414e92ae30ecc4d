"""Ed25519 (RFC 8032), to check and not to sign: nothing here is secret, so nothing has to take the same time."""
import hashlib

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def on_curve(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x, y)


def added(one, other):
    (x1, y1), (x2, y2) = one, other
    part = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + part, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - part, P - 2, P) % P)


def times(point, number):
    result = (0, 1)
    while number:
        if number & 1:
            result = added(result, point)
        point = added(point, point)
        number >>= 1
    return result


def point_of(data):
    number = int.from_bytes(data, "little")
    y = number & (2 ** 255 - 1)
    return on_curve(y, number >> 255) if y < P else None


BASE = on_curve(4 * pow(5, P - 2, P) % P, 0)


def fits(key, data, signature):
    """Whether this signature of these bytes is that of this public key."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, point, number = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if public is None or point is None or number >= ORDER:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + data).digest(), "little") % ORDER
    return times(BASE, number) == added(point, times(public, digest))
