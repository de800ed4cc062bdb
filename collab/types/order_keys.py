"""Fractional order keys: strings that elements are sorted by, so that a move is one write.

The format is that of the npm package `fractional-indexing` (base 62), so a Yjs client may use that
package. A key has an integer part and a fraction. The integer part begins with a head letter, which
gives the length of this part. Each appended key counts up in the integer part. So after a thousand
appends the keys still have three characters.
"""

from __future__ import annotations

import re

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)
ZERO = DIGITS[0]
SMALLEST = "A" + ZERO * 26
FIRST = "a0"
MAX_LENGTH = 512  # a longer key in a document is invalid
REBALANCE_LENGTH = 60  # when a new key would be longer, its neighbours get new keys too

_VALUE = {digit: value for value, digit in enumerate(DIGITS)}
_IS_DIGITS = re.compile("[0-9A-Za-z]+").fullmatch
# `step_up` and `step_down` choose a digit count that leaves at least this many keys in the gap.
_ROOM = BASE**2


def is_order_key(key: object) -> bool:
    """Whether `key` is a valid order key, which `between` accepts."""
    if not isinstance(key, str) or not 2 <= len(key) <= MAX_LENGTH:
        return False
    width = _width(key[0])
    if not width or len(key) < width or key == SMALLEST:
        return False
    if len(key) > width and key[-1] == ZERO:
        return False
    return _IS_DIGITS(key) is not None


def between(low: str | None, high: str | None) -> str:
    """Return a key strictly between two keys. None is the open end. `low` must be below `high`."""
    if low is None:
        return FIRST if high is None else _before(high)
    if high is None:
        return _after(low)
    whole_low, whole_high = _whole(low), _whole(high)
    fraction = low[len(whole_low) :]
    if whole_low == whole_high:
        return whole_low + _middle(fraction, high[len(whole_high) :])
    following = _increment(whole_low)
    if following is not None and following < high:
        return following
    return whole_low + _middle(fraction, None)


def step_up(low: str, high: str) -> str:
    """Return a key between `low` and `high` that is just above `low`.

    When each new element is added right after the newest element, the keys of this function stay
    short. With `between`, each new key would halve the rest of the gap. Then the keys would grow by
    a character every six keys.
    """
    whole, whole_high = _whole(low), _whole(high)
    following = _increment(whole)
    if whole == whole_high:
        return whole + _step(low[len(whole) :], high[len(whole) :], up=True)
    if following is not None and following < high:
        return following
    return whole + _step(low[len(whole) :], None, up=True)


def step_down(low: str, high: str) -> str:
    """Return a key just below `high`.

    When each new element is added right before the newest element, the keys stay short.
    """
    whole, whole_high = _whole(low), _whole(high)
    if whole == whole_high:
        return whole + _step(low[len(whole) :], high[len(whole) :], up=False)
    if whole_high < high:
        return whole_high
    smaller = _decrement(whole_high)
    if smaller is not None and smaller > low:
        return smaller
    return whole + _step(low[len(whole) :], None, up=False)


def spread(low: str | None, high: str | None, count: int) -> list[str]:
    """Return `count` ascending keys strictly between two keys, kept short by halving the gap."""
    if count <= 0:
        return []
    if high is None:
        return _count_up(low, count)
    middle = between(low, high)
    left = spread(low, middle, count // 2)
    return [*left, middle, *spread(middle, high, count - len(left) - 1)]


def _count_up(low: str | None, count: int) -> list[str]:
    """Return `count` keys above `low`, by counting in the integer part."""
    keys: list[str] = []
    while len(keys) < count:
        low = between(low, None)
        keys.append(low)
        if len(low) == _width(low[0]):
            # Up to the next carry, the following keys differ in the last digit only.
            more = DIGITS[_VALUE[low[-1]] + 1 :][: count - len(keys)]
            keys += [low[:-1] + digit for digit in more]
            low = keys[-1]
    return keys


def _width(head: str) -> int:
    """Return the length of the integer part, with its head. 0 when `head` is no head letter."""
    if "a" <= head <= "z":
        return ord(head) - ord("a") + 2
    if "A" <= head <= "Z":
        return ord("Z") - ord(head) + 2
    return 0


def _whole(key: str) -> str:
    return key[: _width(key[0])]


def _before(key: str) -> str:
    whole = _whole(key)
    if whole == SMALLEST:
        return whole + _middle("", key[len(whole) :])
    if whole < key:
        return whole
    smaller = _decrement(whole)
    if smaller is None or smaller == SMALLEST:
        return SMALLEST + _middle("", None)
    return smaller


def _after(key: str) -> str:
    whole = _whole(key)
    following = _increment(whole)
    return whole + _middle(key[len(whole) :], None) if following is None else following


def _middle(low: str, high: str | None) -> str:
    """Return a fraction strictly between two fractions. When `high` is None, it stands for 1."""
    if high is not None:
        shared = 0
        while shared < len(high) and (low[shared] if shared < len(low) else ZERO) == high[shared]:
            shared += 1
        if shared:
            return high[:shared] + _middle(low[shared:], high[shared:])
    first = _VALUE[low[0]] if low else 0
    last = _VALUE[high[0]] if high else BASE
    if last - first > 1:
        return DIGITS[(first + last + 1) // 2]
    if high is not None and len(high) > 1:
        return high[0]
    return DIGITS[first] + _middle(low[1:], None)


def _step(low: str, high: str | None, *, up: bool) -> str:
    """Return a fraction just above `low`, or just below `high`. `high` None stands for 1.

    The fraction has as few digits as possible, but enough for `_ROOM` fractions between `low` and
    `high`.
    """
    shared = 0
    if high is not None:
        while shared < len(high) and (low[shared] if shared < len(low) else ZERO) == high[shared]:
            shared += 1
    prefix = low[:shared] + ZERO * (shared - len(low))
    first, last, depth = 0, 0 if high is not None else 1, shared
    while last - first < _ROOM:
        first = first * BASE + (_VALUE[low[depth]] if depth < len(low) else 0)
        last = last * BASE + (_VALUE[high[depth]] if high and depth < len(high) else 0)
        depth += 1
    value = first + 1 if up else last - 1
    if value % BASE == 0:  # a fraction never ends in a zero
        value += 1 if up else -1
    digits = ""
    for _ in range(depth - shared):
        value, digit = divmod(value, BASE)
        digits = DIGITS[digit] + digits
    return prefix + digits


def _increment(whole: str) -> str | None:
    head, digits = whole[0], list(whole[1:])
    for place in range(len(digits) - 1, -1, -1):
        value = _VALUE[digits[place]] + 1
        if value < BASE:
            digits[place] = DIGITS[value]
            return head + "".join(digits)
        digits[place] = ZERO
    if head == "z":
        return None
    if head == "Z":
        return "a" + ZERO
    return _resized(chr(ord(head) + 1), ZERO)


def _decrement(whole: str) -> str | None:
    head, digits = whole[0], list(whole[1:])
    for place in range(len(digits) - 1, -1, -1):
        value = _VALUE[digits[place]] - 1
        if value >= 0:
            digits[place] = DIGITS[value]
            return head + "".join(digits)
        digits[place] = DIGITS[-1]
    if head == "A":
        return None
    if head == "a":
        return "Z" + DIGITS[-1]
    return _resized(chr(ord(head) - 1), DIGITS[-1])


def _resized(head: str, digit: str) -> str:
    return head + digit * (_width(head) - 1)
