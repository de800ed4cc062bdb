"""Runs the load kit against a real server, for a few seconds, on this machine only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.house import ROOT
from tests.patience import PATIENCE
from tests.provision import LOAD
from tests.running import WEFT, RunningServer

K6 = LOAD / "bin" / "k6"
LOCUST = LOAD / "bin" / "locust"
# A few clients for a second, with limits that only a broken server or a busy machine breaks.
BRIEF = {
    "LOAD_CLIENTS": "4",
    "LOAD_READERS": "2",
    "LOAD_RATE": "10",
    "LOAD_SECONDS": "1",
    "LOAD_RAMP_SECONDS": "0.3",
    "LOAD_DRAIN_SECONDS": "30",
    "LOAD_PAGE_BYTES": "5000",
}
# A test machine that is busy must not fail a test.
PATIENT = {
    f"LOAD_{figure}_P{percent}_MS": "60000"
    for figure in ("ACK", "PEER", "READ")
    for percent in (95, 99)
} | {"LOAD_LAG_P95_MS": "60000", "LOAD_DOWN_BYTES": "10000000"}
EDITS = 4 * 10
FEW = {"LOAD_CLIENTS": "2", "LOAD_RATE": "3"}
BROKEN = {"k6": 99, "locust": 1}  # the exit codes of a run that has failed
AT_ONCE = 4  # runs
RESULT = re.compile(r"^(ok|BROKEN) +(weft_\w+)(?: \w+)? = ([\d.e+]+)", re.MULTILINE)


@dataclass(frozen=True)
class Done:
    """A run that has ended: its exit code, its figures by name, and what it printed."""

    code: int
    figures: dict[str, float]
    broken: set[str]
    output: str


def key_of(server: RunningServer) -> dict[str, str]:
    """Return the settings with a key, made as docs/load-testing.md says."""
    printed = subprocess.run(
        [str(WEFT), "key", "add", "--tenant", "demo", "--show", "--database", server.database],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    key, secret = printed.split()
    return {"LOAD_URL": server.http, "LOAD_KEY": key, "LOAD_SECRET": secret}


class Runs:
    """Runs that the tests of a file look at. They mostly wait, so some of them run at once."""

    def __init__(self, calls: Mapping[str, Callable[[], Done]]) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._runs = {name: self._pool.submit(call) for name, call in calls.items()}

    def __getitem__(self, name: str) -> Done:
        """Wait for the end of a run."""
        return self._runs[name].result()

    def wait(self) -> None:
        """Wait for the end of all runs."""
        wait(self._runs.values())

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def run(tool: str, home: Path, mix: str, *settings: dict[str, str]) -> Done:
    """Run a load test with one of the tools."""
    return run_k6(home, mix, *settings) if tool == "k6" else run_locust(mix, *settings)


def run_k6(home: Path, script: str, *settings: dict[str, str]) -> Done:
    """Run a script of bench/k6."""
    handle, name = tempfile.mkstemp(".json", dir=home)
    os.close(handle)
    summary = Path(name)
    command = [str(K6), "run", "--quiet", "--no-usage-report"]
    command += ["--address", "127.0.0.1:0", "--summary-export", str(summary)]
    ran = _run([*command, f"bench/k6/{script}.js"], *settings)
    if not summary.stat().st_size:  # k6 has not come so far
        return Done(ran.returncode, {}, set(), ran.stdout)
    metrics: dict[str, dict[str, Any]] = json.loads(summary.read_text())["metrics"]
    figures = {
        name: float(metric.get("count", metric.get("value", 0))) for name, metric in metrics.items()
    }
    broken = {
        name for name, metric in metrics.items() if any(metric.get("thresholds", {}).values())
    }
    return Done(ran.returncode, figures, broken, ran.stdout)


def run_locust(mix: str, *settings: dict[str, str]) -> Done:
    ran = _run([str(LOCUST), "-f", "bench/locustfile.py"], {"LOAD_MIX": mix}, *settings)
    found = RESULT.findall(ran.stdout)
    return Done(
        ran.returncode,
        {name: float(value) for _, name, value in found},
        {name for verdict, name, _ in found if verdict == "BROKEN"},
        ran.stdout,
    )


def _run(command: list[str], *settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("LOAD_")}
    env = inherited | {"NO_COLOR": "1"}
    for each in settings:
        env |= each
    return subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        check=False,
        timeout=2 * PATIENCE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
