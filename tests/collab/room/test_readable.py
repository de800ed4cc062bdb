"""Each accepted value can be saved, opened, cut, indexed, exported and edited."""

from __future__ import annotations

import pytest

from collab.errors import Code
from server.archives.archive import Archive, check
from tests.collab.room.readable import ReadableRoom, run

pytestmark = pytest.mark.thorough


def check_archive(made: ReadableRoom) -> None:
    """Check that an import accepts the room's export."""
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
def test_p8_every_accepted_value_is_readable(seed: int) -> None:
    made = run(seed, 40)
    check_archive(made)
    assert made.room.version > 20
    # The run also contains refused requests; otherwise it would not test the guard.
    assert Code.MALFORMED in made.refused or Code.INVALID_PATCH in made.refused
    made.close()


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_p8_every_accepted_value_is_readable_over_many_seeds(block: int) -> None:
    for seed in range(1_000 + 50 * block, 1_050 + 50 * block):
        made = run(seed, 60)
        check_archive(made)
        made.close()
