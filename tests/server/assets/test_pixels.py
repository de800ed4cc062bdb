"""Decoding with Pillow: whole files, turned pictures, and smaller copies."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

from collab.errors import Code, Rejected
from server.assets import pixels
from server.assets.exchange import Prepared
from server.assets.formats.detection import read_picture_file
from server.assets.pixels import prepare_pixels, set_limits
from tests.server.assets.samples import SECRET, animation, decode, encode, exif, photo, size_of

pytestmark = pytest.mark.thorough

STILL = ("PNG", "JPEG", "WEBP", "AVIF")


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    set_limits(50_000_000)


def prepared(data: bytes) -> Prepared:
    return prepare_pixels(read_picture_file(data))


def difference(first: Image.Image, second: Image.Image) -> float:
    """Return the mean difference of two pictures, of 255."""
    assert first.size == second.size
    mean = ImageStat.Stat(ImageChops.difference(first.convert("RGB"), second.convert("RGB"))).mean
    return sum(mean) / 3


def noise(width: int, height: int) -> Image.Image:
    """Return a picture that no format compresses well, so that all copies are smaller."""
    rough = Image.effect_noise((width // 4 + 1, height // 4 + 1), 90).resize((width, height))
    return Image.merge("RGB", (rough, rough, rough))


@pytest.mark.parametrize("name", STILL)
def test_copies_have_the_widths_below_that_of_the_picture(name: str) -> None:
    image = noise(1000, 600)
    options = {"speed": 10} if name == "AVIF" else {}
    found = prepared(encode(image, name, quality=95, **options))
    assert sorted(found.widths) == [480, 960]
    for width, copy in found.widths.items():
        shown = decode(copy)
        assert (shown.format, shown.size) == ("WEBP", (width, width * 6 // 10))
        assert difference(shown, image.resize(shown.size, Image.Resampling.LANCZOS)) < 12


def test_a_picture_of_480_pixels_has_no_copy() -> None:
    assert prepared(encode(noise(480, 100), "PNG")).widths == {}
    assert [*prepared(encode(noise(481, 100), "PNG")).widths] == [480]


def test_a_copy_that_is_larger_than_the_picture_is_left_out() -> None:
    gray = Image.effect_noise((500, 400), 90)
    two_colors = gray.convert("1")
    data = encode(two_colors, "PNG")
    assert prepared(data).widths == {}


def test_a_very_high_picture_has_only_the_copies_that_webp_can_hold() -> None:
    assert [*prepared(encode(noise(500, 20_000), "JPEG", quality=95)).widths] == []


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("name", STILL)
def test_an_orientation_is_applied_to_the_pixels(name: str, orientation: int) -> None:
    image = photo(640, 400)
    options: dict[str, Any] = {"speed": 10} if name == "AVIF" else {}
    data = encode(image, name, quality=90, exif=exif(orientation), **options)
    upright = ImageOps.exif_transpose(decode(data))
    found = prepared(data)
    assert (found.width, found.height) == upright.size
    assert SECRET not in found.content
    if name != "AVIF":  # an AVIF keeps the properties that turn it
        assert size_of(found.content) == upright.size
        assert decode(found.content).getexif() == {}
        assert difference(decode(found.content), upright) < 3
    for copy in found.widths.values():
        shown = decode(copy)
        assert difference(shown, upright.resize(shown.size)) < 6


def test_a_turned_jpeg_keeps_its_quality_and_its_kind() -> None:
    plain = encode(noise(300, 200), "JPEG", quality=60, progressive=True)
    turned = prepared(encode(noise(300, 200), "JPEG", quality=60, progressive=True, exif=exif(3)))
    assert decode(turned.content).quantization == decode(plain).quantization  # type: ignore[attr-defined]  # of the plugin
    assert decode(turned.content).info["progressive"] == 1
    assert len(turned.content) < 1.1 * len(plain)


def test_a_turned_lossless_webp_and_png_lose_nothing() -> None:
    image = noise(90, 60)
    for data in (
        encode(image, "PNG", exif=exif(6)),
        encode(image, "WEBP", lossless=True, exif=exif(6)),
    ):
        turned = decode(prepared(data).content)
        assert turned.tobytes() == image.transpose(Image.Transpose.ROTATE_270).tobytes()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_each_mode_of_png_is_copied(mode: str) -> None:
    image = noise(600, 400)
    source = image.convert("L").convert("I").point(lambda level: level * 257).convert("I;16")
    source = source if mode == "I;16" else image.convert(mode)
    shown = decode(prepared(encode(source, "PNG", compress_level=0)).widths[480])
    assert difference(shown, image.resize(shown.size)) < 12


def test_transparency_is_kept() -> None:
    image = noise(600, 400).convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 300, 400))
    palette = noise(600, 400).convert("P")
    palette.info["transparency"] = palette.getpixel((9, 9))
    for source in (image, palette):
        shown = decode(prepared(encode(source, "PNG", compress_level=0)).widths[480])
        assert shown.mode == "RGBA"
    copy = decode(prepared(encode(image, "WEBP", lossless=True)).widths[480])
    assert copy.getchannel("A").getpixel((9, 9)) == 0


def test_cmyk_is_shown_in_rgb() -> None:
    image = photo(600, 400)
    found = prepared(encode(image.convert("CMYK"), "JPEG", quality=100, subsampling=0))
    assert difference(decode(found.widths[480]), image.resize((480, 320))) < 6


def test_a_small_rgb_profile_stays_and_another_one_is_applied() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    image = noise(600, 400)
    kept = prepared(encode(image, "JPEG", icc_profile=srgb))
    assert decode(kept.widths[480]).info["icc_profile"] == srgb
    for profile in (lab, b"no profile at all" * 9):
        data = encode(image, "JPEG", icc_profile=profile)
        copy = decode(prepared(data).widths[480])
        assert "icc_profile" not in copy.info
        assert difference(copy, image.resize((480, 320))) < 12


def test_a_large_rgb_profile_is_converted() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    large = len(srgb).to_bytes(4) + srgb[4:] + bytes(20_000)
    copy = decode(prepared(encode(noise(600, 400), "JPEG", icc_profile=large)).widths[480])
    assert "icc_profile" not in copy.info


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_stays_as_it_is(name: str) -> None:
    data = animation(name, 3, (600, 300))
    found = prepared(data)
    assert (found.width, found.height, found.content) == (600, 300, data)
    assert found.widths == {}


def test_an_animation_is_not_turned() -> None:
    """Its metadata is removed, so a viewer does not turn it either."""
    images = [photo(60, 40), photo(60, 40, "L").convert("RGB")]
    data = encode(images[0], "PNG", save_all=True, append_images=images[1:], exif=exif(6))
    alone = encode(
        *(images[0], "PNG"),
        save_all=True,
        append_images=images[1:],
        default_image=True,
        exif=exif(6),
    )
    for each in (data, alone):
        found = prepared(each)
        assert (found.width, found.height) == decode(found.content).size == (60, 40)


def test_a_gif_with_one_frame_has_copies() -> None:
    assert [*prepared(encode(noise(600, 400), "GIF")).widths] == [480]


def test_progressive_and_interlaced_files_are_read() -> None:
    assert prepared(encode(photo(), "JPEG", progressive=True)).width == 64
    assert prepared(encode(photo(), "GIF", interlace=True)).width == 64


@pytest.mark.parametrize("name", ["PNG", "GIF"])
def test_damaged_pixels_are_refused(name: str) -> None:
    """Their containers are whole, so only a decoder finds the damage."""
    data = bytearray(encode(noise(200, 150), name))
    middle = len(data) // 2
    data[middle : middle + 900] = bytes(900)
    with pytest.raises(Rejected) as refused:
        prepared(bytes(data))
    assert refused.value.refusal.code is Code.INVALID_ASSET


def test_a_size_that_pillow_does_not_find_is_refused() -> None:
    file = read_picture_file(encode(photo(), "PNG"))
    other = type(file)("PNG", 64, 47, file.content)
    with pytest.raises(Rejected, match="not the size in its header"):
        prepare_pixels(other)


def test_missing_memory_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pixels, "_still", fail)
    with pytest.raises(Rejected, match="too much memory"):
        prepared(encode(photo(), "PNG"))
