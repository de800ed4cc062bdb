"""`weft asset`: list, export and import."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.attacks.campaign.bodies import picture
from tests.server.cli.test_main import Shell

pytestmark = pytest.mark.thorough


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    shell = Shell(tmp_path, capsys)
    shell.run("migrate", "--database", shell.url)
    return shell


def weft(shell: Shell, *argv: str) -> tuple[int, str, str]:
    return shell.run("asset", *argv, "--database", shell.url)


def test_files_are_imported_listed_and_exported(shell: Shell, tmp_path: Path) -> None:
    body = picture(1)
    id = hashlib.sha256(body).hexdigest()
    (tmp_path / "a.png").write_bytes(body)
    code, out, _ = weft(shell, "import", str(tmp_path / "a.png"))
    assert (code, out) == (0, f"/v1/assets/demo/{id}  {tmp_path}/a.png\n")
    code, out, _ = weft(shell, "ls")
    assert code == 0
    assert out.startswith(f"{id}  image/png  320x200  {len(body)} bytes  ")
    assert out.endswith(" by weft  a.png\n")
    assert weft(shell, "export", str(tmp_path / "out"))[0] == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{id}.png"]
    assert (tmp_path / "out" / f"{id}.png").read_bytes() == body
    shell.run("tenant", "add", "other", "--database", shell.url)
    code, out, _ = weft(shell, "import", str(tmp_path / "out" / f"{id}.png"), "--tenant", "other")
    assert out.startswith(f"/v1/assets/other/{id}  ")


def test_a_file_that_is_no_picture_is_left_out(shell: Shell, tmp_path: Path) -> None:
    for name, body in (("a.txt", b"hello"), ("b.png", picture(2))):
        (tmp_path / name).write_bytes(body)
    code, out, err = weft(shell, "import", str(tmp_path / "a.txt"), str(tmp_path / "b.png"))
    assert code == 1
    assert "a.txt" in err
    assert "b.png" in out


def test_a_missing_file_is_reported_and_the_others_are_exported(
    shell: Shell, tmp_path: Path
) -> None:
    for n in (1, 2):
        (tmp_path / f"{n}.png").write_bytes(picture(n))
        weft(shell, "import", str(tmp_path / f"{n}.png"))
    gone = hashlib.sha256(picture(1)).hexdigest()
    for path in (tmp_path / "var" / "weft.db-assets").rglob(f"{gone}-*"):
        path.unlink()
    code, _, err = weft(shell, "export", str(tmp_path / "out"))
    assert code == 1
    assert gone in err
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_an_unknown_tenant_is_refused(shell: Shell) -> None:
    code, _, err = weft(shell, "ls", "--tenant", "absent")
    assert (code, "no tenant absent" in err) == (1, True)
