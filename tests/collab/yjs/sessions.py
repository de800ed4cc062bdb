"""Random editing sessions of pycrdt clients, and the updates that they send."""

from __future__ import annotations

from random import Random
from typing import Any

from pycrdt import (
    Array,
    Doc,
    Map,
    Text,
    UndoManager,
    XmlElement,
    XmlFragment,
    XmlText,
)

WORDS = ["hero", "é", "日本", "a", "Buy now", "\U0001f600", "x\U0001f680y", " "]


class Peer:
    """One client: a document under a client id, and every update that it made."""

    def __init__(self, client: int, rng: Random) -> None:
        self.rng = rng
        self.client = client
        self.doc: Doc[Any] = Doc(client_id=client)
        self.content = self.doc.get("content", type=Map)
        self.text = self.doc.get("t", type=Text)
        self.rich = self.doc.get("r", type=Text)
        self.list = self.doc.get("l", type=Array)
        self.xml = self.doc.get("x", type=XmlFragment)
        self.undo = UndoManager(scopes=[self.text, self.content])
        self.sent: list[bytes] = []

    def edit(self) -> bytes:
        """Make one random transaction. Return the update that a provider would send."""
        before = self.doc.get_state()
        updates: list[bytes] = []
        subscription = self.doc.observe(lambda event: updates.append(event.update))
        with self.doc.transaction():
            for _ in range(self.rng.choice([1, 1, 1, 3])):
                self.rng.choice(self._edits())()
        if self.rng.random() < 0.1 and self.undo.can_undo():
            self.undo.undo()
        self.doc.unobserve(subscription)
        update = self.doc.get_update(before) if len(updates) != 1 else updates[0]
        self.sent.append(update)
        return update

    def _edits(self) -> list[Any]:
        return [self._type, self._erase, self._put, self._nest, self._push, self._pull, self._tree]

    def _type(self) -> None:
        word = self.rng.choice(WORDS)
        size = len(str(self.text).encode())
        at = self.rng.choice([0, size])
        if self.rng.random() < 0.3:
            self.text.insert(at, word, {"bold": self.rng.choice([True, None])})
        elif self.rng.random() < 0.1:
            # Not in `text`: there an embed would take an index that `str` does not show.
            self.rich.insert_embed(0, {"image": [1, 2.5, None]}, {"href": "x"})
        else:
            self.text.insert(at, word)

    def _erase(self) -> None:
        plain = str(self.text)
        if plain:
            at = self.rng.randrange(len(plain))
            start = len(plain[:at].encode())
            del self.text[start : start + len(plain[at].encode())]

    def _put(self) -> None:
        value: Any = self.rng.choice(
            [1, 2**40, -3, 1.5, None, True, "s", [1, {"a": "b"}], {"k": []}]
        )
        self.content[self.rng.choice("abc")] = value

    def _nest(self) -> None:
        made: list[Any] = [Map({"m": Map({"t": Text("in")})}), Array([1]), Text("t")]
        self.content[self.rng.choice("nop")] = self.rng.choice(made)

    def _push(self) -> None:
        at = self.rng.randrange(len(self.list) + 1)
        self.list.insert(at, self.rng.choice([1, "x", Map({"id": "i"}), Text("e")]))

    def _pull(self) -> None:
        if len(self.list):
            del self.list[self.rng.randrange(len(self.list))]
        elif self.content:
            del self.content[self.rng.choice(list(self.content.keys()))]

    def _tree(self) -> None:
        element = self.xml.children.append(XmlElement("p", {"class": "k"}, []))
        element.children.append(XmlText("text"))
        if len(self.xml.children) > 3:
            del self.xml.children[0]


def session(seed: int, edits: int, clients: tuple[int, ...] = (1, 2, 2**32 - 1)) -> list[Peer]:
    """Peers that edit in turns and exchange updates at random. The last edits stay unexchanged."""
    rng = Random(seed)
    peers = [Peer(client, rng) for client in clients]
    for _ in range(edits):
        peer = rng.choice(peers)
        peer.edit()
        if rng.random() < 0.4:
            other = rng.choice(peers)
            if other is not peer:
                other.doc.apply_update(peer.doc.get_update(other.doc.get_state()))
    return peers
