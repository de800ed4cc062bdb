"""What `weft serve` does before it serves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server import startup
from server.runtime.settings import Settings
from server.startup import (
    CannotServeError,
    open_bus,
    permission_to_serve,
    until_on_the_bus,
    warn_of_unknown_settings,
)


def settings(home: Path, **others: bool | int) -> Settings:
    flags = {name: str(value) for name, value in others.items()}
    return Settings.load({}, database=f"sqlite+aiosqlite:///{home}/var/weft.db", **flags)


def test_a_server_makes_its_folder_and_serves_the_file_alone(tmp_path: Path) -> None:
    with permission_to_serve(settings(tmp_path)) as bus:
        assert bus is None
        assert (tmp_path / "var").is_dir()
        for other in (settings(tmp_path), settings(tmp_path, workers=2)):
            with pytest.raises(CannotServeError, match="alone"), permission_to_serve(other):
                pass


@pytest.mark.parametrize("others", [{"workers": 2}, {"local_bus": True}])
def test_workers_and_the_setting_let_others_serve_the_file(
    tmp_path: Path, others: dict[str, int]
) -> None:
    with (
        permission_to_serve(settings(tmp_path, **others)) as first,
        permission_to_serve(settings(tmp_path)) as second,
    ):
        assert first == second == (tmp_path / "var" / "weft.db-bus").resolve()


def test_names_that_look_like_settings_are_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WEFT_WORKER", "2")
    warn_of_unknown_settings()
    assert "WEFT_WORKER is not a setting; did you mean WEFT_WORKERS?" in caplog.messages


async def test_a_server_waits_for_the_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gossip = open_bus(tmp_path / "bus")
    monkeypatch.setattr(startup, "JOIN_SECONDS", 0.0)
    with pytest.raises(CannotServeError, match="does not answer at"):
        await until_on_the_bus(gossip, tmp_path / "bus")
    monkeypatch.undo()
    running = asyncio.create_task(gossip.run(), name="gossip")
    await until_on_the_bus(gossip, tmp_path / "bus")
    assert gossip.is_connected
    running.cancel()
    await asyncio.wait([running])
