"""Tokens: which are accepted, which are refused, and where they are read from."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.errors import Code, Rejected
from collab.ports.directory import SigningKey
from collab.rights.user_rights import Rights, Role
from server.access.tokens import (
    LEEWAY_MS,
    MAX_TOKEN,
    Claims,
    key_id,
    mint,
    token_in_header,
    token_in_query,
    token_in_subprotocols,
    verify_token,
)

NOW = 1_800_000_000_000
KEY = SigningKey(kid="k-1", secret=b"s" * 32, created_at=0)
GOOD: dict[str, Any] = {
    "tid": "demo",
    "sub": "ada",
    "role": "editor",
    "iat": NOW // 1000,
    "exp": NOW // 1000 + 3600,
    "aud": "weft",
}


def signed(headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return a token as another library would make it. A claim that is None is left out."""
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    extra = {"kid": "k-1"} if headers is None else headers
    return jwt.encode(claims, KEY.secret, algorithm="HS256", headers=extra)


def opened(token: str, now: int = NOW) -> Claims:
    assert key_id(token) == KEY.kid
    return verify_token(token, "demo", KEY, now)


def refusal(token: str, now: int = NOW) -> Code:
    with pytest.raises(Rejected) as caught:
        opened(token, now)
    return caught.value.refusal.code


def test_a_token_of_another_library_is_accepted() -> None:
    rights = Rights(Role.EDITOR, expires_at=NOW + 3_600_000)
    assert opened(signed()) == Claims("demo", "ada", "ada", rights, NOW, "k-1")


def test_a_minted_token_has_the_given_claims() -> None:
    rights = Rights(Role.VIEWER, NOW + 5000, docs=("blog-*",), sections=("/pages/0", ""))
    claims = Claims("demo", "ada@example.com", "Ada 🐙", rights, NOW, "k-1")
    assert opened(mint(KEY, claims)) == claims


@pytest.mark.thorough
@given(
    st.sampled_from(list(Role)),
    st.none() | st.lists(st.sampled_from(["home", "*", "a?"]), max_size=3).map(tuple),
    st.none() | st.lists(st.sampled_from(["", "/a", "/a~1b/0"]), max_size=3).map(tuple),
    st.integers(1, 10**6),
)
def test_rights_survive_minting_and_verification(
    role: Role, docs: tuple[str, ...] | None, sections: tuple[str, ...] | None, ttl: int
) -> None:
    rights = Rights(role, NOW + ttl * 1000, docs, sections)
    assert opened(mint(KEY, Claims("demo", "ada", "Ada", rights, NOW, "k-1"))).rights == rights


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"iat": None},
        {"aud": None},
        {"tid": None},
        {"sub": None},
        {"role": None},
        {"aud": "weft2"},
        {"aud": ["a", "b"]},
        {"aud": {"weft": 1}},
        {"tid": "other"},
        {"tid": "Demo"},
        {"tid": "demo\n"},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a" * 129},
        {"sub": "a\nb"},
        {"sub": "a\x00"},
        {"sub": "ada\n"},
        {"name": "a\x1b[2J"},
        {"name": "\u202egnp.exe"},
        {"name": "a\u2028b"},
        {"name": "x" * 129},
        {"name": ["Ada"]},
        {"role": "owner"},
        {"role": "ADMIN"},
        {"role": ["admin"]},
        {"role": 4},
        {"docs": "*"},
        {"docs": [1]},
        {"docs": [""]},
        {"docs": ["*"] * 257},
        {"sections": "/a"},
        {"sections": ["a"]},
        {"sections": ["/~"]},
        {"sections": [None]},
        {"exp": "2100"},
        {"exp": True},
        {"exp": [2]},
        {"exp": -1},
        {"exp": 1e300},
        {"exp": 10**30},
        {"exp": NOW // 1000},
        {"exp": NOW // 1000 - 1},
        {"iat": NOW // 1000 + LEEWAY_MS // 1000 + 1},
        {"nbf": NOW // 1000 + LEEWAY_MS // 1000 + 1},
        {"iat": NOW // 1000 + 9, "exp": NOW // 1000 + 8},
        {"iat": "now"},
    ],
)
def test_a_token_with_wrong_claims_is_refused(changes: dict[str, Any]) -> None:
    assert refusal(signed(**changes)) is Code.UNAUTHENTICATED


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["weft", "other"]},
        {"exp": NOW / 1000 + 0.5},
        {"iat": NOW // 1000 + LEEWAY_MS // 1000},
        {"nbf": NOW // 1000 - 5},
        {"name": "Ada Lovelace"},
        {"docs": []},
        {"sections": []},
        {"iss": "somebody", "jti": "7", "unknown": {"deep": [1]}},
    ],
)
def test_optional_and_unknown_claims_are_accepted(changes: dict[str, Any]) -> None:
    opened(signed(**changes))


def test_a_token_expires_at_its_second() -> None:
    token = signed()
    expires = (NOW // 1000 + 3600) * 1000
    assert opened(token, expires - 1).rights.expires_at == expires
    assert refusal(token, expires) is Code.UNAUTHENTICATED


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _unsigned(header: object) -> str:
    return f"{_segment(header)}.{_segment(GOOD)}."


@pytest.mark.parametrize(
    "token",
    [
        _unsigned({"alg": "none", "kid": "k-1"}),
        _unsigned({"alg": "None", "kid": "k-1"}),
        _unsigned({"alg": "HS256", "kid": "k-1"}),
        _unsigned({"alg": ["HS256"], "kid": "k-1"}),
        _unsigned({"kid": "k-1"}),
        jwt.encode(GOOD, b"t" * 32, algorithm="HS256", headers={"kid": "k-1"}),
        jwt.encode(GOOD, b"s" * 64, algorithm="HS512", headers={"kid": "k-1"}),
        jwt.encode(GOOD, b"s" * 48, algorithm="HS384", headers={"kid": "k-1"}),
        signed(headers={"kid": "k-1", "crit": ["exp"], "exp": 1}),
        signed(headers={"kid": "k-1", "b64": False}),
        signed()[:-2],
        signed() + "A",
        signed().replace(".", "..", 1),
    ],
)
def test_a_token_with_a_foreign_signature_is_refused(token: str) -> None:
    assert refusal(token) is Code.UNAUTHENTICATED


def test_a_changed_payload_is_refused() -> None:
    header, _, signature = signed().split(".")
    token = f"{header}.{_segment(GOOD | {'role': 'admin'})}.{signature}"
    assert refusal(token) is Code.UNAUTHENTICATED


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "\ud800.\ud800.",
        "x" * (MAX_TOKEN + 1),
        signed(headers={}),
        signed(headers={"kid": ""}),
        signed(headers={"kid": "k 1"}),
        signed(headers={"kid": "../../etc/passwd"}),
        signed(headers={"kid": "k" * 65}),
        _unsigned({"alg": "HS256", "kid": 7}),
        _unsigned({"alg": "HS256", "kid": None}),
        _unsigned([]),
        _unsigned(10**400),
        signed(name="x" * MAX_TOKEN),
    ],
)
def test_a_token_without_a_key_id_is_refused_without_a_lookup(token: str) -> None:
    with pytest.raises(Rejected) as caught:
        key_id(token)
    assert caught.value.refusal.code is Code.UNAUTHENTICATED


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_any_text_is_only_refused(token: str) -> None:
    with pytest.raises(Rejected):
        key_id(token)


@pytest.mark.thorough
@settings(max_examples=500)
@given(st.data())
def test_a_token_with_one_character_changed_is_refused(data: st.DataObject) -> None:
    token = signed()
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != token[at]))
    changed = token[:at] + other + token[at + 1 :]
    with pytest.raises(Rejected):
        verify_token(changed, "demo", KEY, NOW)


@pytest.mark.parametrize(
    ("user", "ttl"), [("", 5), ("a\nb", 5), ("x" * 129, 5), ("ada", 0), ("ada", -5)]
)
def test_a_token_that_would_be_refused_is_not_minted(user: str, ttl: int) -> None:
    rights = Rights(Role.EDITOR, NOW + ttl * 1000)
    with pytest.raises(Rejected):
        mint(KEY, Claims("demo", user, "", rights, NOW, "k-1"))


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic a.b.c", None),
        ("a.b.c", None),
        ("Bearer a.b.c", "a.b.c"),
        ("bearer a.b.c", "a.b.c"),
        (" BEARER   a.b.c ", "a.b.c"),
    ],
)
def test_a_token_is_read_from_the_authorization_header(
    header: str | None, token: str | None
) -> None:
    assert token_in_header(header) == token


@pytest.mark.parametrize(
    ("subprotocols", "token"),
    [
        ([], None),
        (["weft.v1"], None),
        (["weft.v1", "bearer."], None),
        (["weft.v1", "bearer.a.b.c"], "a.b.c"),
        (["bearer.a.b.c", "weft.v1"], "a.b.c"),
        (["weft.v1", "bearera.b.c"], None),
    ],
)
def test_a_token_is_read_from_a_subprotocol(subprotocols: list[str], token: str | None) -> None:
    assert token_in_subprotocols(subprotocols) == token


@pytest.mark.parametrize(
    ("query", "token"),
    [
        (b"", None),
        (b"token=", None),
        (b"token=a.b.c", "a.b.c"),
        (b"client=x&token=a.b.c&token=d", "a.b.c"),
        (b"xtoken=a", None),
        (b"token=%61.b", "a.b"),
        (b"token=\xff", None),
        (b"&" * 100 + b"token=a", None),
    ],
)
def test_a_token_is_read_from_the_query(query: bytes, token: str | None) -> None:
    assert token_in_query(query) == token
