"""What a JSON value may be, when two are equal, and which strings are never merged.

Patches, the Yjs writer and the Yjs guard all use this one list.

A number is a finite double. Integral doubles up to 2^53-1 are integers here, all others floats.
An integer that is written as digits must not be beyond 2^53-1: readers disagree on its last
digits. Keys that reach an object's prototype in a browser are no keys. (Rule P8 of SPEC.md.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from collab.ids import MAX_SAFE_INTEGER, Json
from collab.patch.pointer import Tokens

# How deep objects and arrays nest in a value that a client sends.
MAX_DEPTH: Final = 64

# Keys that reach an object's prototype in a browser that assigns them.
FORBIDDEN_KEYS: Final = frozenset({"__proto__", "constructor", "prototype"})

_NUMBERS = (int, float)

# Whether the string at a location of a document is an atom. Atoms are replaced as a whole and never
# merged, as ids and colours are.
Atomic = Callable[[Tokens, Any], bool]


def is_exact(number: float) -> bool:
    """Whether all readers agree on an integral number that is written as digits."""
    return -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER


def is_finite(number: float) -> bool:
    """False of NaN and the infinities, which JSON lacks."""
    return number - number == 0


def canonical_number(number: float) -> int | float | None:
    """The number as a document keeps it, so that 1.0 is 1 and -0.0 is 0; None for no number.

    An integer beyond 2^53-1 becomes the double that a browser reads: Yjs has one kind of number.
    """
    if type(number) is int:
        return number if is_exact(number) else canonical_number(_double(number))
    if number.is_integer() and is_exact(number):
        return int(number)
    return number if is_finite(number) else None


def _double(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf")


def sanitized(value: Json) -> Json:
    """The value without what it may not be: forbidden keys go, numbers become canonical."""
    if isinstance(value, dict):
        return {k: sanitized(inner) for k, inner in value.items() if k not in FORBIDDEN_KEYS}
    if isinstance(value, list):
        return [sanitized(inner) for inner in value]
    if type(value) is int or type(value) is float:
        return canonical_number(value)
    return value


def same(a: Any, b: Any) -> bool:
    """JSON equality: `true` is not 1, 1 is 1.0, the order of keys does not matter.

    RFC 6902 section 4.6.
    """
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return kind in _NUMBERS and type(b) in _NUMBERS and bool(a == b)
    if kind is dict:
        if len(a) != len(b):
            return False
        return all(key in b and same(item, b[key]) for key, item in a.items())
    if kind is list:
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def named_atomic(tokens: Tokens, document: Any) -> bool:
    """Where no schema says it, ids and types are."""
    return bool(tokens) and tokens[-1] in ("id", "type")
