#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes message_vectors.json from docs/message-format.md alone: a third, slow implementation in which nothing is
shared with the C++ and the Solidity one, not even Keccak."""
import json
import pathlib

MASK = (1 << 64) - 1


def keccak_round_constants():
    register, out = 1, []
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant ^= 1 << ((1 << j) - 1)
            register = (register << 1) ^ ((register >> 7) * 0x171)
        out.append(constant)
    return out


ROUND_CONSTANTS = keccak_round_constants()


def rotate(value, count):
    count %= 64
    return ((value << count) | (value >> (64 - count))) & MASK


def permute(lanes):
    for constant in ROUND_CONSTANTS:
        columns = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        for x in range(5):
            change = columns[(x + 4) % 5] ^ rotate(columns[(x + 1) % 5], 1)
            lanes[x] = [lane ^ change for lane in lanes[x]]
        x, y, current = 1, 0, lanes[1][0]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], rotate(current, (t + 1) * (t + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & MASK & row[(x + 2) % 5])
        lanes[0][0] ^= constant


def keccak256(data):
    rate = 136
    padded = bytearray(data + b"\x01" + b"\x00" * (-(len(data) + 1) % rate))
    padded[-1] |= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for i in range(rate // 8):
            lanes[i % 5][i // 5] ^= int.from_bytes(padded[start + 8 * i:start + 8 * i + 8], "little")
        permute(lanes)
    return b"".join(lanes[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def number(value, size):
    return value.to_bytes(size, "big")


def text(data):
    return "0x" + data.hex()


# --- Messages

def encode(m):
    return (number(3, 1) + number((1 if m["relay"] else 0) | (2 if m["isMessage"] else 0), 1)
            + number(m["fromChain"], 8) + number(m["toChain"], 8) + number(m["nonce"], 8) + number(m["gasLimit"], 4)
            + m["service"] + number(len(m["sender"]), 1) + m["sender"] + number(len(m["target"]), 1) + m["target"]
            + m["payload"])


def message(relay, is_message, chains, nonce, gas_limit, service, sender, target, payload):
    return {"relay": relay, "isMessage": is_message, "fromChain": chains[0], "toChain": chains[1], "nonce": nonce,
            "gasLimit": gas_limit, "service": service, "sender": sender, "target": target, "payload": payload}


def bytes_from(seed, size):
    out = b""
    while len(out) < size:
        out += keccak256(number(seed, 8) + number(len(out), 8))
    return out[:size]


MESSAGES = [
    message(False, False, (1, 2), 0, 0, bytes(20), b"\x01", b"\x02", b""),
    message(True, False, (97, 22776), 1, 500000, bytes_from(1, 20), bytes_from(2, 20), bytes_from(3, 20), b"\x00"),
    message(False, True, (22776, 97), 255, 1, bytes_from(4, 20), bytes_from(5, 20), bytes_from(6, 20),
            bytes_from(7, 100)),
    message(True, True, (MASK, MASK), MASK, (1 << 32) - 1, b"\xff" * 20, b"\xff" * 32, b"\xff" * 32, b"\xff" * 33),
    message(False, True, (1360095883558914, 1), 7, 21000, bytes_from(8, 20), bytes_from(9, 32), bytes_from(10, 20),
            bytes_from(11, 1000)),
]


def invalid_messages():
    good = encode(MESSAGES[1])
    party_at = 50

    def changed(at, value):
        return good[:at] + number(value, 1) + good[at + 1:]

    yield "empty", b"", "TooShort"
    yield "fixed part cut", good[:party_at - 1], "TooShort"
    yield "no sender length", good[:party_at], "TooShort"
    yield "sender cut", good[:party_at + 10], "TooShort"
    yield "no target length", good[:party_at + 21], "TooShort"
    yield "target cut", good[:party_at + 41], "TooShort"
    yield "version 2", changed(0, 2), "Version"
    yield "version 4", changed(0, 4), "Version"
    yield "flag 4", changed(1, 4), "Flags"
    yield "flag 128", changed(1, 0x81), "Flags"
    yield "sender of 0 bytes", changed(party_at, 0), "PartyLength"
    yield "sender of 33 bytes", changed(party_at, 33), "PartyLength"
    yield "target of 0 bytes", changed(party_at + 21, 0), "PartyLength"
    yield "target of 255 bytes", changed(party_at + 21, 255), "PartyLength"


# --- Outbox

def node(left, right):
    return keccak256(b"\x01" + left + right)


def tree(ids, first, size):
    if size == 1:
        return keccak256(b"\x00" + number(first, 8) + ids[first])
    return node(tree(ids, first, size // 2), tree(ids, first + size // 2, size // 2))


def mountains(count):
    first = 0
    for height in range(63, -1, -1):
        if count >> height & 1:
            yield first, 1 << height
            first += 1 << height


def bag(ids, some):
    hashes = [tree(ids, first, size) for first, size in some]
    out = hashes[0]
    for h in hashes[1:]:
        out = node(out, h)
    return out


def root(ids, count):
    if count == 0:
        return bytes(32)
    return keccak256(b"\x02" + number(count, 8) + bag(ids, list(mountains(count))))


def siblings(ids, count, indexes):
    out = []
    some = list(mountains(count))
    before = [m for m in some if m[0] + m[1] <= indexes[0]]
    if before:
        out.append(bag(ids, before))
    for first, size in some[len(before):]:
        known = {i for i in indexes if first <= i < first + size}
        if not known:
            out.append(tree(ids, first, size))
            continue
        width = 1
        positions = {i - first for i in known}
        while width < size:
            for position in sorted(positions):
                partner = position ^ 1
                if partner not in positions:
                    out.append(tree(ids, first + partner * width, width))
            positions = {p // 2 for p in positions}
            width *= 2
    return out


IDS = [keccak256(b"order" + number(i, 8)) for i in range(40)]
PROOFS = [(1, [0]), (2, [0]), (2, [1]), (2, [0, 1]), (3, [2]), (3, [0, 2]), (7, [0]), (7, [6]), (7, [3, 4]), (7, [4, 6]),
          (8, [0, 7]), (13, [1, 2, 9, 12]), (13, list(range(13))), (31, [30]), (31, [16, 17, 23]), (32, [5, 6]),
          (37, [0, 31, 32, 35]), (40, [39]), (40, [8, 9, 10, 33])]


def delivery(outbox_ids, encoded, count, indexes):
    out = number(count, 8) + number(len(indexes), 1)
    for i in indexes:
        out += number(i, 8) + number(len(encoded[i]), 3) + encoded[i]
    return out + b"".join(siblings(outbox_ids, count, indexes))


def main():
    messages = []
    for m in MESSAGES:
        fields = {k: text(v) if isinstance(v, bytes) else (v if isinstance(v, bool) else str(v)) for k, v in m.items()}
        messages.append({**fields, "encoded": text(encode(m)), "orderId": text(keccak256(encode(m)))})
    encoded = [encode(m) for m in MESSAGES]
    message_ids = [keccak256(e) for e in encoded]
    deliveries = [{"count": str(count), "indexes": [str(i) for i in indexes], "root": text(root(message_ids, count)),
                   "encoded": text(delivery(message_ids, encoded, count, indexes))}
                  for count, indexes in [(1, [0]), (5, [4]), (5, [0, 2, 4]), (5, [0, 1, 2, 3, 4])]]
    vectors = {
        "messages": messages,
        "invalidMessages": [{"name": name, "encoded": text(e), "error": error}
                            for name, e, error in invalid_messages()],
        "outbox": {"orderIds": [text(i) for i in IDS], "roots": [text(root(IDS, n)) for n in range(len(IDS) + 1)]},
        "proofs": [{"count": str(count), "indexes": [str(i) for i in indexes],
                    "siblings": text(b"".join(siblings(IDS, count, indexes)))} for count, indexes in PROOFS],
        "deliveries": deliveries,
    }
    path = pathlib.Path(__file__).with_name("message_vectors.json")
    path.write_text(json.dumps(vectors, indent=1) + "\n")


main()
