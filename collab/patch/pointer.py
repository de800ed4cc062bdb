"""JSON Pointers (RFC 6901): parse them, render them, look up and compare their locations."""

from __future__ import annotations

from typing import Any

from collab.errors import Code, Rejected
from collab.ids import MAX_POINTER

# The parts of a JSON Pointer between its slashes. RFC 6901 calls them reference tokens.
Tokens = tuple[str, ...]

# An index with more digits is beyond the end of every list. So it is not converted: the time of
# int() grows with the square of the number of digits.
_MAX_INDEX_DIGITS = 9
# Checking and converting a short token takes three times as long as a look-up in this table.
_INDEXES = {str(index): index for index in range(1_000)}


def parse(pointer: object, *, max_bytes: int = 0) -> Tokens:
    """Return the tokens of a JSON Pointer (RFC 6901 section 3), or raise `invalid_patch`."""
    if not isinstance(pointer, str):
        raise Rejected(Code.INVALID_PATCH, "a JSON Pointer must be given as a string", path="")
    if not pointer:
        return ()
    if max_bytes and len(pointer) > max_bytes:
        raise Rejected(
            Code.INVALID_PATCH, f"a JSON Pointer must not be longer than {max_bytes} bytes", path=""
        )
    if not pointer.isascii():
        _check_unicode(pointer, max_bytes)
    if pointer[0] != "/":
        raise Rejected(
            Code.INVALID_PATCH, "a JSON Pointer must be empty or start with '/'", path=pointer
        )
    if "~" in pointer:
        return tuple([_unescape(token, pointer) for token in pointer[1:].split("/")])
    return tuple(pointer[1:].split("/"))


def parse_named(pointer: object, name: str) -> Tokens:
    """Return the tokens of a pointer that a request sends as its member `name`, not in an op.

    Raise `malformed` when it is not a valid JSON Pointer.
    """
    try:
        return parse(pointer, max_bytes=MAX_POINTER)
    except Rejected as rejected:
        path = rejected.refusal.extra["path"][:MAX_POINTER]
        text = f"`{name}` is not a valid JSON Pointer: {rejected.refusal.message}"
        raise Rejected(Code.MALFORMED, text, path=path) from rejected


def render(tokens: tuple[str | int, ...]) -> str:
    """The JSON Pointer of these tokens. The index of a list may be an integer or a string."""
    if not tokens:
        return ""
    text = "/" + "/".join(map(str, tokens))
    if "~" not in text and text.count("/") == len(tokens):  # as for most keys
        return text
    return "".join(["/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens])


def under(pointer: str, name: str) -> str:
    """The JSON Pointer of a member of the object at `pointer`."""
    escaped = name.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{escaped}"


def lookup(value: Any, tokens: Tokens) -> Any:
    """Return the value at a location, or raise `path_not_found`."""
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
    """The member or element of `node` that the token names; None when there is none."""
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
    """Whether the location `b` is `a` or is below `a`."""
    return b[: len(a)] == a


def index_of(token: str) -> int | None:
    """The list index that a token names; None when the token is not an index.

    An index has ASCII digits and no leading zero (RFC 6901 section 4).
    """
    index = _INDEXES.get(token)
    if index is not None:
        return index
    if not token.isdigit() or not token.isascii() or token[0] == "0":
        return None
    return int(token) if len(token) <= _MAX_INDEX_DIGITS else None


def not_found(tokens: tuple[str | int, ...]) -> Rejected:
    """The refusal for a location that has no value."""
    path = render(tokens)
    return Rejected(Code.PATH_NOT_FOUND, f"no value at the JSON Pointer {path!r}", path=path)


def _unescape(token: str, pointer: str) -> str:
    if "~" not in token:
        return token
    plain = token.replace("~1", "").replace("~0", "")
    if "~" in plain:
        raise Rejected(
            Code.INVALID_PATCH,
            "in a JSON Pointer, a '~' in a key must be written '~0', and a '/' in a key '~1'",
            path=pointer,
        )
    # RFC 6901 section 4: '~1' is replaced first. Otherwise '~01' would become '/'.
    return token.replace("~1", "/").replace("~0", "~")


def _check_unicode(pointer: str, max_bytes: int) -> None:
    try:
        size = len(pointer.encode())
    except UnicodeEncodeError:
        raise Rejected(
            Code.INVALID_PATCH, "a JSON Pointer must not contain a lone surrogate", path=""
        ) from None
    if max_bytes and size > max_bytes:
        raise Rejected(
            Code.INVALID_PATCH, f"a JSON Pointer must not be longer than {max_bytes} bytes", path=""
        )
