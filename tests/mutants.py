"""`make mutants`: break the code in many small ways, and count the tests that notice.

`python -m tests.mutants [server/commits …]` works on a copy of the project. It takes a seeded
sample of the mutants that mutmut makes of each package, and runs the fast tests that cover it.
Each survivor is printed with its change.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
MUTANTS: Final = int(os.environ.get("MUTANTS", "400"))
SEED: Final = int(os.environ.get("SEED", "1"))
MINUTES: Final = float(os.environ.get("MINUTES", "45"))
JOBS: Final = os.environ.get("JOBS", "2")

# Each package with the tests that run for its mutants.
PACKAGES: Final = {
    "server/commits": ("tests/server/commits",),
    "server/documents": ("tests/server/documents", "tests/server/commits"),
    "server/broadcast": ("tests/server/broadcast", "tests/server/commits"),
    "server/lanes": ("tests/server/lanes",),
    "collab/room": ("tests/collab/room", "tests/server/commits"),
    "collab/patch": ("tests/collab/patch", "tests/collab/rebase"),
    "collab/rebase": ("tests/collab/rebase",),
    "collab/document": ("tests/collab/document",),
    "storage": (
        *("tests/storage/test_store.py", "tests/storage/test_sqlite.py", "tests/storage/sql"),
        *("tests/storage/test_postgres_pools.py", "tests/storage/test_dialect.py"),
        *("tests/storage/test_checkpoints.py", "tests/storage/test_retention.py"),
        "tests/storage/test_serving_lock.py",
        *("tests/storage/damage", "tests/storage/memory", "tests/storage/gossip"),
    ),
}
FAST: Final = "not real and not thorough and not long"
# The contract on SQLite is `thorough`, because all of it takes five seconds. One test is short.
MARKS: Final = {"storage": "not real and not long"}
# Lines with a sentence are left as they are: the text of a message, of a log line, of a task.
SENTENCE: Final = r"\"[^\"]* [^\"]*\""
# A mutant may take this many times the time of its tests. A mutant with a timeout is tried again
# with the second limit, so that a busy machine is no reason to count it as noticed.
TIMEOUTS: Final = (8, 20)
# A call with this name only makes the mutants and learns which tests run which function.
NO_MUTANT: Final = "none"


class Result(NamedTuple):
    name: str
    status: str  # killed, survived, timeout, no tests, not checked, ...

    @property
    def is_doubtful(self) -> bool:
        """Whether a busy machine, and no test, may have ended the mutant."""
        return self.status in ("timeout", "segfault", "suspicious")


def main(packages: list[str]) -> None:
    deadline = time.monotonic() + 60 * MINUTES
    shares = _shares(packages or list(PACKAGES))
    with tempfile.TemporaryDirectory(prefix="weft-mutants-") as folder:
        copy = Path(folder) / "weft"
        _copy_to(copy)
        rows = [f"{'package':20}{'mutants':>9}{'noticed':>9}{'survived':>10}{'not tried':>11}"]
        for package, share in shares.items():
            results = _run(copy, package, share, deadline)
            noticed = sum(one.status == "killed" or one.is_doubtful for one in results)
            lost = [one for one in results if one.status in ("survived", "no tests")]
            tried = noticed + len(lost)
            untried = share - tried
            rows.append(f"{package:20}{tried:9}{noticed:9}{len(lost):10}{untried:11}")
            print(*(_shown(copy, result) for result in lost), rows[-1], sep="\n", flush=True)
            shutil.rmtree(copy / "mutants", ignore_errors=True)
        print("", *rows, sep="\n")


def _shares(packages: list[str]) -> dict[str, int]:
    """Divide the sample between the packages by their lines."""
    lines = {
        package: sum(path.read_bytes().count(b"\n") for path in (ROOT / package).rglob("*.py"))
        for package in packages
    }
    total = sum(lines.values())
    return {package: round(MUTANTS * count / total) for package, count in lines.items()}


def _copy_to(copy: Path) -> None:
    """Copy all files of the project, committed or not."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)


def _run(copy: Path, package: str, share: int, deadline: float) -> list[Result]:
    """Make the mutants of a package, and try a sample of them until the deadline."""
    _configure(copy, package, TIMEOUTS[0])
    _mutmut(copy, deadline, "run", NO_MUTANT)
    names = sorted(result.name for result in _results(copy))
    sample = random.Random(SEED).sample(names, min(share, len(names)))
    tried = _try(copy, deadline, sample)
    doubtful = [result.name for result in tried if result.is_doubtful]
    if doubtful:
        _configure(copy, package, TIMEOUTS[1])
        again = {result.name: result for result in _try(copy, deadline, doubtful)}
        tried = [again.get(result.name, result) for result in tried]
    return tried


def _try(copy: Path, deadline: float, names: list[str]) -> list[Result]:
    _mutmut(copy, deadline, "run", "--max-children", JOBS, *names)
    return [result for result in _results(copy) if result.name in names]


def _configure(copy: Path, package: str, timeout: int) -> None:
    (copy / "setup.cfg").write_text(_configuration(package, timeout))


def _configuration(package: str, timeout: int) -> str:
    def listed(*values: str) -> str:
        return "".join(f"\n    {value}" for value in values)

    return f"""[mutmut]
source_paths ={listed("server", "collab", "storage")}
only_mutate ={listed(f"{package}/*.py")}
do_not_mutate ={listed("storage/migrations/*.py")}
do_not_mutate_patterns ={listed(SENTENCE)}
also_copy ={listed("bench", "docs", "static", "Makefile", "README.md")}
pytest_add_cli_args ={listed("-p", "no:cacheprovider", "-m", MARKS.get(package, FAST))}
pytest_add_cli_args_test_selection ={listed(*PACKAGES[package])}
timeout_multiplier = {timeout}
use_setproctitle = False
"""


def _mutmut(copy: Path, deadline: float | None, *arguments: str) -> str:
    """Run mutmut, and return what it printed; after the deadline it is stopped."""
    left = None if deadline is None else max(1.0, deadline - time.monotonic())
    command = [sys.executable, "-m", "mutmut", *arguments]
    process = subprocess.Popen(
        command, cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        output, _ = process.communicate(timeout=left)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 15)
        output, _ = process.communicate()
    return output.decode(errors="replace")


def _results(copy: Path) -> Iterator[Result]:
    for line in _mutmut(copy, None, "results", "--all", "true").splitlines():
        name, colon, status = line.strip().rpartition(": ")
        if colon and "__mutmut_" in name:
            yield Result(name, status)


def _shown(copy: Path, result: Result) -> str:
    lines = _mutmut(copy, None, "show", result.name).splitlines()
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return "\n".join([f"{result.name} ({result.status})", *changed, ""])


if __name__ == "__main__":
    main(sys.argv[1:])
