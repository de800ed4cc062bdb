"""What a parent and a worker send each other."""

from __future__ import annotations

from server.runtime.settings import Settings
from server.workers.exchange import (
    Assignment,
    Question,
    Ready,
    Replies,
    Reply,
    decode_assignment,
    decode_from_parent,
    decode_from_worker,
    encode,
)


def test_a_worker_gets_the_settings_of_its_parent() -> None:
    settings = Settings.load(
        {
            "WEFT_ORIGINS": "https://one.example,https://two.example",
            "WEFT_OPEN_SECONDS": "0.5",
            "WEFT_MAX_FRAME": "0",
            "WEFT_PUBLIC_URL": "https://weft.example",
        },
        demo=True,
    )
    assignment = Assignment(settings, 2, (3, 5), "/tmp/a bus", False, "/usr/bin/weft")
    line = encode(assignment)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_assignment(line) == assignment


def test_the_message_of_a_worker_may_have_several_lines() -> None:
    ready = Ready("Weft serves\n\n  http://127.0.0.1:8080")
    line = encode(ready)
    assert line.count(b"\n") == 1
    assert decode_from_worker(line) == ready


def test_questions_and_replies_pass_both_ways() -> None:
    question = Question(1, 0, "metrics", "text/plain")
    assert decode_from_worker(encode(question)) == decode_from_parent(encode(question)) == question
    assert decode_from_worker(encode(Reply(1, "a\nb"))) == Reply(1, "a\nb")
    assert decode_from_parent(encode(Replies(1, {2: "a"}))) == Replies(1, {2: "a"})
