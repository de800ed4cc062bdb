"""The sockets that all workers listen on."""

from __future__ import annotations

import socket

import pytest

from server.workers.listening import CannotListenError, bind_sockets


def test_every_address_of_a_host_has_the_same_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: str, port: int, **options: object) -> list[tuple[object, ...]]:
        kind = socket.SOCK_STREAM
        four = (socket.AF_INET, kind, 6, "", ("127.0.0.1", port))
        other = (socket.AF_INET, kind, 6, "", ("127.0.0.2", port))
        return [four, other, four]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    sockets = bind_sockets("localhost", 0)
    names = [each.getsockname() for each in sockets]
    for each in sockets:
        each.close()
    assert [name[0] for name in names] == ["127.0.0.1", "127.0.0.2"]
    assert names[0][1] == names[1][1] > 0


def test_a_client_is_refused_until_a_worker_listens() -> None:
    [bound] = bind_sockets("127.0.0.1", 0)
    with bound:
        address = bound.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        bound.listen()
        socket.create_connection(address).close()


def test_a_port_that_another_server_has_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListenError, match=f"cannot listen on 127.0.0.1:{port}: Address"):
            bind_sockets("127.0.0.1", port)


def test_a_host_that_does_not_exist_is_named() -> None:
    with pytest.raises(CannotListenError, match=r"cannot listen on 203\.0\.113\.7:80: "):
        bind_sockets("203.0.113.7", 80)


def test_an_unknown_host_has_the_reason_of_the_resolver() -> None:
    with pytest.raises(socket.gaierror) as found:
        socket.getaddrinfo("weft.invalid", 80)
    with pytest.raises(CannotListenError) as refused:
        bind_sockets("weft.invalid", 80)
    assert str(refused.value) == f"cannot listen on weft.invalid:80: {found.value.strerror}"
