"""Who wrote a text, beside an oracle that replays all versions of a document."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from collab.rights.user_rights import Role
from tests.browser.editor.studio import Studio, section, site
from tests.yjs_peer import has_node

SCRIPT = Path(__file__).with_name("authors.mjs")
AT = "/pages/home/sections"
CHANGES = 60
USERS = ("ada", "bo", "cy")


def new_section(random: Random, number: int) -> dict[str, Any]:
    items = [{"id": f"q{each}", "question": "When?", "answer": "Now"} for each in range(3)]
    return section(f"s{number}", "faq", headline=f"Headline {random.random()}", items=items)


def change(random: Random, value: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """One change at random, as a patch."""
    sections = value["pages"]["home"]["sections"]
    index = random.randrange(len(sections))
    at, items = f"{AT}/{index}", sections[index]["content"]["items"]
    words = f"Words {number}"
    match random.randrange(12):
        case 0:
            return [{"op": "add", "path": at, "value": new_section(random, number)}]
        case 1 if len(sections) > 2:
            return [{"op": "remove", "path": at}]
        case 2 if len(sections) > 2:
            other = random.choice([each for each in range(len(sections)) if each != index])
            return [{"op": "move", "from": at, "path": f"{AT}/{other}"}]
        case 3:
            content = {**sections[index]["content"], "headline": words}
            return [{"op": "replace", "path": f"{at}/content", "value": content}]
        case 4 if len(items) > 1:
            item = random.randrange(1, len(items))
            return [
                {
                    "op": "move",
                    "from": f"{at}/content/items/{item}",
                    "path": f"{at}/content/items/0",
                }
            ]
        case 5 if items:
            return [{"op": "remove", "path": f"{at}/content/items/0"}]
        case 6:
            title = {"op": "replace", "path": "/pages/home/title", "value": words}
            return [title, {"op": "add", "path": f"{at}/content/body", "value": words}]
        case 7 | 8 if items:
            item = random.randrange(len(items))
            path = f"{at}/content/items/{item}/answer"
            return [{"op": "replace", "path": path, "value": words}]
    return [{"op": "replace", "path": f"{at}/content/headline", "value": words}]


class History:
    """A document that three users change at random."""

    def __init__(self, studio: Studio, doc: str, random: Random) -> None:
        self.studio = studio
        self.random = random
        self.path = f"/v1/docs/{doc}"

    async def write(self) -> None:
        server = self.studio.server
        headers = {
            user: {"Authorization": f"Bearer {await server.mint(user, Role.PUBLISHER)}"}
            for user in USERS
        }
        user = USERS[0]
        async with httpx.AsyncClient(base_url=server.http) as client:
            for number in range(CHANGES):
                if self.random.random() < 0.5:
                    user = self.random.choice(USERS)
                as_user = headers[user]
                value = (await client.get(self.path, headers=as_user)).json()
                chance = self.random.random()
                if chance < 0.1:
                    # Nothing may be left to undo.
                    await client.post(f"{self.path}/undo", json={}, headers=as_user)
                    continue
                if chance < 0.15:
                    # The part may be gone, or never have been there.
                    pointer = f"{AT}/{self.random.randrange(3)}"
                    body = {"version": self.random.randint(1, number + 1), "pointer": pointer}
                    await client.post(f"{self.path}/restore", json=body, headers=as_user)
                    continue
                ops = change(self.random, value, number)
                answer = await client.patch(self.path, json=ops, headers=as_user)
                answer.raise_for_status()

    async def versions(self) -> tuple[list[str], list[Any]]:
        """The user and the value of each version, from version 1."""
        rows = (await self.studio.request("GET", f"{self.path}/versions?each=1&limit=500"))["items"]
        users = [row["by"]["user"] for row in reversed(rows)]
        values = [
            await self.studio.request("GET", f"{self.path}/versions/{version}")
            for version in range(1, len(users) + 1)
        ]
        return users, values


def at(value: Any, place: str) -> Any:
    """The value at a place with `#id` in place of an index; None when there is none."""
    for token in place.split("/")[1:]:
        if isinstance(value, list):
            named = token.startswith("#")
            found = [each for each in value if named and each["id"] == token[1:]]
            value = found[0] if found else None
        else:
            value = value.get(token) if isinstance(value, dict) else None
    return value


@pytest.mark.real
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
@pytest.mark.parametrize("seed", [5])
async def test_the_author_of_each_text_is_who_changed_it_last(studio: Studio, seed: int) -> None:
    random, doc = Random(seed), f"authors-{seed}"
    await studio.create(
        doc, site(*[new_section(random, -number) for number in range(1, 4)]), schema=False
    )
    history = History(studio, doc, random)
    await history.write()
    users, values = await history.versions()
    head = len(users)
    assert head > CHANGES / 2
    token = await studio.server.mint("ann", Role.VIEWER)
    process = await asyncio.create_subprocess_exec(
        *("node", "--no-warnings", SCRIPT.name, studio.server.http, token, doc, str(head)),
        cwd=SCRIPT.parent,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    unknown = 0
    found = json.loads(output)
    for place, user, version in found:
        now = at(values[-1], place)
        expected = head
        while expected > 1 and at(values[expected - 2], place) == now:
            expected -= 1
        if not user:  # only that it is older
            unknown += 1
            continue
        assert (user, version) == (users[expected - 1], expected), place
    assert len(found) > 8
    assert unknown <= len(found) / 4
