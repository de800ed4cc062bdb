"""The frames of the local bus: cut anywhere, joined again, and refused when they are wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.ports.gossip import LOST
from storage.gossip.bus_frames import MOST_MESSAGE, BadFrame, Frame, FrameReader, Kind, encode_frame

FRAMES = st.builds(Frame, st.sampled_from(Kind), st.text(max_size=20), st.binary(max_size=50))


@given(frames=st.lists(FRAMES, max_size=8), piece=st.integers(1, 60))
def test_frames_are_read_from_pieces_of_any_size(frames: list[Frame], piece: int) -> None:
    sent = b"".join(encode_frame(*frame) for frame in frames)
    reader = FrameReader()
    read = [
        frame for at in range(0, len(sent), piece) for frame in reader.read(sent[at : at + piece])
    ]
    assert read == frames


def test_a_message_that_is_too_large_is_sent_as_lost() -> None:
    [frame] = FrameReader().read(encode_frame(Kind.MESSAGE, "home", bytes(MOST_MESSAGE + 1)))
    assert frame == Frame(Kind.MESSAGE, "home", LOST)


@pytest.mark.parametrize(
    "sent",
    [
        b"\0" * 9,
        b"\x08" + bytes(8),
        b"\x05\0\0\x10\x01\0\0\0\0",
        b"\x05\0\0\0\0\0\x40\0\x01",
        b"\x05\0\0\0\x01\0\0\0\0\xff",
    ],
)
def test_a_wrong_head_is_refused_before_its_message_came(sent: bytes) -> None:
    with pytest.raises(BadFrame):
        FrameReader().read(sent)
