"""Tokens of the clients: each client is a user of its own, because budgets count per user."""

from __future__ import annotations

import base64
import hmac
import json
import time
from types import SimpleNamespace

from bench.load.settings import decoded

LATER = 3600  # a token outlives the run by this many seconds


def token_of(settings: SimpleNamespace, user: str, role: str) -> str:
    if settings.token:
        return str(settings.token)
    now = int(time.time())
    lasts = settings.ramp_seconds + settings.seconds + settings.drain_seconds + LATER
    header = {"alg": "HS256", "typ": "JWT", "kid": settings.key}
    payload = {
        "aud": "weft",
        "tid": settings.tenant,
        "sub": user,
        "role": role,
        "iat": now,
        "exp": int(now + lasts),
    }
    signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, payload))
    return (
        f"{signed}.{_base64url(hmac.digest(decoded(settings.secret), signed.encode(), 'sha256'))}"
    )


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
