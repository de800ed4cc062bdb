"""Publishing: sets which version of a document is public.

Each change of the publication increases the document's control revision, as each change of the
schema or the locks does. The live room stays open, and gets the new revision. When the commit loop
is committing a batch, that batch clashes, and the loop applies it again. So no edit is lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec

from collab.entry import Author
from collab.errors import Code, Rejected
from collab.page.checks import Finding, Findings, Rules, check
from collab.ports.publications import Publication, PublicState
from collab.ports.store import StorageUnavailable
from collab.wire import rfc3339
from server.access.authentication import not_found
from server.documents.attempts import require_success
from server.runtime.worker_threads import run_in_thread

if TYPE_CHECKING:
    from collab.ids import Json
    from collab.page.checks import Strictness
    from collab.schema.check import Schema
    from server.documents.hub import Hub
    from server.documents.live_room import LiveRoom
    from server.publishing.public_cache import PublicCache
    from server.runtime.settings import Settings

Decide = Callable[[PublicState], Awaitable[Publication | None]]


@dataclass(frozen=True, slots=True)
class PublishResult:
    """The published version, and the warnings about it."""

    version: int
    warnings: list[Finding]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A checked version, and what is wrong with it."""

    version: int
    found: Findings


class Publisher:
    """Publishes documents, and takes them down."""

    def __init__(self, hub: Hub, cache: PublicCache, settings: Settings) -> None:
        self._hub = hub
        self._store = hub.store
        self._clock = hub.clock
        self._cache = cache
        self._rules = Rules(
            cast("Strictness", settings.publish_required),
            cast("Strictness", settings.publish_links),
            cast("Strictness", settings.publish_sections),
            cast("Strictness", settings.publish_weight),
            settings.publish_max_bytes,
        )

    async def publish(
        self, live: LiveRoom, by: Author, version: int | None = None, expected: int | None = None
    ) -> PublishResult:
        """Make a version public; without `version`, the newest version.

        `expected` is the version that the publisher believes to be public, or 0 for none. When
        another version is public, raise `conflict`. Without `expected`, do not compare.
        """
        result = PublishResult(0, [])

        async def decide(state: PublicState) -> Publication | None:
            nonlocal result
            _expect(state, expected)
            room = live.room
            wanted = room.version if version is None else version
            if wanted and wanted == _version_of(state) and expected in (None, wanted):
                result = PublishResult(wanted, [])
                return None
            schema = None if wanted == room.version else room.schema
            value = await self._value_at(live, wanted)
            result = PublishResult(wanted, await _inspect(value, schema, self._rules))
            return Publication(wanted, _without_client(by), self._clock.now_ms())

        await self._move(live, decide)
        return result

    async def check(self, live: LiveRoom, version: int | None = None) -> CheckResult:
        """Return what `publish` would find in a version, and publish nothing."""
        room = live.room
        wanted = room.version if version is None else version
        schema = None if wanted == room.version else room.schema
        value = await self._value_at(live, wanted)
        return CheckResult(wanted, await run_in_thread(_findings, value, schema, self._rules))

    async def take_down(self, live: LiveRoom, by: Author) -> int:
        """Take the document down; return the version that was public."""
        was = 0

        async def decide(state: PublicState) -> Publication:
            nonlocal was
            was = _version_of(state)
            if not was:
                raise nothing_published()
            return Publication(was, _without_client(by), self._clock.now_ms(), "taken_down")

        await self._move(live, decide)
        return was

    async def _move(self, live: LiveRoom, decide: Decide) -> None:
        """Call `decide` with the current publication, and write its step.

        Try again when the control revision has changed meanwhile.
        """

        async def attempt() -> bool:
            state = await self._store.public_state(live.key)
            if state is None or not live.room.exists:
                raise not_found()
            if live.room.control.revision != state.revision:
                await self._hub.refresh(live)
                return False
            step = await decide(state)
            if step is None:
                return True
            try:
                is_taken = await self._store.publish(live.key, step, state.revision)
            except StorageUnavailable:  # the step may have been written
                self._hub.request_reopen(live)
                self._cache.forget(live.key)
                raise
            if is_taken:
                live.room.note_published(step.pointer, state.revision)
                self._hub.others.controlled(live)
                self._cache.forget(live.key)
            return is_taken

        await require_success(attempt)

    async def _value_at(self, live: LiveRoom, version: int) -> Json:
        room = live.room
        if version == room.version:
            return room.value
        if not 0 < version < room.version:
            raise Rejected(Code.UNKNOWN_VERSION, f"the document has no version {version}")
        history = self._hub.history
        async with history.reading:
            return await history.value_at(live.key, version)


def _without_client(by: Author) -> Author:
    """Return the author without client and session, because readers see only the user."""
    return Author(by.user, by.name)


def nothing_published() -> Rejected:
    return Rejected(Code.NOT_FOUND, "no version of this document is published")


def as_json(publication: Publication) -> dict[str, object]:
    """Return a publication as clients see it: the version, who published it, and when."""
    by = {"user": publication.by.user, "name": publication.by.name}
    return {"version": publication.version, "by": by, "at": rfc3339(publication.at)}


def _expect(state: PublicState, expected: int | None) -> None:
    published = state.published
    if expected is None or expected == _version_of(state):
        return
    if published is None:
        raise Rejected(Code.CONFLICT, "the document was taken down meanwhile", published=None)
    who = published.by.name or published.by.user
    message = f"{who} published version {published.version} meanwhile"
    raise Rejected(Code.CONFLICT, message, published=as_json(published))


def _version_of(state: PublicState) -> int:
    return 0 if state.published is None else state.published.version


async def _inspect(value: Json, schema: Schema | None, rules: Rules) -> list[Finding]:
    """Return the warnings, or raise for a value that may not be published.

    Runs in a worker thread, because a page may be large.
    """

    def inspect() -> list[Finding]:
        if schema is not None:
            schema.check(value)
        found = check(value, rules)
        if found.refusals:
            first = found.refusals[0]
            findings = msgspec.to_builtins(found.refusals)
            raise Rejected(
                Code.INVALID_DOCUMENT, first.message, path=first.pointer, findings=findings
            )
        return list(found.warnings)

    return await run_in_thread(inspect)


def _findings(value: Json, schema: Schema | None, rules: Rules) -> Findings:
    """Return what `_inspect` finds, with the fault of the schema as a refusal."""
    found = check(value, rules)
    try:
        if schema is not None:
            schema.check(value)
    except Rejected as rejected:
        refusal = rejected.refusal
        if refusal.code is not Code.INVALID_DOCUMENT:
            raise
        fault = Finding("schema", str(refusal.extra.get("path", "")), refusal.message)
        return Findings(found.warnings, [fault, *found.refusals])
    return found
