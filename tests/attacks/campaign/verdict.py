"""Compares the figures of a run with their bounds, and describes each breach."""

from __future__ import annotations

from typing import Any, Final

from tests.attacks.campaign import limits
from tests.attacks.campaign.case import Case
from tests.attacks.campaign.documents import DOCUMENTS
from tests.attacks.campaign.figures import Figures

# Milliseconds for an answer of `/healthz`, without the machine's own delays.
HEALTHZ: Final = 100.0
# Milliseconds of processor time of one callback on the event loop, with garbage collection. Twenty
# attackers share the processor cores with the server, so all work takes up to twice its time. These
# are milliseconds of the idle machine.
HOLD: Final = 50.0
# Milliseconds for which other threads of the process hold the interpreter, of the idle machine.
PAUSE: Final = 50.0
# Peak bytes of memory for each byte that was sent or received. Each client may cost a fixed part
# more: a document's value and its next version, which the server may send to a reader. At any time
# the server may save a snapshot, or open a document again. Then the document is in memory up to ten
# times: as value and state, as the rows of both, and as pages of the database.
MEMORY: Final = 16
MEMORY_OF_A_CLIENT: Final = limits.DOCUMENT
MEMORY_AT_ALL: Final = 10 * limits.DOCUMENT
# Bytes for each value of an open document: its Yjs types, its nodes, its undo steps, and the value.
# yrs takes half of it: it keeps three blocks for each number in a list.
MEMORY_OF_A_VALUE: Final = 2_700
# Bytes in the database for each accepted byte: the ops, the update, and the undo records with the
# values before. Each is about as long as the request. Rule B10 allows more: the author pays
# for bytes beyond twelve times the request. A list of small numbers has 27 bytes of update for
# each of its own bytes. Each request may cost 32 KiB more: an entry's free 16 KiB, and the
# rows around it. The document may have one new snapshot of its state, its value and its steps.
STORED: Final = 4
STORED_OF_A_REQUEST: Final = 32 * 1024
STORED_AT_ALL: Final = 3 * limits.DOCUMENT
# Received bytes for each sent byte, besides the document and a page of its history.
ANSWERED: Final = 8
ANSWERED_AT_ALL: Final = 4 * limits.DOCUMENT
# An export is the whole log of a document, for administrators only.
WHOLE_LOG: Final = "exportDocument"
# Bytes that may stay resident when all clients have left: fragments of the allocator.
LEFT: Final = 64 * 1024 * 1024


def violations(case: Case, clients: int, figures: Figures) -> list[str]:
    """Return a sentence for each figure above its bound."""
    found = [*_of_time(figures), *_of_bytes(case, clients, figures)]
    return [f"{case}, {clients} at once: {each} [{figures.outcomes}]" for each in found]


def _of_time(figures: Figures) -> list[str]:
    found = []
    noise = figures.noise + starved(figures.held)
    if figures.worst > HEALTHZ + noise:
        found.append(f"/healthz took {figures.worst:.0f} ms, {noise:.0f} ms of it the machine's")
    for held in worst_of_each_kind(figures.held):
        bound = HOLD if held["kind"] == "hold" else PAUSE
        if lasted(held, figures) > bound:
            what = "held the loop" if held["kind"] == "hold" else "kept the interpreter"
            found.append(
                f"{what} for {lasted(held, figures):.0f} ms of processor time "
                f"({held['wall_ms']:.0f} ms in all, {held['gc_ms']:.0f} ms of it the collector): "
                f"{held['places'][:2]}"
            )
    return found


def lasted(held: dict[str, Any], figures: Figures) -> float:
    """Return the processor time of a hold, in milliseconds of the idle machine.

    A task that yields and continues looks like one long hold. It cannot be longer than the longest
    wait for `/healthz`, which the prober requests every 10 ms.
    """
    longest = min(float(held["cpu_ms"]), float(held["wall_ms"]), figures.worst + 10)
    return longest / figures.slowness


def starved(held: list[dict[str, Any]]) -> float:
    """Return the milliseconds in which no thread ran although the loop had work."""
    return max((max(0.0, one["wall_ms"] - one["process_ms"]) for one in held), default=0.0)


def _of_bytes(case: Case, clients: int, figures: Figures) -> list[str]:
    found = []
    carried = figures.sent + figures.answered
    document = DOCUMENTS.get(case.document)
    opening = 0 if document is None else MEMORY_OF_A_VALUE * document.values()
    at_all = clients * MEMORY_OF_A_CLIENT + MEMORY_AT_ALL + opening
    if figures.peak > MEMORY * carried + at_all:
        found.append(f"{figures.peak} bytes of memory for {carried} that were carried")
    requests = max(clients, sum(figures.outcomes.values()))
    if figures.stored > STORED * figures.accepted + requests * STORED_OF_A_REQUEST + STORED_AT_ALL:
        found.append(f"{figures.stored} bytes stored for {figures.accepted} that were accepted")
    most = ANSWERED * figures.sent + clients * ANSWERED_AT_ALL
    if figures.answered > most and case.request != WHOLE_LOG:
        found.append(f"{figures.answered} bytes answered for {figures.sent} that were sent")
    return found


def worst_of_each_kind(held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the longest hold and the longest pause."""
    by_length = sorted(held, key=lambda one: float(one["cpu_ms"]))
    return list({one["kind"]: one for one in by_length}.values())
