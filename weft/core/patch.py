"""JSON values, JSON Pointers (RFC 6901) and JSON Patches (RFC 6902) with `splice`.

No function changes its arguments. A new value shares all unchanged parts with the old value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NoReturn

import jsonpatch

from weft.errors import NotJsonError, PatchError

Json = Any
Op = dict[str, Any]
# The containers that one patch has copied, by their `id`. Only this patch knows them, so its later
# operations change them in place: a patch of many operations copies a large object only once.
Copies = dict[int, Any]

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_BAD_ESCAPE = re.compile(r"~(?![01])")
# The server accepts no deeper value. This limit is higher, and only keeps recursion short.
DEEPEST = 100
LARGEST = 2**53 - 1
_NO_PARENT = "the document has no parent"
_FORBIDDEN = frozenset({"__proto__", "constructor", "prototype"})


class _Absent:
    """The result of a lookup that finds no value. JSON's null is a value."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = _Absent()


def parse(pointer: str) -> list[str]:
    """Return the keys and indexes of a pointer."""
    if pointer == "":
        return []
    if not isinstance(pointer, str) or pointer[0] != "/":
        _invalid("a JSON Pointer must be empty or start with '/'", str(pointer))
    _as_text(pointer)
    if _BAD_ESCAPE.search(pointer):
        _invalid("in a JSON Pointer, write a '~' of a key as '~0', and a '/' as '~1'", pointer)
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def render(tokens: Iterable[str]) -> str:
    """Return the pointer of keys and indexes."""
    return "".join("/" + each.replace("~", "~0").replace("/", "~1") for each in tokens)


def covers(outer: str, inner: str) -> bool:
    """Whether `inner` is the pointer `outer` or leads below it."""
    return inner == outer or inner.startswith(outer + "/")


def same(a: Json, b: Json) -> bool:
    """Whether two values have the same JSON. In Python True equals 1, in JSON it does not."""
    if a is b:
        return True
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def as_json(value: Any, depth: int = 0) -> Json:
    """Return a copy that has only plain JSON types, or raise `NotJsonError`."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _as_text(value)
    if isinstance(value, int | float):
        return _as_number(value)
    if depth > DEEPEST:
        raise NotJsonError(f"a value has more than {DEEPEST} levels, or it contains itself")
    if isinstance(value, list | tuple):
        return [as_json(each, depth + 1) for each in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotJsonError("the keys of a JSON object must be strings: convert them first")
        return {_as_text(key): as_json(each, depth + 1) for key, each in value.items()}
    raise NotJsonError(
        f"JSON has no {type(value).__name__}: convert it to a dict, list, text or number first"
    )


def _as_text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotJsonError(
                "a text has half of a surrogate pair, which no server can store: remove it"
            ) from None
    return str.__str__(value)  # also of a subclass, for example a member of a `StrEnum`


def _as_number(value: float) -> float:
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise NotJsonError("an integer beyond 2^53-1 is not exact in JSON: store it as a text")
        return int(value)
    if not math.isfinite(value):
        raise NotJsonError("JSON has no NaN and no infinite numbers: store null or a text instead")
    return float(value)


def child(holder: Json, token: str) -> Json:
    """Return the value under a key or an index, or ABSENT."""
    if isinstance(holder, dict):
        return holder.get(token, ABSENT)
    if isinstance(holder, list) and _INDEX.fullmatch(token) and int(token) < len(holder):
        return holder[int(token)]
    return ABSENT


def get(value: Json, pointer: str | Sequence[str]) -> Json:
    """Return the value at a pointer, or ABSENT."""
    for token in parse(pointer) if isinstance(pointer, str) else pointer:
        value = child(value, token)
    return value


def apply(value: Json, ops: Iterable[Op]) -> Json:
    """Return the value after the whole patch, or raise `PatchError`."""
    copies: Copies = {}
    for index, op in enumerate(ops):
        try:
            value = _apply_one(value, op, copies)
        except PatchError as error:
            error.op = index
            raise
    return value


def to_set(value: Json, pointer: str, content: Json) -> Op:
    """Return the operation that writes a value: `replace` where there is one, else `add`."""
    exists = get(value, pointer) is not ABSENT
    return {"op": "replace" if exists else "add", "path": pointer, "value": content}


def difference(old: Json, new: Json) -> list[Op]:
    """Return a short patch from one value to the other."""
    if same(old, new):
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        ops: list[Op] = jsonpatch.make_patch(old, new).patch
        try:
            if same(apply(old, ops), new):
                return ops
        except PatchError:
            pass  # the library's patch does not fit: replace the whole value
    return [{"op": "replace", "path": "", "value": new}]


# --- operations ---------------------------------------------------------------------------------


def _invalid(message: str, path: str) -> NoReturn:
    raise PatchError("invalid_patch", message, path)


def _missing(path: str) -> NoReturn:
    raise PatchError("path_not_found", f"no value at the JSON Pointer '{path}'", path)


def _need(value: Json, pointer: str) -> Json:
    found = get(value, pointer)
    return _missing(pointer) if found is ABSENT else found


def _apply_one(value: Json, op: Op, copies: Copies) -> Json:
    path, kind = op.get("path"), op.get("op")
    if not isinstance(path, str):
        _invalid("an operation needs a `path`", "")
    if kind in ("add", "replace", "test") and "value" not in op:
        _invalid(f"`{kind}` needs a `value`", path)
    source = op.get("from")
    if kind in ("move", "copy") and not isinstance(source, str):
        _invalid(f"`{kind}` needs `from`", path)
    match kind:
        case "add":
            return _insert(value, path, op["value"], copies)
        case "replace":
            old = _need(value, path)
            return value if same(old, op["value"]) else _put(value, path, op["value"], copies)
        case "remove":
            _need(value, path)
            return _remove(value, path, copies)
        case "copy":
            copied = _need(value, str(source))
            copies.clear()  # a copied container is at two places now
            return _insert(value, path, copied, copies)
        case "move":
            return _move(value, str(source), path, copies)
        case "test":
            if same(_need(value, path), op["value"]):
                return value
            raise PatchError("test_failed", "the value at `path` differs from the `test`", path)
        case "splice":
            return _put(value, path, splice(_need(value, path), op), copies)
    return _invalid(f"unknown `op`: {kind}", path)


def _move(value: Json, source: str, path: str, copies: Copies) -> Json:
    moved = _need(value, source)
    if source == path:
        return value
    if covers(source, path):
        _invalid("a value cannot be moved into itself", path)
    return _insert(_remove(value, source, copies), path, moved, copies)


def _change(value: Json, path: str, write: Callable[[Json, str], None], copies: Copies) -> Json:
    """Return the value with copies of the containers above `path`; `write` changes the lowest."""
    tokens = parse(path)

    def descend(holder: Json, at: int) -> Json:
        token, copy = tokens[at], holder
        if isinstance(holder, dict | list) and id(holder) not in copies:
            copy = holder.copy()
            copies[id(copy)] = copy
        if at == len(tokens) - 1:
            write(copy, token)
            return copy
        inner = child(holder, token)
        if inner is ABSENT:
            _missing(path)
        copy[int(token) if isinstance(holder, list) else token] = descend(inner, at + 1)
        return copy

    return descend(value, 0)


def _put(value: Json, path: str, content: Json, copies: Copies) -> Json:
    def write(holder: Json, token: str) -> None:
        holder[int(token) if isinstance(holder, list) else token] = content

    return _change(value, path, write, copies) if path else content


def _insert(value: Json, path: str, content: Json, copies: Copies) -> Json:
    def write(holder: Json, token: str) -> None:
        if isinstance(holder, dict):
            if token in _FORBIDDEN:
                _invalid(f"the key '{token}' is not allowed", path)
            holder[token] = content
            return
        if not isinstance(holder, list):
            _missing(path)
        index = len(holder) if token == "-" else int(token) if _INDEX.fullmatch(token) else -1
        if not 0 <= index <= len(holder):
            _missing(path)
        holder.insert(index, content)

    return _change(value, path, write, copies) if path else content


def _remove(value: Json, path: str, copies: Copies) -> Json:
    def write(holder: Json, token: str) -> None:
        del holder[int(token) if isinstance(holder, list) else token]

    return _change(value, path, write, copies) if path else _invalid(_NO_PARENT, path)


# --- splices: offsets count UTF-16 units, as in JavaScript --------------------------------------


def units(text: str) -> bytes:
    """Return the UTF-16 units of a text, two bytes each."""
    return text.encode("utf-16-le", "surrogatepass")


def text_of(two_bytes: bytes) -> str:
    return two_bytes.decode("utf-16-le", "surrogatepass")


def splice(text: Json, op: Op) -> str:
    """Return the text after a `splice`."""
    path, offset, count = op["path"], op.get("offset", -1), op.get("delete", 0)
    if not isinstance(text, str):
        _invalid("`splice` needs a string", path)
    data = units(text)
    end = offset + count
    if not (offset >= 0 and count >= 0 and 2 * end <= len(data)):
        _invalid("the `splice` ends beyond the end of the text", path)
    if splits(data, offset) or splits(data, end):
        _invalid("the `splice` splits a surrogate pair; offsets count UTF-16 units", path)
    return text_of(data[: 2 * offset] + units(op.get("insert", "")) + data[2 * end :])


def splits(data: bytes, at: int) -> bool:
    """Whether an offset is inside a surrogate pair."""
    if not 0 < at < len(data) // 2:
        return False
    return data[2 * at - 1] & 0xFC == 0xD8 and data[2 * at + 1] & 0xFC == 0xDC
