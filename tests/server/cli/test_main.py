"""The command line: the output of each command, its effect, and its exit code."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from collab.entry import Author, Entry
from collab.errors import Rejected
from collab.ids import DocKey
from collab.ports.store import Absent, Append, Committed
from collab.rights.user_rights import Role
from server.access.keyring import Keyring
from server.access.tokens import Claims
from server.cli import check as check_command
from server.cli import main as cli
from server.cli.main import main
from server.runtime.clock import SystemClock
from server.runtime.settings import Settings
from storage.memory.store import MemoryStore
from storage.migration import SchemaOutdatedError
from storage.store import SqlStore
from tests.house import ROOT
from tests.server.archives.test_archive import archive_of_home

pytestmark = pytest.mark.thorough

WEFT = [sys.executable, "-m", "server.cli.main"]


class Shell:
    """Runs commands in this process, on a database in a folder of the test."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.url = f"sqlite+aiosqlite:///{folder}/var/weft.db"
        self._capsys = capsys

    def run(self, *argv: str) -> tuple[int, str, str]:
        try:
            code = main(argv)
        except SystemExit as end:  # argparse ends so
            code = int(end.code or 0)
        out, err = self._capsys.readouterr()
        return code, out, err

    def prints(self, *argv: str) -> list[str]:
        code, out, err = self.run(*argv)
        assert (code, err) == (0, "")
        return out.splitlines()

    def complains(self, *argv: str) -> str:
        code, out, err = self.run(*argv)
        assert (code, out) == (1, "")
        return err

    def verify(self, token: str) -> Claims:
        async def ask() -> Claims:
            store = SqlStore(self.url)
            await store.start()
            try:
                return await Keyring(store, SystemClock()).verify(token)
            finally:
                await store.close()

        return asyncio.run(ask())

    def make(self, *keys: DocKey) -> None:
        async def write() -> None:
            store = SqlStore(self.url)
            await store.start()
            entry = Entry(1, Author("ada"), 1_772_366_400_123, "create", [], b"")
            try:
                made = await store.commit(
                    [Append(key, 1, 0, 0, [entry], create=True) for key in keys]
                )
            finally:
                await store.close()
            assert made == [Committed()] * len(keys)

        asyncio.run(write())


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    for name in [name for name in os.environ if name.startswith("WEFT_")]:
        monkeypatch.delenv(name)
    made = Shell(tmp_path, capsys)
    monkeypatch.setenv("WEFT_DATABASE", made.url)
    return made


def test_a_token_is_printed_alone_on_a_line(shell: Shell) -> None:
    (line,) = shell.prints("token", "--user", "ada", "--role", "editor")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", line)


def test_without_a_named_database_a_command_says_which_it_uses_and_makes_none(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("WEFT_DATABASE")
    monkeypatch.chdir(tmp_path)
    token = ("token", "--user", "ada", "--role", "editor")
    path = tmp_path / "var" / "weft.db"
    for command in (token, ("tenant", "ls"), ("key", "ls"), ("doc", "ls")):
        said = shell.complains(*command)
        assert f"there is no database {path}: run this where the server runs" in said
    assert not path.parent.exists()
    shell.prints("migrate")
    code, out, err = shell.run(*token)
    assert (code, len(out.splitlines()), err) == (0, 1, f"weft: the database is {path}\n")


def test_a_token_has_the_claims_that_were_asked_for(shell: Shell) -> None:
    asked = "token --user ada --role viewer --tenant acme --ttl 60 --docs a* --docs b --sections /x"
    claims = shell.verify(shell.prints(*asked.split(), "--name", "Ada Lovelace")[0])
    assert (claims.tenant, claims.user, claims.name) == ("acme", "ada", "Ada Lovelace")
    assert claims.role is Role.VIEWER
    assert (claims.rights.docs, claims.rights.sections) == (("a*", "b"), ("/x",))
    assert 59_000 <= claims.expires_at - claims.issued_at <= 60_000


@pytest.mark.parametrize(
    ("asked", "sections"),
    [
        (["--sections", "/a,/b/0"], ("/a", "/b/0")),
        (["--sections", "/a", "--sections", "/b,/c"], ("/a", "/b", "/c")),
        (["--sections", "/a,b,c/,/d"], ("/a,b,c/", "/d")),
        (["--sections", ""], ("",)),
        (["--sections", ",/a"], ("", "/a")),
        ([], None),
    ],
)
def test_sections_are_split_at_a_comma_before_a_slash(
    shell: Shell, asked: list[str], sections: tuple[str, ...] | None
) -> None:
    (line,) = shell.prints("token", "--user", "ada", "--role", "editor", *asked)
    assert shell.verify(line).rights.sections == sections


def test_the_first_token_creates_the_database_and_its_tenant(shell: Shell) -> None:
    shell.prints("token", "--user", "ada", "--role", "editor", "--tenant", "acme")
    assert shell.prints("tenant", "ls") == ["acme", "demo"]
    assert len(shell.prints("key", "ls", "--tenant", "acme")) == 1


def test_the_next_token_is_signed_with_the_same_key(shell: Shell) -> None:
    tokens = [shell.prints("token", "--user", u, "--role", "admin")[0] for u in ("ada", "bo")]
    assert len({shell.verify(token).kid for token in tokens}) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["--user", ""],
        ["--user", "a\nb"],
        ["--tenant", "Acme"],
        ["--sections", "x"],
        ["--docs", ""],
        ["--user", "é" * 129],
    ],
)
def test_a_token_that_would_be_refused_is_not_printed(shell: Shell, wrong: list[str]) -> None:
    said = shell.complains("token", "--user", "ada", "--role", "editor", *wrong)
    assert said.startswith("weft: ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["frobnicate"],
        ["token"],
        ["token", "--user", "ada"],
        ["token", "--user", "ada", "--role", "owner"],
        ["token", "--user", "ada", "--role", "editor", "--ttl", "0"],
        ["token", "--user", "ada", "--role", "editor", "--ttl", "soon"],
        ["tenant"],
        ["key", "retire"],
        ["doc"],
    ],
)
def test_wrong_arguments_exit_with_2_and_print_the_usage(shell: Shell, wrong: list[str]) -> None:
    code, out, err = shell.run(*wrong)
    assert (code, out) == (2, "")
    assert err.startswith("usage: weft")


@pytest.mark.parametrize("ttl", ["soon", "0", "-5", "1.5", "9" * 5000])
def test_a_wrong_ttl_is_refused_with_its_bounds(shell: Shell, ttl: str) -> None:
    _, _, err = shell.run("token", "--user", "ada", "--role", "editor", f"--ttl={ttl}")
    assert "argument --ttl: must be from 1 to 315360000 seconds" in err


def test_a_tenant_is_added_with_its_first_key(shell: Shell) -> None:
    (line,) = shell.prints("tenant", "add", "shop")
    kid = shell.prints("key", "ls", "--tenant", "shop")[0].split()[0]
    assert line == f"tenant shop with key {kid}"
    assert "already" in shell.complains("tenant", "add", "shop")
    assert shell.complains("tenant", "add", "no good").startswith("weft: a tenant's name must have")


def test_the_demo_tenant_exists_from_the_start(shell: Shell) -> None:
    assert shell.prints("tenant", "ls") == ["demo"]


def test_a_retired_key_is_refused_and_the_new_one_signs(shell: Shell) -> None:
    old = shell.prints("token", "--user", "ada", "--role", "editor")[0]
    (kid,) = shell.prints("key", "add")
    new = shell.prints("token", "--user", "ada", "--role", "editor")[0]
    assert shell.verify(new).kid == kid
    first = shell.verify(old).kid
    shell.prints("key", "retire", first)
    with pytest.raises(Rejected):
        shell.verify(old)
    assert shell.verify(new).kid == kid
    states = [line.split()[3] for line in shell.prints("key", "ls")]
    assert states == ["retired", "active"]
    assert "no active key" in shell.complains("key", "retire", first)


def test_a_secret_is_printed_only_with_show(shell: Shell) -> None:
    kid, secret = shell.prints("key", "add", "--show")
    assert len(secret) == 44
    assert secret not in "".join(shell.prints("key", "ls"))
    assert kid in shell.prints("key", "ls")[0]


def test_a_key_is_added_only_to_an_existing_tenant(shell: Shell) -> None:
    assert "weft tenant add" in shell.complains("key", "add", "--tenant", "nobody")
    assert shell.prints("tenant", "ls") == ["demo"]


def test_documents_are_listed_with_their_version(shell: Shell) -> None:
    shell.make(DocKey("demo", "home"), DocKey("demo", "about"))
    assert shell.prints("doc", "ls") == [
        f"{name}  version 1  epoch 1  2026-03-01T12:00:00.123Z by ada" for name in ("about", "home")
    ]
    assert "no tenant" in shell.complains("doc", "ls", "--tenant", "nobody")


def _epochs(shell: Shell, tenant: str = "demo") -> list[int]:
    lines = shell.prints("doc", "ls", "--tenant", tenant)
    return [int(line.split()[4]) for line in lines]


def test_a_new_epoch_is_higher_than_any_epoch_of_a_client(shell: Shell) -> None:
    shell.make(DocKey("demo", "a"), DocKey("demo", "b"))
    shell.prints("doc", "new-epoch", "a")
    first, untouched = _epochs(shell)
    assert first > 1_700_000_000
    assert untouched == 1
    shell.prints("doc", "new-epoch", "a", "b")
    assert _epochs(shell)[0] > first


def test_new_epoch_all_also_raises_the_epoch_of_later_documents(shell: Shell) -> None:
    shell.prints("doc", "new-epoch", "--all")
    store = SqlStore(shell.url)
    absent = asyncio.run(store.load(DocKey("demo", "made-after-the-backup")))
    asyncio.run(store.close())
    assert isinstance(absent, Absent)
    assert absent.epoch > 1_700_000_000


def test_new_epoch_all_gives_every_document_a_new_epoch(shell: Shell) -> None:
    shell.prints("tenant", "add", "acme")
    shell.make(DocKey("demo", "a"), DocKey("acme", "b"))
    assert len(shell.prints("doc", "new-epoch", "--all")) == 2
    assert min(_epochs(shell) + _epochs(shell, "acme")) > 1


@pytest.mark.parametrize("wrong", [[], ["a", "--all"], ["nowhere"]])
def test_new_epoch_needs_documents_or_all(shell: Shell, wrong: list[str]) -> None:
    assert shell.complains("doc", "new-epoch", *wrong).startswith("weft: ")


def _import_home(shell: Shell, tmp_path: Path) -> Path:
    """Import the demo tenant's `home` from a hand-made archive; return the archive's file."""
    file = tmp_path / "home.json"
    file.write_bytes(msgspec.json.encode(archive_of_home()))
    assert shell.prints("doc", "import", str(file)) == ["demo/home  version 4"]
    return file


def test_doc_show_prints_the_newest_value_or_an_older_one(shell: Shell, tmp_path: Path) -> None:
    _import_home(shell, tmp_path)
    assert json.loads("".join(shell.prints("doc", "show", "home"))) == {
        "title": "Hello é",
        "sections": [],
    }
    then = shell.prints("doc", "show", "home", "--at", "2", "--pointer", "/sections/0/headline")
    assert then == ['"Buy"']
    assert shell.prints("doc", "show", "home", "--at", "0") == ["{}"]


@pytest.mark.parametrize(
    "wrong",
    [["nowhere"], ["home", "--at", "5"], ["home", "--at", "-1"], ["home", "--pointer", "/x"]],
)
def test_doc_show_fails_when_there_is_no_such_value(
    shell: Shell, tmp_path: Path, wrong: list[str]
) -> None:
    _import_home(shell, tmp_path)
    assert shell.complains("doc", "show", *wrong).startswith("weft: ")


def test_an_export_is_imported_into_another_tenant(shell: Shell, tmp_path: Path) -> None:
    _import_home(shell, tmp_path)
    file = str(tmp_path / "again.json")
    shell.prints("doc", "export", "home", "--output", file)
    assert "weft tenant add" in shell.complains("doc", "import", file, "--tenant", "acme")
    shell.prints("tenant", "add", "acme")
    moved = shell.prints("doc", "import", file, "--tenant", "acme", "--doc", "start")
    assert moved == ["acme/start  version 4"]
    assert shell.prints("doc", "show", "home") == shell.prints(
        "doc", "show", "start", "--tenant", "acme"
    )


def test_the_database_flag_works_before_and_after_an_action(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.make(DocKey("demo", "home"))
    listed = shell.prints("doc", "ls")
    monkeypatch.setenv("WEFT_DATABASE", f"sqlite+aiosqlite:///{tmp_path}/other/weft.db")
    assert shell.prints("doc", "ls") != listed
    assert shell.prints("doc", "--database", shell.url, "ls") == listed
    assert shell.prints("doc", "ls", "--database", shell.url) == listed


def test_an_import_overwrites_nothing(shell: Shell, tmp_path: Path) -> None:
    file = str(_import_home(shell, tmp_path))
    assert "already" in shell.complains("doc", "import", file)
    assert "not a valid document name" in shell.complains("doc", "import", file, "--doc", "a b")
    assert shell.complains("doc", "import", str(tmp_path / "none.json")).startswith("weft: ")
    (tmp_path / "not.json").write_text("{}")
    assert "not an export" in shell.complains("doc", "import", str(tmp_path / "not.json"))


def test_a_check_prints_ok_for_each_part(shell: Shell) -> None:
    shell.prints("token", "--user", "ada", "--role", "editor")
    lines = shell.prints("check")
    assert [line.split() for line in lines] == [
        [part, "ok"] for part in ("settings", "database", "gossip", "keys")
    ]


def test_a_check_of_redis_says_what_is_wrong(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def find(url: str) -> str:
        asked.append(url)
        return "Connection refused"

    monkeypatch.setattr(check_command, "find_fault", find)
    monkeypatch.setenv("WEFT_REDIS", "redis://127.0.0.1:1/2")
    code, said = _check(shell)
    assert (code, asked) == (1, ["redis://127.0.0.1:1/2"])
    assert said["gossip"].startswith("failed: Connection refused; check WEFT_REDIS")


def _check(shell: Shell) -> tuple[int, dict[str, str]]:
    code, out, _ = shell.run("check")
    return code, dict(line.split(maxsplit=1) for line in out.splitlines())


class OutdatedStore(MemoryStore):
    """A database whose tables are out of date."""

    async def start(self) -> None:
        raise SchemaOutdatedError("0001")


def test_a_check_of_an_old_schema_says_run_migrate(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_command, "open_store", lambda _: OutdatedStore())
    code, said = _check(shell)
    assert code == 1
    assert said["database"].endswith("run `weft migrate`")


def test_a_check_of_an_empty_database_says_run_migrate(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    class EmptyStore(MemoryStore):
        async def start(self) -> None:
            raise SchemaOutdatedError("")

    monkeypatch.setattr(check_command, "open_store", lambda _: EmptyStore())
    _, said = _check(shell)
    assert said["database"] == "failed: the database has no tables of Weft yet: run `weft migrate`"


def test_a_check_names_the_command_for_a_tenant_without_a_key(shell: Shell) -> None:
    (kid,) = shell.prints("key", "add")
    shell.prints("key", "retire", kid)
    code, said = _check(shell)
    assert code == 1
    assert "weft key add --tenant demo" in said["keys"]


def test_a_check_names_a_misspelt_variable(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_MAX_FRAMES", "1")
    code, said = _check(shell)
    assert code == 1
    assert "WEFT_MAX_FRAME " in said["settings"]


def test_a_check_says_why_the_database_fails(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WEFT_DATABASE", f"sqlite+aiosqlite:///{tmp_path}/file/weft.db")
    code, said = _check(shell)
    assert code == 1
    assert said["database"].startswith("failed: ")
    assert "WEFT_DATABASE" in said["database"]
    assert said["keys"] == "not checked"


@pytest.mark.parametrize("command", ["check", "tenant ls", "serve", "migrate"])
def test_every_command_stops_and_names_each_wrong_setting(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("WEFT_MAX_OPS", "many")
    monkeypatch.setenv("WEFT_DEMO", "perhaps")
    code, _, err = shell.run(*command.split())
    assert code == 2
    assert [line.split()[1] for line in err.splitlines()] == ["WEFT_DEMO", "WEFT_MAX_OPS"]
    assert "a whole number" in err


def test_a_wrong_flag_is_reported_as_its_variable(shell: Shell) -> None:
    code, _, err = shell.run("serve", "--port", "99999")
    assert (code, err) == (2, "weft: WEFT_PORT must be a whole number from 0 to 65535\n")


def test_migrate_may_run_twice(shell: Shell) -> None:
    assert shell.prints("migrate") == shell.prints("migrate")


def test_version_prints_the_version_of_the_package(shell: Shell) -> None:
    code, out, _ = shell.run("--version")
    assert code == 0
    assert re.fullmatch(r"weft \d+\.\d+\.\d+\n", out)


def test_help_names_every_command(shell: Shell) -> None:
    _, out, _ = shell.run("--help")
    for command in ("serve", "token", "tenant", "key", "migrate", "check", "doc"):
        assert re.search(rf"^ +{command} ", out, re.MULTILINE)


def _leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parsers of the commands that have no subcommands."""
    below = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not below:
        yield parser
    for action in below:
        for each in dict.fromkeys(action.choices.values()):
            yield from _leaves(each)


@pytest.mark.parametrize("command", list(_leaves(cli._parser())), ids=lambda parser: parser.prog)
def test_a_command_is_documented_with_its_flags(command: argparse.ArgumentParser) -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = [row for row in page.splitlines() if re.match(rf"\| `{command.prog}\b", row)]
    assert rows, command.prog
    flags = [flag for action in command._actions for flag in action.option_strings]
    for flag in set(flags) - {"-h", "--help", "--database"}:
        assert any(flag in row for row in rows), f"{command.prog} {flag}"


def _start(folder: Path, *argv: str) -> subprocess.Popen[str]:
    env = {**os.environ, "WEFT_DATABASE": f"sqlite+aiosqlite:///{folder}/var/weft.db"}
    pipe = subprocess.PIPE
    return subprocess.Popen([*WEFT, *argv], env=env, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.real
def test_commands_started_at_once_create_one_database(tmp_path: Path, shell: Shell) -> None:
    users = [f"user-{n}" for n in range(6)]
    started = [_start(tmp_path, "token", "--user", user, "--role", "editor") for user in users]
    ended = [process.communicate(timeout=60) for process in started]
    assert [err for _, err in ended] == [""] * 6
    assert [shell.verify(out.strip()).user for out, _ in ended] == users


@pytest.mark.real
async def test_a_command_writes_while_another_process_writes(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite+aiosqlite:///{tmp_path}/var/weft.db")
    await store.start()
    try:
        added = _start(tmp_path, "key", "add")
        waiting = asyncio.create_task(asyncio.to_thread(added.communicate, timeout=60))
        beats = 0
        while not waiting.done():
            await store.ping()
            beats += 1
        kid, err = waiting.result()
        assert (err, beats > 1) == ("", True)
        assert await store.find_keys([kid.strip()])
    finally:
        await store.close()


@pytest.mark.real
def test_a_closed_output_pipe_prints_no_traceback(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    env = {**os.environ, "WEFT_DATABASE": f"sqlite+aiosqlite:///{tmp_path}/weft.db"}
    try:
        ended = subprocess.run(
            [*WEFT, "tenant", "ls"],
            env=env,
            stdout=write,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(write)
    assert b"Traceback" not in ended.stderr


@pytest.mark.real
def test_help_imports_neither_server_nor_database() -> None:
    code = (
        "import sys, server.cli.main as c\n"
        "try: c.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('sqlalchemy', 'starlette', 'uvicorn', 'pycrdt') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("flags", "env", "module"),
    [
        ((), "", "server.process"),
        (("--workers", "1"), "3", "server.process"),
        (("--workers", "3"), "", "server.workers.supervisor"),
        ((), "3", "server.workers.supervisor"),
    ],
)
def test_several_workers_have_a_parent(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], env: str, module: str
) -> None:
    monkeypatch.setenv("WEFT_WORKERS", env)
    served: list[Settings] = []

    def serve(settings: Settings) -> int:
        served.append(settings)
        return 7

    monkeypatch.setattr(importlib.import_module(module), "serve", serve)
    assert shell.run("serve", *flags) == (7, "", "")
    assert served[0].workers == int(flags[-1] if flags else env or 1)


def test_a_wrong_number_of_workers_is_refused(shell: Shell) -> None:
    code, _, err = shell.run("serve", "--workers", "0")
    assert (code, err) == (2, "weft: WEFT_WORKERS must be a whole number from 1 to 64\n")
