"""The ids of the characters that an update inserts, by text.

Such ids could also be read from the text, but that takes about 2 µs for each of its characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from collab.yjs.contents import STRING
from collab.yjs.lists import TAKES_TEXT, UNKNOWN, StructPlace, list_id
from collab.yjs.spans import Id, Run
from collab.yjs.update import Struct

# For each text, the runs of its new characters that the update has not deleted again, in the order
# of the text. Each run directly follows the run before it. A text with new characters in several
# places has no runs. The key is the list of the text (`StructPlace.list`), or that of `UNKNOWN`.
NewStrings: TypeAlias = Mapping[int, Sequence[Run]]


def new_strings(
    structs: Iterable[tuple[int, Struct]],
    known: Mapping[int, int],
    places: Sequence[StructPlace] | None = None,
) -> NewStrings:
    """Return the new strings of an update, whose structs come with their clients.

    `known` is the document's state vector before the update. Without `places`, there is a result
    only for an update that inserts in one place.

    yrs puts a struct directly behind its origin, if the origin is new and no other new struct has
    the same origin. So two strings are one piece of text when the second has the end of the first
    as its origin.
    """
    found: dict[int, list[Run]] = {}
    for number, (client, struct) in enumerate(structs):
        clock = max(struct.clock, known.get(client, 0))
        if struct.kind != STRING or struct.end <= clock:
            continue
        where = UNKNOWN.list if places is None else places[number].list
        runs = found.get(where)
        if runs is None:
            found[where] = [(client, clock, struct.end - clock)]
        elif runs and struct.origin == _last(runs[-1]):
            if runs[-1][0] == client and sum(runs[-1][1:]) == clock:
                clock = runs.pop()[1]
            runs.append((client, clock, struct.end - clock))
        else:
            runs.clear()
    return found


def _last(run: Run) -> Id:
    return run[0], run[1] + run[2] - 1


def runs_in(strings: NewStrings, text: Id) -> Sequence[Run]:
    """Return the runs of new characters in a text; none when they are not known.

    When all new characters are in one text, that is the text that has got some.
    """
    if len(strings) == 1:
        return next(iter(strings.values()))
    return strings.get(list_id(text) | TAKES_TEXT, ())
