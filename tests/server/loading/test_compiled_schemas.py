"""The cache of compiled schemas: it is shared, and limited by bytes."""

from __future__ import annotations

import threading

import pytest

from collab.errors import Rejected
from server.loading.compiled_schemas import CompiledSchemas


def schema(name: str, size: int) -> bytes:
    raw = b'{"title": "%s"}' % name.encode()
    return raw + b" " * (size - len(raw))


def test_documents_with_the_same_schema_share_the_compiled_one() -> None:
    cache = CompiledSchemas()
    assert cache.get(schema("a", 100)) is cache.get(schema("a", 100))
    assert cache.get(schema("a", 100)) is not cache.get(schema("b", 100))


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
