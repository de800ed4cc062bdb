"""Compiles the load generator, runs a plan with it, and reads the result."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Timer

import msgspec

from bench.cache import CACHE
from bench.load_generator.plan import Plan

SOURCES = Path(__file__).parent
FLAGS = ("-std=c17", "-O2", "-Wall", "-Wextra", "-Werror")
WITHIN = 300.0  # seconds for one run
MOST_OF_A_CORE = 0.9  # a generator that uses more of its core is the bottleneck
LATE = 1_000  # microseconds that 1 of 100 edits may be sent after its time
WAS_LATE = "the load generator was late"


class Times(msgspec.Struct, frozen=True):
    """Microseconds of many measurements."""

    count: int = 0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0


class Result(msgspec.Struct, frozen=True):
    """What the load generator has measured, or why the run failed."""

    ok: bool
    error: str
    seconds: float
    edits: int
    deliveries: int
    all_edits: int
    all_deliveries: int
    frames: int
    own_cpu: float
    server_cpu: list[float]
    latency: Times
    late: Times
    opening: Times

    @property
    def share_of_core(self) -> float:
        """The share of one core that the load generator has used."""
        return self.own_cpu / self.seconds if self.seconds else 0.0

    def refusal(self, rate: float) -> str:
        """Return why the figures do not count; an empty text when they count."""
        if not self.ok:
            return self.error
        if not rate and self.share_of_core > MOST_OF_A_CORE:
            share = 100 * self.share_of_core
            return f"the load generator was the bottleneck: it used {share:.0f} % of its core"
        if rate and self.late.p99 > LATE:
            return f"{WAS_LATE}: 1 of 100 edits by {self.late.p99 / 1000:.1f} ms"
        return ""


def compiler() -> str | None:
    """The command of a C compiler, or None when there is none."""
    return next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)


@cache
def program() -> Path:
    """Compile the load generator when its sources have changed, and return its path."""
    command = compiler()
    if command is None:
        raise RuntimeError("The load generator needs a C compiler (Debian: gcc and libc6-dev).")
    sources = sorted(SOURCES.glob("*.[ch]"))
    parts = [command.encode(), " ".join(FLAGS).encode(), *(each.read_bytes() for each in sources)]
    built = CACHE / "load" / sha256(b"\0".join(parts)).hexdigest()[:16]
    if not built.exists():
        built.parent.mkdir(parents=True, exist_ok=True)
        # Another process may compile it, too: each renames its own file.
        with tempfile.TemporaryDirectory(dir=built.parent) as folder:
            made = Path(folder) / "load"
            _compile(command, made, [str(each) for each in sources if each.suffix == ".c"])
            made.replace(built)
    return built


def _compile(command: str, made: Path, sources: list[str]) -> None:
    done = subprocess.run(
        [command, *FLAGS, "-o", str(made), *sources], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the load generator does not compile:\n{done.stderr}")


def run(plan: Plan, when_ready: Callable[[], None] = lambda: None) -> Result:
    """Run a plan. `when_ready` is called when all clients have connected.

    With the flag `hold`, the load generator waits until `when_ready` has returned.
    """
    with subprocess.Popen(
        [str(program())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ending = Timer(WITHIN, process.kill)
        ending.start()
        try:
            process.stdin.write(plan.text())
            process.stdin.flush()
            line = process.stdout.readline()
            if '"ready"' in line:
                when_ready()
                if "hold" in plan.flags:
                    process.stdin.write("\n")
                    process.stdin.flush()
                line = process.stdout.readline()
        finally:
            ending.cancel()
            process.kill()
    if not line:
        raise RuntimeError(f"the load generator ended with {process.returncode} and no result")
    return msgspec.json.decode(line, type=Result)
