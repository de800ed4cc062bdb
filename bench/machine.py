"""Describes the machine that the figures were measured on, without its name."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe() -> dict[str, str | int]:
    return {
        "cpu": cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores(),
        "memory_mib": memory_mib(),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def sentence() -> str:
    machine = describe()
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_mib']} MiB, "
        f"{machine['system']}, {machine['python']}"
    )


def cores() -> int:
    return os.cpu_count() or 1


def cpu() -> str:
    return _field(Path("/proc/cpuinfo"), "model name") or platform.machine()


def memory_mib() -> int:
    kib = _field(Path("/proc/meminfo"), "MemTotal").removesuffix("kB").strip()
    return int(kib) // 1024 if kib else 0


def _field(file: Path, name: str) -> str:
    if not file.is_file():
        return ""
    for line in file.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
