"""RFC 6455 as tables: the bytes that a client sends, and the answer that it must get."""

from __future__ import annotations

from dataclasses import dataclass

from tests.server.http1.raw_client import BINARY, CLOSE, PING, PONG, TEXT, Received, close, frame

CONT = 0
MAX_MESSAGE = 200_000  # the limit of the server under test
OPEN = 0  # a case's `code` when the connection is still open afterwards


@dataclass(frozen=True, slots=True)
class Case:
    """The answer to `sent` is `echoed`, then a close with `code`; with `OPEN` there is no close."""

    name: str
    sent: bytes
    echoed: tuple[Received, ...] = ()
    code: int = OPEN


def text(payload: bytes) -> Received:
    return Received(TEXT, payload)


def binary(payload: bytes) -> Received:
    return Received(BINARY, payload)


def pong(payload: bytes) -> Received:
    return Received(PONG, payload)


def fragments(opcode: int, *parts: bytes) -> bytes:
    """Return one message in frames with these payloads."""
    last = len(parts) - 1
    return b"".join(
        frame(CONT if i else opcode, part, fin=i == last) for i, part in enumerate(parts)
    )


HELLO = frame(TEXT, b"hello")
SIZES = (0, 1, 2, 124, 125, 126, 127, 128, 65535, 65536, 65537, MAX_MESSAGE)

FRAMING = [
    case
    for size in SIZES
    for case in (
        Case(f"1.1 text of {size} bytes", frame(TEXT, b"*" * size), (text(b"*" * size),)),
        Case(
            f"1.2 binary of {size} bytes", frame(BINARY, b"\xfe" * size), (binary(b"\xfe" * size),)
        ),
    )
] + [
    Case("1.3 text after binary", frame(BINARY, b"\0") + HELLO, (binary(b"\0"), text(b"hello"))),
    Case("1.4 thirty messages in one write", HELLO * 30, (text(b"hello"),) * 30),
    Case("1.5 length in two bytes, though short", frame(TEXT, b"a", width=2), (text(b"a"),)),
    Case("1.6 length in eight bytes, though short", frame(TEXT, b"a", width=8), (text(b"a"),)),
    Case("1.7 unmasked text", frame(TEXT, b"a", masked=False), code=1002),
    Case("1.8 unmasked ping", frame(PING, masked=False), code=1002),
    Case("1.9 unmasked close", frame(CLOSE, b"\x03\xe8", masked=False), code=1002),
    Case("1.10 one byte too long", frame(TEXT, b"*" * (MAX_MESSAGE + 1)), code=1009),
    Case("1.11 a length of 2^63", b"\x82\xff" + b"\x80" + bytes(7) + b"mask", code=1009),
    Case("1.12 a length of 2^63-1", b"\x82\xff\x7f" + b"\xff" * 7 + b"mask", code=1009),
    Case(
        "1.13 fragments that are too long together",
        fragments(BINARY, b"*" * (MAX_MESSAGE - 1), b"**"),
        code=1009,
    ),
    Case(
        "1.14 fragments that just fit",
        fragments(BINARY, b"*" * (MAX_MESSAGE - 1), b"*"),
        (binary(b"*" * MAX_MESSAGE),),
    ),
]

PINGS = [
    Case("2.1 ping", frame(PING), (pong(b""),)),
    Case("2.2 ping with payload", frame(PING, b"hello"), (pong(b"hello"),)),
    Case("2.3 ping with bytes that are no text", frame(PING, b"\0\xff"), (pong(b"\0\xff"),)),
    Case("2.4 longest ping", frame(PING, b"*" * 125), (pong(b"*" * 125),)),
    Case("2.5 ping too long", frame(PING, b"*" * 126), code=1002),
    Case("2.6 pong too long", frame(PONG, b"*" * 126), code=1002),
    Case("2.7 unsolicited pong", frame(PONG)),
    Case("2.8 unsolicited pong with payload", frame(PONG, b"hello")),
    Case("2.9 unsolicited pong, ping", frame(PONG, b"x") + frame(PING, b"y"), (pong(b"y"),)),
    Case(
        "2.10 ten pings",
        b"".join(frame(PING, b"%d" % i) for i in range(10)),
        tuple(pong(b"%d" % i) for i in range(10)),
    ),
    Case(
        "2.11 as many pings as the burst",
        frame(PING) * 20,
        (pong(b""),) * 20,
    ),
    Case("2.12 ping, message, ping", frame(PING) + HELLO + frame(PING),
         (pong(b""), text(b"hello"), pong(b""))),
]  # fmt: skip

RESERVED_BITS = [
    Case(f"3.{rsv} bits {rsv:03b} on opcode {opcode}",
         HELLO + frame(opcode, b"\x03\xe8", rsv=rsv), (text(b"hello"),), 1002)
    for rsv in range(1, 8)
    for opcode in (TEXT, BINARY, PING, CLOSE)
]  # fmt: skip

OPCODES = [
    Case(f"4.{opcode} reserved opcode {'with' if payload else 'without'} payload",
         HELLO + frame(opcode, payload) + frame(PING), (text(b"hello"),), 1002)
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    for payload in (b"", b"hello")
]  # fmt: skip

FRAGMENTS = [
    Case("5.1 fragmented ping", frame(PING, b"a", fin=False) + frame(CONT, b"b"), code=1002),
    Case("5.2 fragmented pong", frame(PONG, b"a", fin=False) + frame(CONT, b"b"), code=1002),
    Case("5.3 fragmented close", frame(CLOSE, b"\x03", fin=False), code=1002),
    Case("5.4 text in two", fragments(TEXT, b"hel", b"lo"), (text(b"hello"),)),
    Case("5.5 binary in three", fragments(BINARY, b"a", b"b", b"c"), (binary(b"abc"),)),
    Case("5.6 empty first fragment", fragments(TEXT, b"", b"a"), (text(b"a"),)),
    Case("5.7 empty last fragment", fragments(TEXT, b"a", b""), (text(b"a"),)),
    Case("5.8 only empty fragments", fragments(TEXT, b"", b"", b""), (text(b""),)),
    Case("5.9 ping between fragments",
         frame(TEXT, b"hel", fin=False) + frame(PING, b"p") + frame(CONT, b"lo"),
         (pong(b"p"), text(b"hello"))),
    Case("5.10 pong between fragments",
         frame(TEXT, b"hel", fin=False) + frame(PONG, b"p") + frame(CONT, b"lo"),
         (text(b"hello"),)),
    Case("5.11 last fragment without a first", frame(CONT, b"a"), code=1002),
    Case("5.12 fragment without a first", frame(CONT, b"a", fin=False), code=1002),
    Case("5.13 fragment after a whole message", HELLO + frame(CONT, b"a"),
         (text(b"hello"),), 1002),
    Case("5.14 message inside of a message", frame(TEXT, b"a", fin=False) + HELLO, code=1002),
    Case("5.15 fragments inside of a message",
         frame(TEXT, b"a", fin=False) + frame(BINARY, b"b", fin=False), code=1002),
    Case("5.16 as many fragments as allowed", fragments(TEXT, *[b"a"] * 64), (text(b"a" * 64),)),
    Case("5.17 one fragment more", fragments(TEXT, *[b"a"] * 65), code=1008),
    Case("5.18 a flood of empty fragments",
         frame(TEXT, fin=False) + frame(CONT, fin=False) * 5000, code=1008),
    Case("5.19 two fragmented messages", fragments(TEXT, b"a", b"b") * 2, (text(b"ab"),) * 2),
    Case("5.20 close between fragments", frame(TEXT, b"a", fin=False) + close(1000), code=1000),
]  # fmt: skip

VALID_TEXT = {
    "ascii": b"hello",
    "two bytes": "κόσμε".encode(),
    "three bytes": "日本語".encode(),
    "four bytes": "🎉😀".encode(),
    "nul": b"\0",
    "first of two": b"\xc2\x80",
    "last of two": b"\xdf\xbf",
    "first of three": b"\xe0\xa0\x80",
    "last before surrogates": b"\xed\x9f\xbf",
    "first after surrogates": b"\xee\x80\x80",
    "noncharacter": b"\xef\xbf\xbf",
    "first of four": b"\xf0\x90\x80\x80",
    "last": b"\xf4\x8f\xbf\xbf",
    "byte order mark": b"\xef\xbb\xbfa",
}
INVALID_TEXT = {
    "a lone continuation": b"\x80",
    "continuations": b"\xbf\xbf\xbf",
    "ff": b"\xff",
    "fe": b"a\xfe",
    "cut two": b"\xc3",
    "cut three": b"\xe2\x82",
    "cut four": b"\xf0\x9f\x8e",
    "cut in the middle": b"\xe2\x82a",
    "overlong slash in two": b"\xc0\xaf",
    "overlong slash in three": b"\xe0\x80\xaf",
    "overlong slash in four": b"\xf0\x80\x80\xaf",
    "overlong nul": b"\xc0\x80",
    "high surrogate": b"\xed\xa0\x80",
    "low surrogate": b"\xed\xb0\x80",
    "surrogate pair": b"\xed\xa0\x80\xed\xb0\x80",
    "above unicode": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "six bytes": b"\xfc\x84\x80\x80\x80\x80",
    "latin-1": "é".encode("latin-1"),
}
UTF8 = [
    case
    for name, sample in VALID_TEXT.items()
    for case in (
        Case(f"6.1 {name}", frame(TEXT, sample), (text(sample),)),
        Case(f"6.2 {name}, a byte a fragment",
             fragments(TEXT, *[sample[i : i + 1] for i in range(len(sample))]), (text(sample),)),
    )
] + [
    case
    for name, sample in INVALID_TEXT.items()
    for case in (
        Case(f"6.3 {name}", frame(TEXT, b"ok" + sample), code=1007),
        Case(f"6.4 {name}, in fragments", fragments(TEXT, sample[:1], sample[1:]), code=1007),
        Case(f"6.5 {name} is fine as binary", frame(BINARY, sample), (binary(sample),)),
    )
]  # fmt: skip

CLOSES = [
    Case("7.1 close without a code", close(), code=1005),
    Case("7.2 close with half a code", frame(CLOSE, b"\x03"), code=1002),
    Case("7.3 close with a reason", close(1000, b"bye"), code=1000),
    Case("7.4 close with the longest reason", close(1000, b"*" * 123), code=1000),
    Case("7.5 close with a reason too long", close(1000, b"*" * 124), code=1002),
    Case("7.6 close with a reason that is no text", close(1000, b"\xff"), code=1007),
    Case("7.7 message after the close", close(1000) + HELLO, code=1000),
    Case("7.8 ping after the close", close(1000) + frame(PING), code=1000),
    Case("7.9 garbage after the close", close(1000) + b"\xff" * 50, code=1000),
    Case("7.10 two closes", close(1000) + close(1001), code=1000),
    Case("7.11 message, close", HELLO + close(1000), (text(b"hello"),), 1000),
] + [
    Case(f"7.12 close code {code}", close(code), code=code)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000,
                 3999, 4000, 4400, 4999)
] + [
    Case(f"7.13 close code {code} is not for the wire", close(code), code=1002)
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
]  # fmt: skip

FLOODS = [
    Case("8.1 more pings than the burst", frame(PING) * 21, (pong(b""),) * 20, 1008),
    Case("8.2 more pongs than the burst", frame(PONG) * 21, code=1008),
    Case("8.3 a flood of pings", frame(PING) * 5000, (pong(b""),) * 20, 1008),
    Case("8.4 a flood of pings between fragments",
         frame(TEXT, b"a", fin=False) + frame(PING) * 5000, (pong(b""),) * 20, 1008),
    Case("8.5 a flood of messages is not limited by the reader",
         HELLO * 500, (text(b"hello"),) * 500),
]  # fmt: skip

CASES = [
    *FRAMING, *PINGS, *RESERVED_BITS, *OPCODES, *FRAGMENTS, *UTF8, *CLOSES, *FLOODS,
]  # fmt: skip
