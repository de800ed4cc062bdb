"""What users can undo, saved beside snapshots: only the last two are kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete

from collab.entry import REPAIR
from collab.ids import DocKey
from collab.ports.store import Corrupt, SavedSteps
from storage.sql.checksum import Packed, unpack_steps
from storage.sql.entries import every_bare_entry
from storage.sql.rows import of
from storage.sql.saved import save_packed, saved_row, saved_versions
from storage.sql.schema import steps

# The newest may rot: then those before it stand in, with every entry since.
KEPT = 2


def save_steps(connection: Connection, key: DocKey, version: int, packed: Packed) -> None:
    """Save steps; all but those saved last before them go."""
    save_packed(connection, steps, key, version, packed)
    for gone in steps_versions(connection, key)[KEPT:]:
        connection.execute(delete(steps).where(of(steps, key), steps.c.version == gone))


def steps_versions(connection: Connection, key: DocKey) -> Sequence[int]:
    """The versions at which steps were saved, newest first."""
    return saved_versions(connection, steps, key)


def newest_sound_steps(connection: Connection, key: DocKey, upto: int) -> SavedSteps | None:
    """The newest sound steps, with the entries from there up to a version.

    None where some of these are missing. The document can be opened all the same, and what was
    done before cannot be undone.
    """
    for version in steps_versions(connection, key):
        body = read_steps(connection, key, version) if version <= upto else None
        if body is not None:
            return _with_entries(connection, key, SavedSteps(version, body), upto)
    return None


def read_steps(connection: Connection, key: DocKey, version: int) -> bytes | None:
    """The steps that were saved at exactly this version, if they are there and sound."""
    row = saved_row(connection, steps, key, version)
    return None if row is None else unpack_steps(key, row)


def _with_entries(
    connection: Connection, key: DocKey, saved: SavedSteps, upto: int
) -> SavedSteps | None:
    try:
        since = list(every_bare_entry(connection, key, saved.version, upto))
    except Corrupt:
        return None
    is_dense = [entry.version for entry in since] == list(range(saved.version + 1, upto + 1))
    if not is_dense or any(entry.kind == REPAIR for entry in since):
        return None
    return SavedSteps(saved.version, saved.body, since)
