"""Which JSON values are allowed, when two values are equal, and which strings are never merged.

Patches, the Yjs writer and the Yjs guard all use these rules (rule P8 of SPEC.md):

- A number is a finite double. A whole number up to 2^53-1 is an `int`, any other is a `float`.
- An integer beyond 2^53-1 must not be written as digits: JSON readers disagree on its last digits.
- A key that names an object's prototype in a browser is not allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from collab.ids import MAX_SAFE_INTEGER, Json
from collab.patch.pointer import Tokens

# The most levels of objects and arrays in a value that a client sends.
MAX_DEPTH: Final = 64

# In a browser, an assignment to one of these keys can change the object's prototype.
FORBIDDEN_KEYS: Final = frozenset({"__proto__", "constructor", "prototype"})

_NUMBERS = (int, float)

# Takes the tokens of a string's location and the document. Returns whether the string is an atom:
# it is replaced as a whole and never merged. Ids and colours are atoms.
Atomic = Callable[[Tokens, Any], bool]


def is_exact(number: float) -> bool:
    """Whether every JSON reader reads the same integer: it is not beyond 2^53-1."""
    return -MAX_SAFE_INTEGER <= number <= MAX_SAFE_INTEGER


def is_finite(number: float) -> bool:
    """False for NaN and the infinities, which JSON cannot express."""
    return number - number == 0


def canonical_number(number: float) -> int | float | None:
    """The number as a document keeps it: 1.0 becomes 1, -0.0 becomes 0, NaN becomes None.

    An integer beyond 2^53-1 becomes the double that a browser reads: Yjs has one kind of number.
    When no finite double holds the number, the result is None.
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
    """The value without forbidden keys, and with canonical numbers."""
    if isinstance(value, dict):
        return {k: sanitized(inner) for k, inner in value.items() if k not in FORBIDDEN_KEYS}
    if isinstance(value, list):
        return [sanitized(inner) for inner in value]
    if type(value) is int or type(value) is float:
        return canonical_number(value)
    return value


def same(a: Any, b: Any) -> bool:
    """JSON equality (RFC 6902 section 4.6).

    `true` does not equal 1, and 1 equals 1.0. The order of keys does not matter.
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
    """Whether a string is an atom when no schema decides: its key is `id` or `type`."""
    return bool(tokens) and tokens[-1] in ("id", "type")
