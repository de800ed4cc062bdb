"""Decode frames of the patch lane into messages, and encode the server's messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec

from collab.entry import Entry, Op
from collab.errors import Code, Refusal, Rejected
from collab.messages import MAX_ID, Change, ClientMessage, Patch, ServerMessage
from collab.raw_json import MAX_VALUES, has_at_most_values, has_few_separators, repeated_in_message

_encoder = msgspec.json.Encoder()
_frame_decoder = msgspec.json.Decoder(ClientMessage | list[msgspec.Raw])
_message_decoder = msgspec.json.Decoder(ClientMessage)
_raw_decoder = msgspec.json.Decoder(list[msgspec.Raw])

# No client needs more messages in one frame.
MAX_MESSAGES_PER_FRAME = 1000


_TYPES = frozenset(str(member.__struct_config__.tag) for member in get_args(ClientMessage))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A JSON message that breaks the rules of docs/wire.md.

    The server answers it with `reject` when the message has an id, else with `error`.
    """

    id: str | None
    refusal: Refusal
    is_patch: bool = False  # later patches may depend on it


Incoming = ClientMessage | Unreadable


class _TypeAndId(msgspec.Struct):
    """The type and the id of a message; its other fields are not decoded."""

    type: str = ""
    id: msgspec.Raw = msgspec.Raw(b"null")


_type_decoder = msgspec.json.Decoder(_TypeAndId)
_id_decoder = msgspec.json.Decoder(str)


def decode(frame: bytes) -> list[Incoming]:
    """Return the messages of one frame. Raise `Rejected` when the frame is not JSON."""
    if len(frame) > MAX_VALUES and not has_few_separators(frame):
        return _decode_many(frame)
    try:
        decoded = _frame_decoder.decode(frame)
    except msgspec.ValidationError:
        return [_decode_message(frame)]
    except (msgspec.DecodeError, RecursionError) as error:
        raise Rejected(Code.MALFORMED, "the frame is not JSON") from error
    if isinstance(decoded, Patch):
        return [_without_repeats(frame, decoded)]
    return _decode_each(decoded) if isinstance(decoded, list) else [decoded]


def _decode_many(frame: bytes) -> list[Incoming]:
    """Decode a frame that may contain too many values. Count them before decoding a message."""
    if not frame.lstrip().startswith(b"["):
        return [_decode_message(frame)]
    try:
        return _decode_each(_raw_decoder.decode(frame))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Rejected(Code.MALFORMED, "the frame is not JSON") from error


def _decode_each(messages: Sequence[msgspec.Raw]) -> list[Incoming]:
    if len(messages) > MAX_MESSAGES_PER_FRAME:
        raise Rejected(Code.MALFORMED, f"a frame holds at most {MAX_MESSAGES_PER_FRAME} messages")
    return [_decode_message(bytes(raw)) for raw in messages]


def _decode_message(raw: bytes) -> Incoming:
    if not has_few_separators(raw) and not has_at_most_values(MAX_VALUES, raw):
        kind, request_id = _type_and_id(raw)
        refusal = Refusal(
            Code.TOO_LARGE, f"the message holds more than {MAX_VALUES} JSON values; split it"
        )
        return Unreadable(request_id, refusal, kind == "patch")
    try:
        message: ClientMessage = _message_decoder.decode(raw)
    except msgspec.ValidationError as error:
        kind, request_id = _type_and_id(raw)
        return Unreadable(request_id, Refusal(Code.MALFORMED, str(error)), kind == "patch")
    except (msgspec.DecodeError, RecursionError) as error:
        raise Rejected(Code.MALFORMED, "the frame is not JSON") from error
    return _without_repeats(raw, message) if isinstance(message, Patch) else message


def _without_repeats(raw: bytes, message: Patch) -> Incoming:
    """Return the patch, or `Unreadable` when an operation has a member twice.

    The decoder keeps only one of two members with the same name.
    """
    refusal = repeated_in_message(raw, message)
    return message if refusal is None else Unreadable(message.id, refusal, is_patch=True)


def _type_and_id(raw: bytes) -> tuple[str, str | None]:
    """Return a message's type, and its id for the `reject`.

    When the type is unknown, return an empty type and no id: the server answers with `error`.
    """
    try:
        message = _type_decoder.decode(raw)
    except msgspec.ValidationError:
        return "", None
    except (msgspec.DecodeError, RecursionError) as error:
        raise Rejected(Code.MALFORMED, "the frame is not JSON") from error
    if message.type not in _TYPES:
        return "", None
    try:
        request_id = _id_decoder.decode(message.id)
    except (msgspec.DecodeError, RecursionError):
        return message.type, None
    return message.type, request_id if len(request_id) <= MAX_ID else None


encode: Callable[[ServerMessage | dict[str, Any]], bytes] = _encoder.encode
encode_ops: Callable[[Sequence[Op]], bytes] = _encoder.encode


def rfc3339(ms: int) -> str:
    """Return milliseconds since 1970 as the text of a time. These texts sort in order of time."""
    seconds, millis = divmod(ms, 1000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{millis:03d}Z"


def change(entry: Entry, *, with_id: bool = False) -> Change:
    """Return an entry as a `change`.

    Set `with_id` only for the user who made the entry: other users may not see the request's id.
    """
    return Change(
        version=entry.version,
        by=entry.author,
        at=rfc3339(entry.at),
        kind=entry.kind,
        ops=entry.ops,
        id=entry.id if with_id and entry.id else msgspec.UNSET,
    )


def ack(request_id: str, version: int, fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "ack", "id": request_id, "version": version, **fields}


def problem(refusal: Refusal) -> dict[str, Any]:
    """Return the extra fields of a refusal, for the patch lane and for HTTP."""
    fields = dict(refusal.extra)
    if "changes" in fields:
        fields["changes"] = [
            change(item) if isinstance(item, Entry) else item for item in fields["changes"]
        ]
    return fields


def reject(request_id: str, refusal: Refusal, version: int | None = None) -> dict[str, Any]:
    message: dict[str, Any] = {
        "type": "reject",
        "id": request_id,
        "code": refusal.code,
        "message": refusal.message,
        "retryable": refusal.retryable,
    }
    if version is not None:
        message["version"] = version
    return {**message, **problem(refusal)}


def error(refusal: Refusal) -> dict[str, Any]:
    return {
        "type": "error",
        "code": refusal.code,
        "message": refusal.message,
        "retryable": refusal.retryable,
        **problem(refusal),
    }


def join(payloads: Sequence[bytes]) -> bytes:
    """Join encoded messages into the payload of one frame."""
    if len(payloads) == 1:
        return payloads[0]
    return b"[" + b",".join(payloads) + b"]"
