"""Uploaded pictures, from their bytes to what the server stores."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from collab.errors import Code, Refusal, Rejected
from server.assets import pictures as module
from server.assets import reading_process
from server.assets.pictures import PictureBounds, Pictures, Prepared
from tests.house import ROOT
from tests.patience import PATIENCE
from tests.server.assets.samples import (
    FORMATS,
    SECRET,
    animation,
    chunk,
    decode,
    encode,
    exif,
    photo,
    png,
    size_of,
    svg,
)

pytestmark = pytest.mark.thorough

PNG = encode(photo(), "PNG")
UNSOUND = "tests.server.assets.unsound_child"


@asynccontextmanager
async def opened(bounds: PictureBounds, processes: int = 1) -> AsyncIterator[Pictures]:
    found = Pictures(bounds, processes)
    try:
        yield found
    finally:
        await found.close()


@pytest.fixture
async def pictures() -> AsyncIterator[Pictures]:
    async with opened(PictureBounds(), 2) as found:
        yield found


@pytest.fixture
async def unsound(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pictures]:
    """Pictures whose process does what some bodies say. A busy machine does not end it."""
    monkeypatch.setattr(PictureBounds, "patience", PATIENCE)
    monkeypatch.setattr(reading_process, "_MODULE", UNSOUND)
    async with opened(PictureBounds(seconds=1.0)) as found:
        yield found


async def refusal_of(pictures: Pictures, body: bytes) -> Refusal:
    with pytest.raises(Rejected) as refused:
        await pictures.prepare(body)
    return refused.value.refusal


def processes() -> list[psutil.Process]:
    """Return the processes that read pictures for this one. Each forks one for a picture.

    This process may have other children, such as the browser of other tests.
    """
    return [each for each in psutil.Process().children() if _reads_pictures(each)]


def _reads_pictures(process: psutil.Process) -> bool:
    try:
        return any(part in (UNSOUND, "server.assets.child") for part in process.cmdline())
    except psutil.Error:  # it has ended
        return False


async def test_each_format_has_its_type_and_size(pictures: Pictures) -> None:
    for name in FORMATS:
        data = encode(photo(640, 400), name)
        found = await pictures.prepare(data)
        assert (found.type, found.width, found.height) == (f"image/{name.lower()}", 640, 400)
        assert found.content is data
    assert await pictures.prepare(svg()) == Prepared("image/svg+xml", 30, 20, svg())


async def test_copies_and_a_turned_picture_arrive_whole(pictures: Pictures) -> None:
    found = await pictures.prepare(encode(photo(2000, 3000), "JPEG", exif=exif(6), quality=98))
    assert (found.width, found.height) == size_of(found.content) == (3000, 2000)
    assert SECRET not in found.content
    assert [decode(copy).size for copy in found.widths.values()] == [
        *((1920, 1280), (960, 640), (480, 320))
    ]


async def test_another_file_is_refused_by_its_type(pictures: Pictures) -> None:
    for body in (b"", b"<!doctype html><p>Hello", b"hello", encode(photo(), "BMP")):
        assert (await refusal_of(pictures, body)).code is Code.UNSUPPORTED_MEDIA_TYPE


async def test_bombs_and_truncated_files_are_refused(pictures: Pictures) -> None:
    for body in (png(50_000, 50_000, pixels=b""), PNG[:-20], svg("<script/>")):
        assert (await refusal_of(pictures, body)).code is Code.INVALID_ASSET
    assert (await pictures.prepare(PNG)).width == 64
    assert len(processes()) == 1


@pytest.mark.real
async def test_the_limit_of_pixels_is_a_setting() -> None:
    async with opened(PictureBounds(pixels=64 * 48 - 1)) as small:
        assert "64 x 48 pixels" in (await refusal_of(small, PNG)).message


@pytest.mark.real
async def test_a_picture_of_many_megabytes_passes(pictures: Pictures) -> None:
    noise = encode(photo(1700, 1700), "PNG", compress_level=0)
    assert len(noise) > 8_000_000
    assert (await pictures.prepare(noise)).content is noise
    turned = encode(photo(1700, 1700), "PNG", compress_level=0, exif=exif(2))
    assert decode((await pictures.prepare(turned)).content).size == (1700, 1700)


@pytest.mark.real
async def test_no_process_runs_before_the_first_picture(pictures: Pictures) -> None:
    assert processes() == []
    await pictures.prepare(PNG)
    assert len(processes()) == 1
    await pictures.close()
    assert processes() == []


@pytest.mark.real
async def test_many_pictures_are_read_by_two_processes(pictures: Pictures) -> None:
    found = await asyncio.gather(*(pictures.prepare(PNG) for _ in range(20)))
    assert [each.width for each in found] == [64] * 20
    assert len(processes()) == 2


@pytest.mark.real
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"crash", "cannot be read"),
        (b"work forever", "longer than 1 s"),
        (b"nonsense", "cannot be read"),
        (b"a long header", "cannot be read"),
        (b"a long content", "cannot be read"),
        (b"a short content", "cannot be read"),
    ],
)
async def test_the_next_picture_is_read_after_a_failure(
    unsound: Pictures, body: bytes, reason: str
) -> None:
    failing = asyncio.create_task(refusal_of(unsound, body))
    others = await asyncio.gather(*(unsound.prepare(PNG) for _ in range(3)))
    assert [each.width for each in others] == [64, 64, 64]
    failed = await failing
    assert failed.code is Code.INVALID_ASSET
    assert reason in failed.message


@pytest.mark.real
async def test_a_process_that_waits_is_killed(
    unsound: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    await unsound.prepare(PNG)
    monkeypatch.setattr(PictureBounds, "patience", 0.2)
    assert "longer than 1 s" in (await refusal_of(unsound, b"wait forever")).message
    monkeypatch.setattr(PictureBounds, "patience", PATIENCE)
    assert (await unsound.prepare(PNG)).width == 64
    assert len(processes()) == 1


@pytest.mark.real
async def test_memory_beyond_the_limit_is_a_refusal(unsound: Pictures) -> None:
    assert "too much memory" in (await refusal_of(unsound, b"use all memory")).message
    assert "got 536870912" in (await refusal_of(unsound, b"use half a gigabyte")).message
    async with opened(PictureBounds(pixels=1000)) as small:
        assert "too much memory" in (await refusal_of(small, b"use half a gigabyte")).message


async def test_a_picture_reaches_nothing(unsound: Pictures) -> None:
    assert (await refusal_of(unsound, b"reach out")).message == "reached nothing"


@pytest.mark.real
async def test_a_picture_sees_no_setting_of_the_server(
    unsound: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_KEYS", "secret")
    names = (await refusal_of(unsound, b"environment")).message.split()
    assert set(names) <= {"LC_CTYPE", "MALLOC_ARENA_MAX", "PYTHONPATH"}


@pytest.mark.real
async def test_a_dead_idle_process_is_replaced(pictures: Pictures) -> None:
    await pictures.prepare(PNG)
    (first,) = processes()
    first.kill()
    assert (await pictures.prepare(PNG)).width == 64
    (second,) = processes()
    assert second.pid != first.pid


@pytest.mark.real
async def test_too_many_waiting_uploads_are_refused(
    unsound: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    tasks = [asyncio.create_task(unsound.prepare(body)) for body in (b"wait forever", PNG)]
    await asyncio.sleep(0)
    refusal = await refusal_of(unsound, PNG)
    assert (refusal.code, refusal.extra["retry_after_ms"]) == (Code.RATE_LIMITED, 2_000)
    tasks[0].cancel()
    assert (await tasks[1]).width == 64
    assert (await unsound.prepare(PNG)).width == 64


async def until_it_reads_nothing(process: psutil.Process) -> None:
    """Wait until the process of the last picture has ended, which may be after its answer."""
    async with asyncio.timeout(PATIENCE):
        while process.children():
            await asyncio.sleep(0)


@pytest.mark.real
async def test_a_canceled_upload_ends_its_process(unsound: Pictures) -> None:
    await unsound.prepare(PNG)
    (process,) = processes()
    await until_it_reads_nothing(process)
    task = asyncio.create_task(unsound.prepare(b"wait forever"))
    while not (forked := process.children()):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert psutil.wait_procs([process, *forked], timeout=PATIENCE)[1] == []
    assert (await unsound.prepare(PNG)).width == 64


@pytest.mark.real
async def test_closing_ends_the_process_of_a_picture(unsound: Pictures) -> None:
    await unsound.prepare(PNG)
    (process,) = processes()
    await until_it_reads_nothing(process)
    task = asyncio.create_task(unsound.prepare(b"wait forever"))
    while not process.children():
        await asyncio.sleep(0)
    await unsound.close()
    with pytest.raises(Rejected):
        await task
    assert processes() == []
    assert (await refusal_of(unsound, PNG)).code is Code.RATE_LIMITED


@pytest.mark.real
async def test_a_process_that_does_not_start_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading_process, "_MODULE", "tests.server.assets.no_such_module")
    async with opened(PictureBounds()) as found:
        assert (await refusal_of(found, PNG)).code is Code.RATE_LIMITED
    assert "does not start" in caplog.text


PARENT = f"""
import asyncio
from server.assets import reading_process
from server.assets.pictures import PictureBounds, Pictures
reading_process._MODULE = {UNSOUND!r}
async def main():
    pictures = Pictures(PictureBounds(seconds=60))
    await pictures.prepare({svg()!r})
    task = asyncio.create_task(pictures.prepare(b"wait forever"))
    print("ready", flush=True)
    await task
asyncio.run(main())
"""


@pytest.mark.real
def test_no_process_survives_a_killed_server() -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert server.stdout is not None
    with server, server.stdout:
        assert server.stdout.readline() == b"ready\n"
        children = psutil.Process(server.pid).children(recursive=True)
        server.send_signal(signal.SIGKILL)
    assert children != []
    assert psutil.wait_procs(children, timeout=PATIENCE)[1] == []


# --- mutated files --------------------------------------------------------------------------


def originals() -> list[bytes]:
    image = photo(120, 90)
    extra = {"exif": exif(6), "icc_profile": b"profile" * 40}
    return [
        *(encode(image, name, **extra) for name in ("PNG", "JPEG", "WEBP", "AVIF")),
        *(animation(name, 3) for name in ("PNG", "GIF", "WEBP", "AVIF")),
        encode(image, "JPEG", progressive=True, subsampling=0),
        encode(image.convert("P"), "PNG"),
        encode(image.convert("RGBA"), "WEBP", lossless=True),
        svg("<g id='a'><rect fill='url(#b)'/></g><use href='#a'/><style>a{fill:red}</style>"),
    ]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return the file with some bytes changed, removed, repeated, or with its end missing."""
    body = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(min(len(body), chance.choice((64, 400, len(body), len(body)))) or 1)
        match chance.choice((0, 0, 0, 1, 2, 3, 4, 5)):
            case 0:
                body[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                body[at : at + 4] = chance.choice((bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff"))
            case 2:
                del body[at : at + chance.randint(1, 40)]
            case 3:
                body[at:at] = body[at : at + chance.randint(1, 200)]
            case 4:
                body[at:at] = chance.randbytes(chance.randint(1, 30))
            case 5 if chance.randrange(4) == 0:
                del body[at:]
        if not body:
            break
    return with_checksums(bytes(body)) if chance.randrange(2) else bytes(body)


def with_checksums(data: bytes) -> bytes:
    """Return a PNG with right checksums, so that its damage reaches the decoder."""
    parts, at = [data[:8]], 8
    while data.startswith(b"\x89PNG") and at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data):
            break
        parts.append(chunk(data[at + 4 : at + 8], data[at + 8 : end - 4]))
        at = end
    return b"".join([*parts, data[max(at, 8) :]])


async def check_mutated(pictures: Pictures, data: bytes) -> bool:
    """Return whether the file was accepted. Each refusal has a code, a sentence, and no crash."""
    try:
        found = await pictures.prepare(data)
    except Rejected as rejected:
        if rejected.refusal.code not in {Code.INVALID_ASSET, Code.UNSUPPORTED_MEDIA_TYPE}:
            raise
        return False
    if found.type == "image/svg+xml":
        return True
    assert found.width * found.height <= 50_000_000
    sides = size_of(found.content)
    if found.type == "image/avif":
        sides = (max(sides), min(sides))
        assert sides == (max(found.width, found.height), min(found.width, found.height))
    else:
        assert sides == (found.width, found.height)
    return True


async def mutate(pictures: Pictures, count: int, seed: int) -> int:
    """Send mutated files; return how many were accepted."""
    chance = random.Random(seed)
    files = originals()
    accepted = 0
    for _ in range(count):
        accepted += await check_mutated(pictures, mutated(chance.choice(files), chance))
    return accepted


async def test_mutated_files_are_read_or_refused(pictures: Pictures) -> None:
    assert 0 < await mutate(pictures, 200, seed=1) < 200
    assert (await pictures.prepare(PNG)).width == 64


@pytest.mark.long
async def test_10_000_mutated_files_are_read_or_refused(pictures: Pictures) -> None:
    accepted = await mutate(pictures, 10_000, seed=2)
    print(f"{accepted} of 10000 mutated files were accepted")
    assert 0 < accepted < 10_000
    assert (await pictures.prepare(PNG)).width == 64
