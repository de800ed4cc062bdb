"""A process that requests `/healthz` about 100 times a second, and prints the times.

`python prober.py PORT` prints a line for each request, with four times in seconds:

- when the request was sent,
- how long the answer took,
- how late the process woke up,
- the processor time of a fixed piece of work.

The machine causes the last two, not the server. The work takes longer when the attackers share a
processor core with the prober. The process ends when its standard input closes.
"""

from __future__ import annotations

import select
import socket
import sys
import time

EVERY = 0.01
WORK = range(10_000)
QUESTION = b"GET /healthz HTTP/1.1\r\nHost: weft\r\n\r\n"


def answered(client: socket.socket) -> None:
    """Wait for one answer; its body is short JSON."""
    said = b""
    while not said.endswith(b"}"):
        more = client.recv(4096)
        if not more:
            raise ConnectionError("the server ended the connection")
        said += more


def time_of_work() -> float:
    began = time.thread_time()
    sum(WORK)
    return time.thread_time() - began


def main() -> None:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.monotonic()
        while True:
            asked = time.monotonic()
            client.sendall(QUESTION)
            answered(client)
            took = time.monotonic() - asked
            late = max(0.0, asked - due)
            print(f"{asked:.6f} {took:.6f} {late:.6f} {time_of_work():.6f}", flush=True)
            due = max(asked + EVERY, time.monotonic())
            if select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
                return


if __name__ == "__main__":
    main()
