"""Makes a browser's PNG small: at most 256 colours, which is what a page of
text and lines has anyway, give or take the edges of its letters."""

import struct
import zlib
from collections import Counter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 256


def chunks(data):
    at = len(SIGNATURE)
    while at < len(data):
        length, = struct.unpack(">I", data[at:at + 4])
        yield data[at + 4:at + 8], data[at + 8:at + 8 + length]
        at += length + 12


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body \
        + struct.pack(">I", zlib.crc32(kind + body))


def paeth(left, above, corner):
    guess = left + above - corner
    return min((left, above, corner), key=lambda one: abs(guess - one))


def unfilter(kind, row, before, step):
    """One row as it was before the encoder took differences, in place."""
    if kind == 2:
        row[:] = bytes((a + b) & 255 for a, b in zip(row, before))
    elif kind:
        for at, value in enumerate(row):
            left = row[at - step] if at >= step else 0
            above = before[at]
            if kind == 1:
                value += left
            elif kind == 3:
                value += (left + above) // 2
            else:
                value += paeth(left, above,
                               before[at - step] if at >= step else 0)
            row[at] = value & 255


def read(path):
    """(width, height, pixels): each pixel three bytes, row by row."""
    with open(path, "rb") as file:
        data = file.read()
    packed = b""
    for kind, body in chunks(data):
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
    if depth != 8 or colour not in (2, 6):
        raise ValueError("not as a browser makes them: " + path)
    step = 3 if colour == 2 else 4
    plain, before, rows = zlib.decompress(packed), bytes(width * step), []
    for at in range(0, len(plain), width * step + 1):
        row = bytearray(plain[at + 1:at + 1 + width * step])
        unfilter(plain[at], row, before, step)
        before = row
        rows.append(bytes(row) if step == 3 else b"".join(
            row[x:x + 3] for x in range(0, len(row), 4)))
    data = b"".join(rows)
    return width, height, [data[at:at + 3] for at in range(0, len(data), 3)]


def nearest(colour, palette):
    return min(range(len(palette)), key=lambda at: sum(
        (a - b) ** 2 for a, b in zip(colour, palette[at])))


def shrink(path):
    """Writes the picture anew; how many colours it had."""
    width, height, pixels = read(path)
    colours = Counter(pixels)
    palette = [colour for colour, _ in colours.most_common(COLOURS)]
    places = {colour: at for at, colour in enumerate(palette)}
    for colour in colours:
        if colour not in places:
            places[colour] = nearest(colour, palette)
    data = bytes(map(places.__getitem__, pixels))
    rows = b"".join(b"\0" + data[at:at + width]
                    for at in range(0, len(data), width))
    with open(path, "wb") as file:
        file.write(SIGNATURE
                   + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height,
                                                8, 3, 0, 0, 0))
                   + chunk(b"PLTE", b"".join(palette))
                   + chunk(b"IDAT", zlib.compress(rows, 9))
                   + chunk(b"IEND", b""))
    return len(colours)
