"""A patch client that edits the small landing page at random."""

from __future__ import annotations

from random import Random
from typing import Any

from collab.patch.pointer import lookup, parse
from collab.patch.text_changes import as_splices, difference
from tests.patch_client import PatchClient

WORDS = ["hero ", "é", "日本", "Buy now ", "🚀", "x", " ", "teal"]


async def edit_at_random(client: PatchClient, rng: Random, count: int, *refusals: str) -> None:
    """Send random edits one after the other. Some are refused, because others edit too.

    `refusals` names the other reasons for which the server may refuse an edit.
    """
    for number in range(count):
        ops = _ops(client.value, rng, f"{client.opened['session']}-{number}")
        if client.opened["accept"] and isinstance(old := _text(client.value, ops[0]), str):
            ops = as_splices(ops[0]["path"], difference(old, ops[0]["value"]))
        answer = await client.answer(await client.patch(*ops))
        if answer["type"] == "reject":
            assert answer["code"] in ("conflict", "invalid_document", *refusals), answer


def _ops(value: Any, rng: Random, name: str) -> list[dict[str, Any]]:
    sections = value["sections"]
    at = rng.randrange(len(sections)) if sections else 0
    roll = rng.random()
    texts = ["/title"]
    if sections and isinstance(sections[at].get("headline"), str):
        texts += [f"/sections/{at}/headline"] * 3
    if roll < 0.5 or not sections:
        return [_typed(value, rng.choice(texts), rng)]
    if roll < 0.6:
        card = {"id": name, "type": "card", "headline": rng.choice(WORDS), "tags": [1]}
        return [{"op": "add", "path": f"/sections/{rng.randint(0, len(sections))}", "value": card}]
    if roll < 0.75:
        to = rng.randrange(len(sections))
        return [{"op": "move", "from": f"/sections/{at}", "path": f"/sections/{to}"}]
    if roll < 0.82 and len(sections) > 3:
        return [{"op": "remove", "path": f"/sections/{at}"}]
    if roll < 0.9:
        return [{"op": "add", "path": f"/sections/{at}/color", "value": rng.choice(WORDS)}]
    return [
        {"op": "add", "path": "/width", "value": rng.randrange(2000)},
        {"op": "add", "path": f"/{rng.choice('ab')}", "value": {"list": [rng.random(), "x"]}},
    ]


def _typed(value: Any, path: str, rng: Random) -> dict[str, Any]:
    text = lookup(value, parse(path))
    start = rng.randint(0, len(text))
    end = min(len(text), start + rng.choice([0, 0, 0, 2]))
    return {"op": "replace", "path": path, "value": text[:start] + rng.choice(WORDS) + text[end:]}


def _text(value: Any, op: dict[str, Any]) -> Any:
    return lookup(value, parse(op["path"])) if op["op"] == "replace" else None
