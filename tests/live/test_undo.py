"""Undo and redo over real sockets, with a restart of the server between any two steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.live.conftest import Join
from tests.live.http_client import call
from tests.patch_client import Message, PatchClient
from tests.running import RunningServer

S = "/sections"


def section(name: str) -> dict[str, Any]:
    return {"id": name, "type": "text", "content": {"text": f"The {name} text."}}


PAGE = {"title": "A title", "sections": [section("a"), section("b")]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as running:
        yield running


class Play:
    """Two users in one document. With `restarts` the server restarts after each step."""

    def __init__(self, server: RunningServer, join: Join, doc: str, *, restarts: bool) -> None:
        self._server = server
        self._join = join
        self._doc = doc
        self._restarts = restarts
        self._people: dict[str, PatchClient] = {}
        self._count = 0

    async def person(self, user: str) -> PatchClient:
        client = self._people.get(user)
        if client is None:
            token = await self._server.mint(user)
            client = self._people[user] = await self._join(self._doc, token, create=PAGE)
        return client

    async def edit(self, user: str, *ops: Message) -> Message:
        client = await self.person(user)
        return await self._step(client, {"type": "patch", "base": client.version, "ops": list(ops)})

    async def undo(self, user: str, **scope: str) -> Message:
        return await self._step(await self.person(user), {"type": "undo", **scope})

    async def redo(self, user: str, **scope: str) -> Message:
        return await self._step(await self.person(user), {"type": "redo", **scope})

    async def value(self) -> Any:
        client = await self.person("reader")
        reply = call(
            "GET", f"{self._server.http}/v1/docs/{self._doc}", token=await self._server.mint("x")
        )
        await client.until_version(reply.position[1])
        assert client.value == reply.body
        return reply.body

    async def ids(self) -> list[str]:
        return [one["id"] for one in (await self.value())["sections"]]

    async def _step(self, client: PatchClient, message: Message) -> Message:
        self._count += 1
        request = f"step-{id(self)}-{self._count}"  # unique per user and document
        client.sent[request] = message.get("ops", [])
        await client.send({**message, "id": request})
        answer = await client.answer(request)
        if answer["type"] == "ack":
            for other in self._people.values():
                await other.until_version(answer["version"])
        if self._restarts:
            for other in self._people.values():
                await other.close()
            self._people.clear()
            self._server.stop()
            self._server.start()
        return answer


Scenario = Callable[[Play], Awaitable[None]]


def replace(path: str, value: Any) -> Message:
    return {"op": "replace", "path": path, "value": value}


async def others_edit_inside_a_section_that_i_insert(play: Play) -> None:
    await play.edit("ada", {"op": "add", "path": f"{S}/0", "value": section("new")})
    await play.edit("bo", replace(f"{S}/0/content/text", "Bo was here."))
    await play.undo("ada")
    assert await play.ids() == ["a", "b"]
    await play.redo("ada")
    assert (await play.value())["sections"][0]["content"]["text"] == "Bo was here."


async def a_section_that_i_delete_comes_back_in_its_place(play: Play) -> None:
    await play.edit("bo", replace(f"{S}/0/content/text", "Bo was here."))
    await play.edit("ada", {"op": "remove", "path": f"{S}/0"})
    await play.edit("bo", {"op": "add", "path": f"{S}/-", "value": section("c")})
    undone = await play.undo("ada")
    assert undone["undone"][0]["pointers"] == [f"{S}/0"]
    assert await play.ids() == ["a", "b", "c"]
    assert (await play.value())["sections"][0]["content"]["text"] == "Bo was here."


async def a_section_that_i_moved_goes_back_with_what_others_edited(play: Play) -> None:
    await play.edit("ada", {"op": "move", "from": f"{S}/0", "path": f"{S}/1"})
    await play.edit("bo", replace(f"{S}/1/content/text", "Bo was here."))
    await play.undo("ada")
    assert await play.ids() == ["a", "b"]
    assert (await play.value())["sections"][0]["content"]["text"] == "Bo was here."
    await play.redo("ada")
    assert await play.ids() == ["b", "a"]


async def the_server_says_whether_a_step_is_left(play: Play) -> None:
    def can(message: Message) -> tuple[bool, bool]:
        return message["can_undo"], message["can_redo"]

    assert can((await play.person("ada")).opened) == (False, False)
    await play.edit("bo", replace("/title", "Bo"))
    await play.edit("ada", {"op": "add", "path": "/n", "value": 1}, replace("/title", "Ada"))
    assert can(await play.undo("ada", scope="/n")) == (True, True)
    assert can(await play.undo("ada")) == (False, True)
    if play._restarts:
        assert can((await play.person("ada")).opened) == (False, True)
        assert can((await play.person("bo")).opened) == (True, False)
    await play.redo("ada")
    assert can(await play.redo("ada")) == (True, False)


async def two_people_type_in_one_text_and_each_takes_back_their_own(play: Play) -> None:
    await play.edit("ada", replace("/title", "A long title"))
    await play.edit("bo", replace("/title", "A long title indeed"))
    await play.undo("ada")
    assert (await play.value())["title"] == "A title indeed"
    await play.undo("bo")
    assert (await play.value())["title"] == "A title"
    await play.redo("ada")
    assert (await play.value())["title"] == "A long title"


async def a_value_that_somebody_else_replaced_is_left_and_told(play: Play) -> None:
    await play.edit("ada", {"op": "add", "path": "/n", "value": 1})
    await play.edit("ada", replace("/n", 2))
    await play.edit("bo", replace("/n", 3))
    answer = await play.undo("ada")
    assert (await play.value()).get("n") == 3
    assert answer.get("code") == "nothing_to_undo" or answer["skipped"] == ["/n"]


async def a_new_edit_clears_redo(play: Play) -> None:
    await play.edit("ada", replace("/sections/0/id", "z"))
    await play.undo("ada")
    await play.edit("ada", replace("/sections/1/id", "y"))
    assert (await play.redo("ada"))["code"] == "nothing_to_undo"
    assert await play.ids() == ["a", "y"]


async def a_scope_takes_back_only_what_lies_under_it(play: Play) -> None:
    await play.edit("ada", replace(f"{S}/0/content/text", "one"))
    await play.edit("ada", replace(f"{S}/1/content/text", "two"))
    await play.undo("ada", scope=f"{S}/0")
    texts = [one["content"]["text"] for one in (await play.value())["sections"]]
    assert texts == ["The a text.", "two"]
    await play.undo("ada")
    assert (await play.value()) == PAGE


SCENARIOS: list[Scenario] = [
    others_edit_inside_a_section_that_i_insert,
    a_section_that_i_delete_comes_back_in_its_place,
    a_section_that_i_moved_goes_back_with_what_others_edited,
    the_server_says_whether_a_step_is_left,
    two_people_type_in_one_text_and_each_takes_back_their_own,
    a_value_that_somebody_else_replaced_is_left_and_told,
    a_new_edit_clears_redo,
    a_scope_takes_back_only_what_lies_under_it,
]


@pytest.mark.parametrize("restarts", [False, True], ids=["", "restarts"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario.__name__))
async def test_undo_is_selective_and_survives_a_restart(
    server: RunningServer, join: Join, doc: str, scenario: Scenario, restarts: bool
) -> None:
    await scenario(Play(server, join, doc, restarts=restarts))


async def test_sixty_edits_are_undone_one_by_one_after_a_restart(
    server: RunningServer, join: Join, doc: str
) -> None:
    play = Play(server, join, doc, restarts=False)
    for number in range(60):
        await play.edit("ada", {"op": "add", "path": f"/k{number}", "value": number})
    await (await play.person("ada")).close()
    server.stop()
    server.start()
    again = Play(server, join, doc, restarts=False)
    for _ in range(60):
        assert (await again.undo("ada"))["type"] == "ack"
    assert (await again.undo("ada"))["code"] == "nothing_to_undo"
    assert await again.value() == PAGE
