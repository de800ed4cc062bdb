"""Rows of a document's history. Edits of one user that follow each other are joined into a row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import UNSET, Struct, UnsetType

from collab.entry import Author, Kind, Summary, pointers_of
from collab.ports.publications import Publication, What
from collab.wire import rfc3339


class Step(Struct, frozen=True):
    """A user published a version, or took it down."""

    what: What
    by: Author
    at: str


class VersionRow(Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """One version, or all versions from `from` to `version`.

    `at` is the time of `version`, and `since` the time of `from`.
    """

    version: int
    by: Author
    at: str
    kind: Kind
    pointers: list[str]
    from_: int | UnsetType = UNSET
    since: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    published: bool = False
    publications: list[Step] = []


def version_rows(
    entries: Sequence[Summary],
    names: Mapping[int, str],
    *,
    gap_ms: int,
    published: int = 0,
    publications: Sequence[Publication] = (),
) -> list[VersionRow]:
    """Return ascending entries as rows, newest first.

    `gap_ms` is the longest time between two edits of one row. With 0 each version is a row.
    """
    steps: dict[int, list[Step]] = {}
    for each in publications:
        steps.setdefault(each.version, []).append(Step(each.what, each.by, rfc3339(each.at)))
    ends = {*names, *steps, published}
    runs: list[list[Summary]] = []
    for entry in entries:
        if runs and _continues(runs[-1][-1], entry, ends, gap_ms):
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return [_row(run, names, published, steps) for run in reversed(runs)]


def _continues(last: Summary, entry: Summary, ends: Collection[int], gap_ms: int) -> bool:
    """Whether an entry belongs to the same row as the entry before.

    A named or published version ends its row, because a user may want to restore it.
    """
    return (
        gap_ms > 0
        and last.kind == entry.kind == "edit"
        and last.author.user == entry.author.user
        and 0 <= entry.at - last.at <= gap_ms
        and last.version not in ends
    )


def _row(
    run: Sequence[Summary],
    names: Mapping[int, str],
    published: int,
    steps: Mapping[int, list[Step]],
) -> VersionRow:
    last = run[-1]
    return VersionRow(
        version=last.version,
        by=last.author,
        at=rfc3339(last.at),
        kind=last.kind,
        pointers=pointers_of(place for entry in run for place in entry.pointers),
        from_=run[0].version if len(run) > 1 else UNSET,
        since=rfc3339(run[0].at) if len(run) > 1 else UNSET,
        name=names.get(last.version, UNSET),
        published=last.version == published,
        publications=steps.get(last.version, []),
    )
