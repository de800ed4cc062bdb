"""A process on a local bus: it prints what it hears on a channel, and publishes what it reads.

`python -m tests.storage.gossip.bus_process PATH CHANNEL`. It prints `+ MESSAGE` or `LOST`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from collab.ports.gossip import LOST
from storage.gossip.local import LocalGossip


async def main(path: str, channel: str) -> None:
    """Run until the standard input ends."""
    gossip = LocalGossip(Path(path))

    def deliver(message: bytes) -> None:
        print("LOST" if message == LOST else f"+ {message.decode()}", flush=True)

    gossip.subscribe(channel, deliver)
    running = asyncio.create_task(gossip.run(), name="gossip")
    while line := await asyncio.to_thread(sys.stdin.readline):
        gossip.publish(channel, line.strip().encode())
    running.cancel()
    await asyncio.wait([running])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
