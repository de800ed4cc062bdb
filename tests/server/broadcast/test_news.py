"""News: which frames a commit makes, and which message answers a request."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from collab.entry import Author, Entry
from collab.errors import Code, Refusal
from collab.ids import Json
from collab.messages import Peer
from collab.patch.apply import apply
from collab.presence.difference import difference
from collab.room.requests import Answer, PatchRequest, Update
from collab.yjs import awareness
from collab.yjs import frames as yjs_frames
from collab.yjs.awareness import State
from server.broadcast.news import MOST_OPS, News, PresenceNews, encoded_ops, render, spliced
from tests.server.websocket.splitting import split

TEXT = "a" * 4_000


def entry(version: int, update: bytes = b"", *, id: str = "", value: object = None) -> Entry:
    ops = [{"op": "replace", "path": "/t", "value": version if value is None else value}]
    return Entry(version, Author("ada", session="s-1"), 0, "edit", ops, update, id=id)


def said(frame: bytes) -> list[dict[str, Any]]:
    [(_, payload)] = split(frame)
    read = json.loads(payload)
    return read if isinstance(read, list) else [read]


def updates(frame: bytes) -> list[bytes]:
    found = []
    for _, payload in split(frame):
        [message] = yjs_frames.decode(payload)
        assert isinstance(message, yjs_frames.SyncUpdate)
        found.append(message.update)
    return found


def test_the_patch_frame_has_each_change_in_order_without_the_ids_of_the_requests() -> None:
    news = News([entry(2, id="p-1"), entry(3, id="p-2")], 1, {"t": 3}, previous_value={"t": 1})
    changes = said(news.patch_frame)
    assert [change["version"] for change in changes] == [2, 3]
    assert not any("id" in change for change in changes)
    assert news.users == {"ada"}
    assert (news.after, news.is_incomplete) == (3, False)


@pytest.mark.parametrize("splice", [False, True])
def test_the_frame_for_a_user_has_the_ids_of_this_users_requests(splice: bool) -> None:
    other = msgspec.structs.replace(entry(3, id="q-1"), author=Author("bo", session="s-2"))
    news = News([entry(2, id="p-1"), other, entry(4)], 1, {"t": 4}, previous_value={"t": 1})
    assert news.users == {"ada", "bo"}
    for user, ids in (("ada", ["p-1", None, None]), ("bo", [None, "q-1", None])):
        frame = news.frame_for(user, splice=splice)
        assert [change.get("id") for change in said(frame)] == ids
        assert [change["version"] for change in said(frame)] == [2, 3, 4]
        assert news.frame_for(user, splice=splice) is frame, "it is encoded once"


def test_news_that_lack_entries_are_incomplete() -> None:
    assert News([], 1, {}, after=3).is_incomplete
    assert News([entry(3)], 1, {}, after=3).is_incomplete
    assert not News([], 3, {}, after=3).is_incomplete


def test_each_update_is_a_frame_of_its_own_and_an_empty_one_is_none() -> None:
    news = News([entry(2, b"one"), entry(3), entry(4, b"three")], 1, {})
    assert updates(news.yjs_frame) == [b"one", b"three"]
    assert updates(news.yjs_frame_after(2)) == [b"three"]
    assert news.yjs_frame_after(4) == b""


def test_the_size_of_news_is_that_of_the_lane() -> None:
    news = News([entry(2, b"one")], 1, {})
    assert news.size("yjs") == len(news.yjs_frame)
    assert news.size("patch") == sum(map(len, news.payloads))


def test_clients_that_accept_splices_get_a_long_text_as_what_changed_in_it() -> None:
    news = News([entry(2, value=TEXT + "b")], 1, {"t": TEXT + "b"}, previous_value={"t": TEXT})
    [change] = said(news.splice_frame)
    assert [op["op"] for op in change["ops"]] == ["splice"]
    [whole] = said(news.patch_frame)
    assert [op["op"] for op in whole["ops"]] == ["replace"]


def test_a_change_with_very_many_ops_is_sent_without_splices() -> None:
    long = [{"op": "replace", "path": "/t", "value": TEXT}]
    ops = long + [{"op": "test", "path": "/t", "value": TEXT}] * (MOST_OPS - 1)
    few = Entry(2, Author("ada"), 0, "edit", ops, b"")
    many = Entry(2, Author("ada"), 0, "edit", ops + long, b"")
    assert spliced(many, {"t": TEXT}).ops is many.ops
    assert spliced(few, {"t": TEXT}).ops is not few.ops


def test_a_request_with_an_id_gets_an_ack_or_a_reject_and_another_one_only_an_error() -> None:
    patch = PatchRequest("p-1", None, [])
    no = Refusal(Code.CONFLICT, "no")
    assert render(patch, Answer(4, ack={"merged": ["/a"]})) == {
        "type": "ack",
        "id": "p-1",
        "version": 4,
        "merged": ["/a"],
    }
    rejected = render(patch, Answer(4, refusal=no))
    assert rejected is not None
    assert (rejected["type"], rejected["id"], rejected["version"]) == ("reject", "p-1", 4)
    assert render(Update(b""), Answer(4)) is None
    error = render(Update(b""), Answer(4, refusal=no))
    assert error is not None
    assert (error["type"], error["code"]) == ("error", "conflict")


def peer(session: str, state: dict[str, Any] | None = None) -> Peer:
    return Peer(session, 7, session, "", "", "editor", state or {})


def test_presence_is_one_frame_for_all_but_the_sessions_that_it_is_about() -> None:
    ada, bo = peer("s-ada"), peer("s-bo")
    news = PresenceNews(difference([ada, bo], [], ["s-gone"], []))
    assert news.patch_frame_for("s-cy", {}) is news.patch_frame
    [own] = said(news.patch_frame_for("s-ada", {}))
    assert [one["session"] for one in own["joined"]] == ["s-bo"]
    assert own["left"] == ["s-gone"]
    [known] = said(news.patch_frame_for("s-cy", {"s-ada": ada, "s-bo": peer("s-bo", {"at": 0})}))
    assert "joined" not in known
    assert [one["session"] for one in known["updated"]] == ["s-bo"]


def test_presence_without_a_change_or_a_state_is_no_frame() -> None:
    assert PresenceNews(difference([], [], [], [])).yjs_frame == b""
    alone = PresenceNews(difference([peer("s-ada")], [], [], []))
    assert alone.patch_frame_for("s-ada", {}) == b""
    shown = PresenceNews(difference([], [], [], [State(7, 1, {"at": 1})]))
    [(_, payload)] = split(shown.yjs_frame)
    [message] = yjs_frames.decode(payload)
    assert isinstance(message, yjs_frames.AwarenessUpdate)
    assert awareness.decode(message.body) == [State(7, 1, {"at": 1})]


@pytest.mark.parametrize("splice", [False, True])
def test_the_ops_between_two_values_are_encoded_for_a_client(splice: bool) -> None:
    before: Json = {"t": f"{TEXT} three {TEXT}"}
    after: Json = {"t": f"{TEXT} four {TEXT}"}
    ops = json.loads(bytes(encoded_ops(before, after, [], splice=splice)))
    assert apply(before, ops, splices=True).value == after
    assert ops[0]["op"] == ("splice" if splice else "replace")
