"""Tokens (JWTs): finds the token in a request, checks its signature, and reads its claims.

A token names its signing key by a key id (`kid`); `server.access.keyring` finds the key.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, NoReturn
from urllib.parse import parse_qsl

import msgspec
from jwt import PyJWTError
from jwt.api_jws import PyJWS
from msgspec import Meta, Struct

from collab.errors import UNREADABLE, Code, Rejected
from collab.ids import TENANT_NAME
from collab.ports.directory import SigningKey
from collab.rights.user_rights import Rights, Role, is_pointer

ALGORITHM = "HS256"
AUDIENCE = "weft"
MAX_TOKEN = 4096  # characters; a small limit, because the client is not authenticated yet
LEEWAY_MS = 10_000  # how far the clock of the token's issuer may be ahead of ours

# Control characters break logs. Line marks and bidirectional marks make two names look alike.
_PLAIN = r"\A[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*\Z"
_YEAR_9999 = 253_402_300_799

_Tenant = Annotated[str, Meta(pattern=rf"\A{TENANT_NAME.pattern}\Z")]
_User = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PLAIN)]
_Name = Annotated[str, Meta(max_length=128, pattern=_PLAIN)]
_Date = Annotated[int, Meta(ge=0, le=_YEAR_9999)] | Annotated[float, Meta(ge=0, le=_YEAR_9999)]
_Globs = Annotated[list[Annotated[str, Meta(min_length=1, max_length=128)]], Meta(max_length=256)]
_Pointers = Annotated[list[Annotated[str, Meta(max_length=512)]], Meta(max_length=256)]

_KID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Payload(Struct, frozen=True, omit_defaults=True):
    """A token's claims as JSON. The server ignores unknown claims (RFC 7519, 4)."""

    tid: _Tenant
    sub: _User
    role: Role
    iat: _Date
    exp: _Date
    aud: str | list[str]
    name: _Name = ""
    docs: _Globs | None = None
    sections: _Pointers | None = None
    nbf: _Date = 0


_PAYLOAD = msgspec.json.Decoder(Payload)
_JWS = PyJWS(algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class Claims:
    """The verified claims of a token: its tenant, user and rights. Times are ms since 1970, UTC."""

    tenant: str
    user: str
    name: str
    rights: Rights
    issued_at: int
    kid: str

    @property
    def role(self) -> Role:
        return self.rights.role

    @property
    def expires_at(self) -> int:
        return self.rights.expires_at


def refuse(sentence: str) -> NoReturn:
    """Raise `unauthenticated`."""
    raise Rejected(Code.UNAUTHENTICATED, sentence)


def mint(key: SigningKey, claims: Claims) -> str:
    """Return a token with these claims, signed with `key`. The token's kid is that of `key`."""
    rights = claims.rights
    payload = Payload(
        tid=claims.tenant,
        sub=claims.user,
        role=rights.role,
        iat=claims.issued_at // 1000,
        exp=rights.expires_at // 1000,
        aud=AUDIENCE,
        name=claims.name,
        docs=None if rights.docs is None else list(rights.docs),
        sections=None if rights.sections is None else list(rights.sections),
    )
    body = msgspec.json.encode(payload)
    try:  # never make a token that `verify_token` would refuse
        _check(_PAYLOAD.decode(body), claims.tenant, claims.issued_at)
    except UNREADABLE as error:
        raise Rejected(Code.MALFORMED, f"a token cannot have these claims: {error}") from error
    return _JWS.encode(body, key.secret, ALGORITHM, headers={"kid": key.kid})


def key_id(token: str) -> str:
    """Return the key id (kid) in a token's header. The signature is not checked yet."""
    if len(token) > MAX_TOKEN or not token.isascii():
        refuse("the token is not a JSON Web Token")
    try:
        kid = _JWS.get_unverified_header(token).get("kid")
    except PyJWTError:
        refuse("the token is not a JSON Web Token")
    if not isinstance(kid, str) or _KID.fullmatch(kid) is None:
        refuse("the token does not name its key (kid)")
    return kid


def verify_token(token: str, tenant: str, key: SigningKey, now: int, *, late_ms: int = 0) -> Claims:
    """Return the claims of a token. Raise when the signature or a claim is not valid at `now`.

    With `late_ms`, a token that has expired is accepted for this time.
    """
    try:
        # Raises for another algorithm, a bad signature, and header extensions (crit, b64).
        body = _JWS.decode(token, key.secret, [ALGORITHM], {"enforce_minimum_key_length": True})
    except PyJWTError:
        if _is_signed_with_text(token, key):
            refuse("the token was signed with the secret's text: decode it from base64url first")
        refuse("the token was not signed by a key of this server")
    try:
        payload = _PAYLOAD.decode(body)
    except UNREADABLE as error:
        refuse(f"the token's claims are not valid: {error}")
    _check(payload, tenant, now, late_ms)
    return _claims(payload, key)


def _is_signed_with_text(token: str, key: SigningKey) -> bool:
    """Whether the token was signed with the secret's text, as `weft key add --show` prints it."""
    printed = urlsafe_b64encode(key.secret)
    for text in (printed, printed.rstrip(b"=")):
        try:
            _JWS.decode(token, text, [ALGORITHM])
        except PyJWTError:
            continue
        return True
    return False


def _check(payload: Payload, tenant: str, now: int, late_ms: int = 0) -> None:
    audience = [payload.aud] if isinstance(payload.aud, str) else payload.aud
    if AUDIENCE not in audience:
        refuse('the token is for another service: aud must be "weft"')
    if payload.tid != tenant:
        refuse("the token was signed with another tenant's key")
    if now >= int(payload.exp * 1000) + late_ms:
        refuse("the token has expired")
    if max(payload.iat, payload.nbf) * 1000 > now + LEEWAY_MS:
        refuse("the token is not valid yet; compare the clocks")
    if payload.iat >= payload.exp:
        refuse("the token expires before it was issued")
    if not all(map(is_pointer, payload.sections or ())):
        refuse("the token's sections must be JSON Pointers")


def _claims(payload: Payload, key: SigningKey) -> Claims:
    rights = Rights(
        role=payload.role,
        expires_at=int(payload.exp * 1000),
        docs=(key.doc,) if key.doc else _frozen(payload.docs),
        sections=_frozen(payload.sections),
        share=key.kid if key.doc else "",
    )
    return Claims(
        tenant=payload.tid,
        user=payload.sub,
        name=payload.name or payload.sub,
        rights=rights,
        issued_at=int(payload.iat * 1000),
        kid=key.kid,
    )


def _frozen(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def token_in_header(authorization: str | None) -> str | None:
    """Return the token of `Authorization: Bearer …`, or None.

    `Bearer` may have upper or lower case letters (RFC 9110, 11.1).
    """
    scheme, _, token = (authorization or "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def token_in_subprotocols(subprotocols: Iterable[str]) -> str | None:
    """Return the token of the WebSocket subprotocol `bearer.<jwt>`.

    Browser code cannot set a header for a WebSocket. A query string would appear in proxies' logs.
    """
    found = (each.removeprefix("bearer.") for each in subprotocols if each.startswith("bearer."))
    return next(found, None) or None


def token_in_query(query: bytes) -> str | None:
    """Return the token of `?token=`. Clients of the Yjs lane can send a token in no other way."""
    try:
        pairs = parse_qsl(query.decode("ascii"), max_num_fields=64)
    except ValueError:
        return None
    return next((value for name, value in pairs if name == "token"), None)
