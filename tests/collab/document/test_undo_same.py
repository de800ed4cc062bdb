"""Undo keeps what another user wrote over a step, even when it is equal to the step's value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from collab.errors import Code, Rejected
from tests.collab.document.test_undo import Desk

Work = Callable[[Any], None]


class YjsDesk(Desk):
    def write(self, user: str, work: Work) -> None:
        """Edit on the Yjs lane."""
        self._reopen()
        self.now += 5_000
        peer = Doc[Any](client_id=5_000 + len(self.entries))
        content = peer.get("content", type=Map)
        peer.apply_update(self.document.update_since(b"\x00"))
        with peer.transaction():
            work(content)
        update = peer.get_update(self.document.encode_state_vector())
        change = self.document.integrate(update, version=self.version, user=user, at=self.now)
        self._log(change, user, "edit")

    def refuses_to_undo(self, user: str) -> bool:
        before = self.value
        with pytest.raises(Rejected) as refused:
            self.undo(user)
        return refused.value.refusal.code == Code.NOTHING_TO_UNDO and self.value == before


@pytest.fixture(params=[False, True], ids=["kept open", "reopened at each step"])
def desk(request: pytest.FixtureRequest) -> YjsDesk:
    desk = YjsDesk(request.param)
    desk.edit("root", "add", "/text", "Hello world")
    desk.edit("root", "add", "/list", [{"id": "a"}, {"id": "b"}, 3])
    desk.write("root", lambda content: content.update({"array": Array([Text("Hello"), 1])}))
    return desk


def _set(make: Callable[[], Any]) -> Work:
    return lambda content: content.update({"text": make()})


def _order(content: Any) -> None:
    content["list"]["a"]["@order"] = "a9"


def _wrapped(content: Any) -> None:
    content["list"][_third(content)]["@value"] = 4


def _third(content: Any) -> str:
    (key,) = set(content["list"].keys()) - {"@array", "a", "b"}
    return str(key)


@pytest.mark.parametrize(
    "work",
    [_set(lambda: 5), _set(lambda: "plain"), _set(lambda: Text("new")), _order, _wrapped],
    ids=["number", "plain string", "text", "order", "element that is not an object"],
)
def test_u3_an_equal_value_set_on_the_yjs_lane_is_its_authors(desk: YjsDesk, work: Work) -> None:
    desk.write("ada", work)
    desk.write("bo", work)
    assert desk.refuses_to_undo("ada")


def _text(content: Any) -> Any:
    return content["text"]


def _item(content: Any) -> Any:
    return content["array"][0]


def _element(content: Any) -> Any:
    return content["list"][_third(content)]["@value"]


@pytest.mark.parametrize("text", [_text, _item, _element])
def test_u3_equal_characters_typed_by_another_user_are_theirs(
    desk: YjsDesk, text: Callable[[Any], Any]
) -> None:
    desk.write("root", lambda content: content["list"][_third(content)].update({"@value": Text()}))
    desk.write("ada", lambda content: text(content).insert(0, "Ada"))

    def type_over(content: Any) -> None:
        del text(content)[0:3]
        text(content).insert(0, "Ada")

    desk.write("bo", type_over)
    assert desk.refuses_to_undo("ada")


def test_u3_formatted_characters_keep_their_author(desk: YjsDesk) -> None:
    desk.write("ada", lambda content: content["text"].insert(0, "Ada "))
    desk.write("bo", lambda content: content["text"].format(0, 3, {"bold": True}))
    desk.undo("ada")
    assert desk.value["text"] == "Hello world"
    desk.redo("ada")
    assert desk.value["text"] == "Ada Hello world"
