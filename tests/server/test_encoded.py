"""The value of a version is in memory once while it is sent, and not at all afterwards."""

from __future__ import annotations

from collab.ids import DocKey
from server.http.encoded import Encodings

KEY = DocKey("demo", "home")


def test_answers_with_one_value_share_their_bytes() -> None:
    encodings = Encodings()
    first, second = (encodings.answer(KEY, 1, 2, {"a": "é"}) for _ in range(2))
    assert first.body is second.body
    assert first.body == '{"a":"é"}'.encode()
    assert first.headers["content-type"] == "application/json"
    assert len(encodings) == 1


def test_another_version_or_epoch_is_another_value() -> None:
    encodings = Encodings()
    answers = [
        encodings.answer(KEY, epoch, version, version) for epoch, version in ((1, 1), (1, 2))
    ]
    assert [answer.body for answer in answers] == [b"1", b"2"]
    again = encodings.answer(KEY, 2, 1, {"new": True})
    assert again.body == b'{"new":true}'


def test_what_was_sent_is_forgotten() -> None:
    encodings = Encodings()
    answer = encodings.answer(KEY, 1, 1, [1])
    assert len(encodings) == 1
    del answer
    assert len(encodings) == 0
