"""What a parent and a worker send each other."""

from __future__ import annotations

from server.runtime.settings import Settings
from server.workers.exchange import Assignment, Ready, decode_assignment, decode_ready, encode


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
    assert decode_ready(line) == ready
