"""Whatever a lane accepts can be saved, opened, cut, indexed, exported and edited."""

from __future__ import annotations

import pytest

from collab.errors import Code
from server.archives.archive import Archive, check
from tests.collab.room.readable import ReadableRoom, run

pytestmark = pytest.mark.thorough


def check_archive(made: ReadableRoom) -> None:
    """What the export of this room gives, an import takes."""
    archive = Archive(
        format="weft-archive/1",
        doc="page",
        epoch=1,
        version=made.room.version,
        exported_at="2026-03-01T12:00:00Z",
        value=made.room.value,
        schema=None,
        names=[],
        entries=made.entries,
    )
    check(archive, 1)


@pytest.mark.parametrize("seed", range(8))
def test_p8_whatever_is_accepted_is_readable(seed: int) -> None:
    made = run(seed, 40)
    check_archive(made)
    assert made.room.version > 20
    # The guard is asked about what it refuses too, or the test would say nothing of it.
    assert Code.MALFORMED in made.refused or Code.INVALID_PATCH in made.refused
    made.close()


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_p8_whatever_is_accepted_is_readable_at_length(block: int) -> None:
    for seed in range(1_000 + 50 * block, 1_050 + 50 * block):
        made = run(seed, 60)
        check_archive(made)
        made.close()
