"""Vectors of the patch code that Python and the browser SDK share.

`python -m tests.sdk.patch_vectors` writes patch/patch_vectors.json again.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from collab.errors import Rejected
from collab.patch.apply import apply

FILE = Path(__file__).parent / "patch" / "patch_vectors.json"
SEED = 17
RANDOM = 300
KEYS = ("a", "b", "0", "1", "ä/~")
TEXTS = ("", "x", "Buy now", "é😀z")

Case = dict[str, Any]


def by_hand() -> list[Case]:
    def splice(text: str, offset: int, delete: int, insert: str) -> Case:
        op = {"op": "splice", "path": "/t", "offset": offset, "delete": delete, "insert": insert}
        return {"value": {"t": text}, "ops": [op]}

    def ops(value: Any, *ops: Any) -> Case:
        return {"value": value, "ops": list(ops)}

    return [
        splice("Hello", 5, 0, " you"),
        splice("Hello", 0, 5, ""),
        splice("a😀b", 1, 2, "é"),
        splice("a😀b", 2, 0, "x"),
        splice("a😀b", 1, 1, ""),
        splice("Hello", 4, 2, ""),
        splice("Hello", 6, 0, "x"),
        ops({"t": 1}, {"op": "splice", "path": "/t", "offset": 0, "delete": 0, "insert": "x"}),
        ops({"a": {"b": 1}, "c": 2}, {"op": "move", "from": "/a/b", "path": "/a"}),
        ops([[1, 2], 3], {"op": "move", "from": "/0/1", "path": "/0"}),
        ops({"l": [1, 2, 3]}, {"op": "move", "from": "/l/0", "path": "/l/-"}),
        ops({"l": [1, 2, 3]}, {"op": "move", "from": "/l/0", "path": "/l/3"}),
        ops({"l": [{"x": 1}, 2]}, {"op": "move", "from": "/l/1", "path": "/l/0/x"}),
        ops({"a": 1}, {"op": "add", "path": "/__proto__", "value": 2}),
        ops({"a": 1}, {"op": "add", "path": "/toString", "value": 2}),
        ops({"a": 1}, {"op": "replace", "path": "/toString", "value": 2}),
        ops({"a": 1}, {"op": "add", "path": "/b", "value": 2}, {"op": "remove", "path": "/c"}),
    ]


def value(rng: random.Random, depth: int = 3) -> Any:
    kind = rng.randrange(6) if depth else rng.randrange(4)
    if kind < 2:
        return rng.choice(TEXTS)
    if kind < 4:
        return rng.choice((None, True, False, 0, 1, -2.5))
    if kind == 4:
        return [value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {key: value(rng, depth - 1) for key in rng.sample(KEYS, rng.randrange(4))}


def places(of: Any) -> list[str]:
    found = [""]
    pairs = of.items() if isinstance(of, dict) else enumerate(of) if isinstance(of, list) else ()
    for key, child in pairs:
        name = str(key).replace("~", "~0").replace("/", "~1")
        found += [f"/{name}{rest}" for rest in places(child)]
    return found


def op(rng: random.Random, of: Any) -> Any:
    """An op that names a place of the value in most cases."""
    path = rng.choice(places(of))
    kind = rng.choice(("add", "add", "remove", "replace", "move", "copy", "test", "splice"))
    if kind in ("add", "move", "copy") and rng.random() < 0.6:
        path += f"/{rng.choice((*KEYS, '-', '2')).replace('~', '~0').replace('/', '~1')}"
    made = {"op": kind, "path": path}
    if kind in ("move", "copy"):
        made["from"] = rng.choice(places(of))
    if kind in ("add", "replace", "test"):
        made["value"] = value(rng, 2)
    if kind == "splice":
        offset, delete = rng.randrange(5), rng.randrange(3)
        return {**made, "offset": offset, "delete": delete, "insert": rng.choice(TEXTS)}
    return made


def at_random() -> list[Case]:
    rng = random.Random(SEED)
    cases: list[Case] = []
    for _ in range(RANDOM):
        before = value(rng)
        ops, now = list[Any](), before
        for _ in range(rng.randrange(1, 4)):
            ops.append(op(rng, now))
            try:
                now = apply(now, ops[-1:], splices=True).value
            except Rejected:
                break
        cases.append({"value": before, "ops": ops})
    return cases


def answered(case: Case) -> Case:
    """The case with what the server makes of it: the new value and the inverse, or a refusal."""
    try:
        done = apply(case["value"], case["ops"], splices=True)
    except Rejected as rejected:
        refusal = rejected.refusal
        return {**case, "refused": {"code": refusal.code.value, "op": refusal.extra["op"]}}
    return {**case, "expected": done.value, "inverse": done.inverse}


def render() -> str:
    cases = [answered(case) for case in (*by_hand(), *at_random())]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
