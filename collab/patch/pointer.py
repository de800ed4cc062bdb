"""JSON Pointers (RFC 6901): text to tokens and back, and which location lies under which."""

from __future__ import annotations

from typing import Any

from collab.errors import Code, Rejected
from collab.ids import MAX_POINTER

Tokens = tuple[str, ...]

# An index above this many digits is longer than any list; int() on a long string is quadratic.
_MAX_INDEX_DIGITS = 9
# A look-up takes a third of what checking and converting a short token does.
_INDEXES = {str(index): index for index in range(1_000)}


def parse(pointer: object, *, max_bytes: int = 0) -> Tokens:
    """The reference tokens of a pointer; `invalid_patch` where it is none (RFC 6901 section 3)."""
    if not isinstance(pointer, str):
        raise Rejected(Code.INVALID_PATCH, "a pointer must be a string", path="")
    if not pointer:
        return ()
    if max_bytes and len(pointer) > max_bytes:
        raise Rejected(Code.INVALID_PATCH, f"a pointer is longer than {max_bytes} bytes", path="")
    if not pointer.isascii():
        _check_unicode(pointer, max_bytes)
    if pointer[0] != "/":
        raise Rejected(Code.INVALID_PATCH, "a pointer must start with '/'", path=pointer)
    if "~" in pointer:
        return tuple([_unescape(token, pointer) for token in pointer[1:].split("/")])
    return tuple(pointer[1:].split("/"))


def parse_named(pointer: object, name: str) -> Tokens:
    """The tokens of a pointer that a request names beside its operations; else `malformed`."""
    try:
        return parse(pointer, max_bytes=MAX_POINTER)
    except Rejected as rejected:
        path = rejected.refusal.extra["path"][:MAX_POINTER]
        text = f"`{name}` is no JSON Pointer: {rejected.refusal.message}"
        raise Rejected(Code.MALFORMED, text, path=path) from rejected


def render(tokens: tuple[str | int, ...]) -> str:
    """The pointer of these tokens; array indexes may be given as integers."""
    if not tokens:
        return ""
    text = "/".join([str(token).replace("~", "~0").replace("/", "~1") for token in tokens])
    return f"/{text}"


def lookup(value: Any, tokens: Tokens) -> Any:
    """The value at a location; `path_not_found` where there is none."""
    try:
        for token in tokens:
            if type(value) is dict:
                value = value[token]
            elif type(value) is list:
                index = _INDEXES.get(token)
                value = value[index if index is not None else _index(token)]
            else:
                raise not_found(tokens)
    except LookupError:
        raise not_found(tokens) from None
    return value


def _index(token: str) -> int:
    index = index_of(token)
    if index is None:
        raise LookupError
    return index


def child(node: Any, token: str) -> Any:
    """What is under a token, None where there is nothing."""
    if type(node) is dict:
        return node.get(token)
    if type(node) is list:
        index = index_of(token)
        return node[index] if index is not None and index < len(node) else None
    return None


def exists(value: Any, tokens: Tokens) -> bool:
    """Whether there is a value at a location."""
    try:
        lookup(value, tokens)
    except Rejected:
        return False
    return True


def covers(a: tuple[str | int, ...], b: tuple[str | int, ...]) -> bool:
    """Whether `b` is `a` or lies under it."""
    return b[: len(a)] == a


def index_of(token: str) -> int | None:
    """The array index a token names: ASCII digits without a leading zero (RFC 6901 section 4)."""
    index = _INDEXES.get(token)
    if index is not None:
        return index
    if not token.isdigit() or not token.isascii() or token[0] == "0":
        return None
    return int(token) if len(token) <= _MAX_INDEX_DIGITS else None


def not_found(tokens: tuple[str | int, ...]) -> Rejected:
    """The refusal for a location that is not there."""
    path = render(tokens)
    return Rejected(Code.PATH_NOT_FOUND, f"there is nothing at {path!r}", path=path)


def _unescape(token: str, pointer: str) -> str:
    if "~" not in token:
        return token
    plain = token.replace("~1", "").replace("~0", "")
    if "~" in plain:
        raise Rejected(Code.INVALID_PATCH, "'~' must be written '~0' or '~1'", path=pointer)
    # RFC 6901 section 4: '~1' first, or '~01' would become '/'.
    return token.replace("~1", "/").replace("~0", "~")


def _check_unicode(pointer: str, max_bytes: int) -> None:
    try:
        size = len(pointer.encode())
    except UnicodeEncodeError:
        raise Rejected(Code.INVALID_PATCH, "a pointer holds a lone surrogate", path="") from None
    if max_bytes and size > max_bytes:
        raise Rejected(Code.INVALID_PATCH, f"a pointer is longer than {max_bytes} bytes", path="")
