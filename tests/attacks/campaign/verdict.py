"""Whether a run stayed within what the owner allows, and what to say where it did not."""

from __future__ import annotations

from typing import Any, Final

from tests.attacks.campaign import limits
from tests.attacks.campaign.case import Case
from tests.attacks.campaign.documents import DOCUMENTS
from tests.attacks.campaign.figures import Figures

# Milliseconds that anybody waits for `/healthz`, beyond what the machine itself was late by.
HEALTHZ: Final = 100.0
# Milliseconds of processor time that one callback keeps the event loop, the collector included.
HOLD: Final = 50.0
# Milliseconds that other threads of the process keep the interpreter from the loop.
PAUSE: Final = 50.0
# Bytes of memory at the peak for a byte that was sent or answered, beyond a fixed part of each
# client: the value of a document and its next version, which a reader may be sent.
MEMORY: Final = 16
MEMORY_OF_A_CLIENT: Final = limits.DOCUMENT
MEMORY_AT_ALL: Final = 4 * limits.DOCUMENT
# Opening a document: the Yjs types, the nodes, and the value, for each value in it.
MEMORY_OF_A_VALUE: Final = 2_000
# Bytes in the database for an accepted byte: the ops, the update, and the undo records with what
# was there before, each about as long as the request. What an entry may have free of charge (B10)
# is no such bound: a list of small numbers has 27 bytes of update for each of its own, and what is
# beyond twelve times the request is paid for. Beyond it each client has what is free of charge
# (an entry's 16 KiB, and as much for the rows around it), and the document has one snapshot, of
# its state, its value and its steps.
STORED: Final = 4
STORED_OF_A_REQUEST: Final = 32 * 1024
STORED_AT_ALL: Final = 3 * limits.DOCUMENT
# Bytes of an answer for a byte that was sent, beyond the document itself and its history's page.
ANSWERED: Final = 8
ANSWERED_AT_ALL: Final = 4 * limits.DOCUMENT
# Bytes that may stay resident when everybody is gone, for fragments of the allocator.
LEFT: Final = 64 * 1024 * 1024


def violations(case: Case, clients: int, figures: Figures) -> list[str]:
    """A sentence for each figure that is beyond its bound; none when all is well."""
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
    """Processor time of a hold, in milliseconds.

    A task that yields and goes on looks like one long hold. It cannot have been longer than the
    longest wait for `/healthz`, which is asked for every 10 ms.
    """
    return min(float(held["cpu_ms"]), figures.worst + 10)


def starved(held: list[dict[str, Any]]) -> float:
    """Milliseconds in which no thread of the process ran, though its loop had work to do."""
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
    if figures.answered > ANSWERED * figures.sent + clients * ANSWERED_AT_ALL:
        found.append(f"{figures.answered} bytes answered for {figures.sent} that were sent")
    return found


def worst_of_each_kind(held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The longest hold and the longest pause."""
    by_length = sorted(held, key=lambda one: float(one["cpu_ms"]))
    return list({one["kind"]: one for one in by_length}.values())
