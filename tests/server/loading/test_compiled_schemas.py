"""The cache of compiled schemas: it is shared, and limited by bytes."""

from __future__ import annotations

import threading

import pytest

from collab.errors import Rejected
from collab.schema.check import Schema
from collab.schema.named import named_schema
from server.loading.compiled_schemas import CompiledSchemas


def schema(name: str, size: int) -> bytes:
    raw = b'{"title":"%s"}' % name.encode().ljust(size - len('{"title":""}'), b"-")
    assert len(raw) == size
    return raw


def test_documents_with_the_same_schema_share_the_compiled_one() -> None:
    cache = CompiledSchemas()
    assert cache.get(schema("a", 100)) is cache.get(schema("a", 100))
    assert cache.get(schema("a", 100)) is not cache.get(schema("b", 100))


NAMED = b'{"$ref":"weft:landing-page"}'


@pytest.mark.parametrize(
    ("raw", "other"),
    [
        (schema("a", 100), b" \n" + schema("a", 100).replace(b":", b" : ")),
        (NAMED, b'{ "$ref": "weft:landing-page" }\n'),
        (NAMED, b'{"\\u0024ref":"w\\u0065ft:landing-page"}'),
    ],
    ids=["a schema", "a named schema", "a named schema with escapes"],
)
def test_texts_of_the_same_schema_share_the_compiled_one(raw: bytes, other: bytes) -> None:
    cache = CompiledSchemas()
    assert cache.get(raw) is cache.get(other)
    assert len(cache._schemas) == 1


def test_a_named_schema_counts_as_much_as_the_text_that_is_compiled() -> None:
    text = named_schema("landing-page")
    assert text is not None
    cache = CompiledSchemas(len(text) + 100)
    named, small = cache.get(NAMED), cache.get(schema("a", 100))
    assert cache._bytes == len(text) + 100
    cache.get(schema("b", 100))
    assert cache._bytes == 200
    assert cache.get(schema("a", 100)) is small
    assert cache.get(NAMED) is not named


def test_a_schema_of_a_newer_server_is_kept_by_its_name() -> None:
    cache = CompiledSchemas()
    posters = [cache.get(b'{"$ref": "weft:%s"}' % name) for name in (b"poster", b"card")]
    assert [one.unknown_name for one in posters] == ["poster", "card"]


def test_two_threads_that_compile_a_schema_at_once_share_the_first() -> None:
    cache = CompiledSchemas()
    first, second = Schema.stored(schema("a", 100)), Schema.stored(schema("a", 100))
    assert cache.add(schema("a", 100), first) is first
    assert cache.add(schema("a", 100), second) is first
    assert cache.find(schema("a", 100)) is first
    assert cache.find(schema("b", 100)) is None


def test_the_schemas_that_were_used_last_stay_within_the_bytes() -> None:
    cache = CompiledSchemas(300)
    first, second = cache.get(schema("a", 100)), cache.get(schema("b", 100))
    cache.get(schema("c", 100))
    assert cache.get(schema("a", 100)) is first
    cache.get(schema("d", 100))
    assert cache.get(schema("a", 100)) is first
    assert cache.get(schema("b", 100)) is not second
    assert cache._bytes == sum(map(len, cache._schemas)) <= 300


def test_a_schema_that_is_too_large_is_not_kept() -> None:
    cache = CompiledSchemas(300)
    small = cache.get(schema("small", 100))
    large = cache.get(schema("large", 301))
    assert cache.get(schema("large", 301)) is not large
    assert len(cache._schemas) == cache._bytes == 0
    assert cache.get(schema("small", 100)) is not small


def test_a_schema_that_is_not_valid_is_refused_each_time() -> None:
    cache = CompiledSchemas()
    for _ in range(2):
        with pytest.raises(Rejected, match="not valid"):
            cache.get(b'{"type": "nothing"}')


def test_threads_share_one_cache() -> None:
    cache, failures = CompiledSchemas(1_000), list[BaseException]()

    def work(start: int) -> None:
        try:
            for number in range(start, start + 200):
                cache.get(schema(f"s{number % 17}", 100))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert cache._bytes == sum(map(len, cache._schemas)) <= 1_000
