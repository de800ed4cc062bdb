"""Labels: they tell which characters of a removed text an undo step names.

Labels are read before the removal, because pycrdt cannot find the characters of a removed text.
Steps name characters by their first ids (`collab/types/records.py`).
"""

from __future__ import annotations

from typing import Any

from collab.identity.characters import Characters, text_id
from collab.identity.identity_index import IdentityIndex
from collab.types.handles import Txn, get_or_none, is_array, is_map, is_text
from collab.types.layout import ARRAY, VALUE
from collab.types.records import Label, Path, RemovedText
from collab.yjs.spans import Id

NOWHERE = -1  # the offset of a character that was already deleted


def labels_between(
    characters: Characters, identity: IdentityIndex, start: int, end: int
) -> tuple[Label, ...]:
    """Return the labels of the units from `start` to `end`. Their offsets begin at `start`."""
    runs = characters.between(start, end)
    if not runs:
        return ()
    labels: tuple[Label, ...] = ()
    for at, part, _, _ in identity.named(runs):
        labels += ((at, *part),)
    return labels


def removed_text(
    characters: Characters, identity: IdentityIndex, own: Id, below: Path
) -> RemovedText:
    """Return the record of a text that is removed with its container.

    `below` is the text's path in the container. The first labels mark all characters that steps
    name as gone (`NOWHERE`). Later labels override them: they give the offset of each character
    that is still in the text.
    """
    named = identity.named_in(own)
    gone = [(NOWHERE, *run) for run in sorted(set(named))]
    found = labels_between(characters, identity, 0, characters.length) if named else ()
    return RemovedText(below, own, (*gone, *found))


def removed_texts(
    txn: Txn, held: Any, identity: IdentityIndex, path: Path
) -> tuple[RemovedText, ...]:
    """Return the texts in a value before its removal, if steps edited them. `path` is its path."""
    found: list[RemovedText] = []
    for text_path in identity.paths_under(path):
        below = text_path[len(path) :]
        text = plain_text(txn, reach(txn, held, below))
        if text is not None:
            own = identity.first_id(text_id(txn, text))
            characters = identity.characters(txn, text, own)
            found.append(removed_text(characters, identity, own, below))
    return tuple(found)


def plain_text(txn: Txn, text: Any) -> Any:
    """Return the text, or None when it has embedded objects, which its string does not show."""
    if text is None or text.len(txn) != len(text.get_string(txn).encode()):
        return None
    return text


def reach(txn: Txn, held: Any, path: Path) -> Any:
    """Return the text at a path, also inside hidden elements. None when there is no text."""
    held = reach_any(txn, held, path)
    return held if is_text(held) else None


def reach_any(txn: Txn, held: Any, path: Path) -> Any:
    """Return the value at a path, also inside hidden elements. None when there is no value."""
    is_element = True
    for step in path:
        held = _unwrapped(txn, held) if is_element else held
        if is_map(held) and isinstance(step, str):
            is_element = get_or_none(txn, held, ARRAY) is True
            held = get_or_none(txn, held, step)
        elif is_array(held) and isinstance(step, int) and step < held.len(txn):
            held = held.get(txn, step)
        else:
            return None
    return _unwrapped(txn, held) if is_element else held


def _unwrapped(txn: Txn, element: Any) -> Any:
    wrapped = is_map(element) and element.has(txn, VALUE)
    return get_or_none(txn, element, VALUE) if wrapped else element
