"""Renews a document that has too many needless blocks, as an entry of the server.

A fresh Yjs document with the same value has no needless blocks. Such blocks are former values,
deleted keys and pieces of texts (`collab/structs/block_estimate.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from collab.document.value_count import WorkSize
from collab.patch.bounds import nesting
from collab.room.requests import Answer, Renew, Round
from collab.tree.tree import EMPTY_STATE_VECTOR

if TYPE_CHECKING:
    from collab.room.member import Member
    from collab.room.working import Working

# To write so many values again takes about a second.
MOST_VALUES: Final = 20_000


def renew(working: Working, member: Member, request: Renew, now: Round) -> Answer:
    """Count the blocks of the document, and renew it when they exceed the limit."""
    document = working.document
    if not working.exists or not document.blocks.may_exceed(request.limit):
        return Answer(working.head)
    values = nesting(document.value)[1]
    document.blocks.count(document.update_since(EMPTY_STATE_VECTOR), values)
    if not document.blocks.exceeds(request.limit):
        return Answer(working.head)
    if values > MOST_VALUES:
        document.blocks.accept()
        return Answer(working.head)
    change = document.renew(version=working.head + 1, user=member.author.user, at=now.now)
    working.drop_index()
    state = document.update_since(EMPTY_STATE_VECTOR)
    document.blocks.renewed(state, values)
    document.work = WorkSize(len(state))
    return Answer(working.head) if change is None else working.enter(member, change, now)
