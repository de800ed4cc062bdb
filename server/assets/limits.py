"""What the process that reads a picture may use: nothing but memory, time, and its socket.

Decoders are native code that gets bytes of strangers. A mistake in one of them must not reach a
file, another process or the network. A process that may open no more file descriptors can do none
of these.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import Final

# Numbers of `prctl` on Linux.
_SIGNAL_AT_PARENT_DEATH: Final = 1
_DUMPABLE: Final = 4
_NO_NEW_PRIVILEGES: Final = 38


def end_with_parent(parent: int) -> None:
    """Let Linux kill this process when its parent ends. End now if the parent has ended already."""
    _prctl(_SIGNAL_AT_PARENT_DEATH, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def limit_this_process(memory: int, seconds: float) -> None:
    """Let this process use at most `memory` bytes and `seconds` of CPU, and open nothing."""
    _prctl(_NO_NEW_PRIVILEGES, 1)
    _prctl(_DUMPABLE, 0)
    cpu = max(1, math.ceil(seconds))
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_AS, memory),
        # The last one: the open socket keeps working, but no file or socket can be opened.
        (resource.RLIMIT_NOFILE, 0),
    ):
        # macOS does not know each of them.
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
