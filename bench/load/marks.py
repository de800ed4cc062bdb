"""A mark is the text of one edit: who made it, its number, and when.

Peers find it in what they receive, on both lanes, and measure how long it took. The last check
finds every mark again.
"""

from __future__ import annotations

import re

# A mark has the time modulo this many milliseconds, about 16 hours, in five digits.
DAY = 36**5
_MARK = re.compile(r"~([0-9a-z-]+)\.([0-9a-z]+):([0-9a-z]+);")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def mark(name: str, number: int, now_ms: float) -> str:
    return f"~{name}.{base36(number)}:{base36(int(now_ms) % DAY)};"


def base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def numbers_in(text: str, name: str) -> list[int]:
    """Return the numbers of a client's marks, in their order."""
    return [int(number, 36) for owner, number, _ in _MARK.findall(text) if owner == name]


class Sight:
    """What one client has seen of the others. `missed` counts the marks that never came."""

    def __init__(self, own: str) -> None:
        self.missed = 0
        self._own = own
        self._newest: dict[str, int] = {}

    def begin(self, text: str) -> None:
        """Remember what was there before this client came."""
        for name, number, _ in _MARK.findall(text):
            self._newest[name] = max(int(number, 36), self._newest.get(name, -1))

    def copy(self) -> Sight:
        """Return what this client has seen until now."""
        made = Sight(self._own)
        made._newest = dict(self._newest)
        return made

    def unseen(self, text: str) -> int:
        """Return how many marks of others a text has that this client has not seen."""
        return self._of(text)._missing(self)

    def vanished(self, text: str) -> int:
        """Return how many marks this client has seen that a text does not have."""
        return self._missing(self._of(text))

    def _of(self, text: str) -> Sight:
        there = Sight(self._own)
        there.begin(text)
        return there

    def _missing(self, other: Sight) -> int:
        """Return how many marks of others another one has not seen."""
        counts = (
            number - other._newest.get(name, -1)
            for name, number in self._newest.items()
            if name != self._own
        )
        return sum(count for count in counts if count > 0)

    def look(self, text: str, now_ms: float) -> list[int]:
        """Return the milliseconds that each new mark of a text took."""
        took = []
        for name, number, at in _MARK.findall(text):
            newest, seen = self._newest.get(name, -1), int(number, 36)
            if name == self._own or seen <= newest:
                continue
            self.missed += seen - newest - 1
            self._newest[name] = seen
            took.append((int(now_ms) - int(at, 36)) % DAY)
        return took
