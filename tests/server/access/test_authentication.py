"""Authentication: the document of a token, and the name that a client gives itself."""

from __future__ import annotations

import pytest

from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.rights.user_rights import Rights, Role
from server.access.authentication import MAX_CLIENT, authenticate, client_name, name_document
from server.access.keyring import Keyring
from server.access.tokens import Claims
from tests.directory import WatchedDirectory
from tests.manual_clock import ManualClock

CLAIMS = Claims("demo", "ada", "Ada", Rights(Role.EDITOR, 10**13, docs=("home-*",)), 0, "k1")


def test_a_document_has_the_tenant_of_the_token() -> None:
    assert name_document(CLAIMS, "home-1") == DocKey("demo", "home-1")


@pytest.mark.parametrize("doc", ["other", "home-1/part", "home- ", ""])
def test_hidden_and_impossible_names_get_the_same_refusal(doc: str) -> None:
    with pytest.raises(Rejected) as caught:
        name_document(CLAIMS, doc)
    assert caught.value.refusal.code is Code.NOT_FOUND
    assert caught.value.refusal.message == "no such document"


@pytest.mark.parametrize("token", [None, ""])
async def test_a_request_without_a_token_is_refused(token: str | None) -> None:
    with pytest.raises(Rejected) as caught:
        await authenticate(Keyring(WatchedDirectory(), ManualClock()), token)
    assert caught.value.refusal.code is Code.UNAUTHENTICATED


def test_a_client_name_has_no_unprintable_characters() -> None:
    assert client_name("tab\n1\u202e\x00") == "tab1"
    assert client_name("x" * 1000) == "x" * MAX_CLIENT
