"""Pages of the SDK in a Node process, driven from Python."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE

HERE = Path(__file__).parent


class Pages:
    """Runs snippets of JavaScript. They keep their pages in the object `kept`."""

    def __init__(self, process: Process) -> None:
        self.process = process

    @classmethod
    async def start(cls) -> Pages:
        return cls(
            await asyncio.create_subprocess_exec(
                *("node", "--no-warnings", "--experimental-websocket", "page.mjs"),
                cwd=HERE,
                stdin=PIPE,
                stdout=PIPE,
                limit=1 << 26,
            )
        )

    async def run(self, script: str, **names: Any) -> Any:
        """Run the body of an async function, and return its result."""
        given = "".join(f"const {name} = {json.dumps(value)};" for name, value in names.items())
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(given + script).encode() + b"\n")
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["value"]

    async def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), PATIENCE)
