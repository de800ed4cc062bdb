"""A state that a child process encodes is the state of the document; a child may die or hang."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from collab.document.document import Document
from collab.yjs.update import decode_state_vector
from server.loading import state_in_child
from server.loading.state_in_child import NoStateError, encode_here, encode_in_child
from server.runtime.child_process import Process, start_process
from tests.collab.document.world import World


def started(monkeypatch: pytest.MonkeyPatch, number: int | None = None) -> list[Process]:
    """Return the list of the children that start from now on. Each gets a signal, if any."""
    children: list[Process] = []

    async def start(*args: Any, **named: Any) -> Process:
        child = await start_process(*args, **named)
        children.append(child)
        if number is not None:
            os.kill(child.pid, number)
        return child

    monkeypatch.setattr(state_in_child, "start_process", start)
    return children


@pytest.mark.parametrize("seed", range(4))
async def test_the_state_of_a_random_document_opens_as_the_same_document(seed: int) -> None:
    world = World(seed)
    for _ in range(60):
        world.step()
    document = world.document
    draft = document.draft()
    made = await encode_in_child(draft.updates, draft.body.opening_seconds)
    assert decode_state_vector(made.state_vector) == document.state_vector()
    again = Document.open(draft.with_state(made.state), (), 1)
    assert again.value == document.value == again.read()
    assert again._tree.root == document._tree.root
    assert again._undo.stacks == document._undo.stacks
    assert again.state_vector() == document.state_vector()
    assert again.leases == document.leases


async def test_a_document_that_is_slow_to_open_is_cut_and_has_the_same_state() -> None:
    world = World(7)
    for _ in range(40):
        world.step()
    updates = world.document.updates.all()
    assert (await encode_in_child(updates, 1.0)).state == encode_here(updates).state


async def test_a_child_that_is_killed_gives_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    children = started(monkeypatch, signal.SIGKILL)
    with pytest.raises(NoStateError, match="ended"):
        await encode_in_child([bytes(2)] * 1_000)
    assert [child.returncode for child in children] == [-signal.SIGKILL]


async def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_in_child, "SECONDS", 0.0)
    children = started(monkeypatch, signal.SIGSTOP)
    with pytest.raises(NoStateError, match="too long"):
        await encode_in_child([bytes(2)])
    assert [child.returncode for child in children] == [-signal.SIGKILL]


async def test_updates_that_cannot_be_read_give_no_state() -> None:
    with pytest.raises(NoStateError, match="ended"):
        await encode_in_child([b"\xff"])


async def test_a_child_ends_with_the_task_that_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    children = started(monkeypatch, signal.SIGSTOP)
    waiting = asyncio.create_task(encode_in_child([bytes(2)]))
    while not children:
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert [child.returncode for child in children] == [-signal.SIGKILL]
