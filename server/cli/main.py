"""Parses the command line, reads the settings, and runs one command."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import re
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from typing import TypeAlias

from server.runtime.setting_kinds import BadSetting
from server.runtime.settings import Settings

FAILED, USAGE = 1, 2
SIGNALLED = 130  # the exit code that shells use for an interrupt (Ctrl-C)

# The module that runs each command. It is imported only when the command is called. So
# `weft token` does not wait for the import of the web server.
_MODULES = {
    "serve": "server.process",
    "token": "server.cli.keys",
    "tenant": "server.cli.keys",
    "key": "server.cli.keys",
    "doc": "server.cli.documents",
    "asset": "server.cli.assets",
    "migrate": "server.cli.check",
    "check": "server.cli.check",
}
_SUPERVISOR = "server.workers.supervisor"  # of `weft serve` with several workers
_LONGEST_TTL = 10 * 365 * 86_400
_FLAGS = ("host", "port", "database", "redis", "workers", "demo")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 means done, 1 failed, 2 wrong arguments or settings, 130 interrupted. `serve` also returns 3
    when it cannot start.
    """
    arguments = _parser().parse_args(argv)
    try:
        settings = Settings.load(os.environ, **{name: vars(arguments).get(name) for name in _FLAGS})
    except BadSetting as error:
        return _wrong_settings(arguments.command, error)
    try:
        if arguments.command == "serve" and settings.workers > 1:
            return int(importlib.import_module(_SUPERVISOR).serve(settings))
        module = importlib.import_module(_MODULES[arguments.command])
        if arguments.command == "serve":
            return int(module.serve(settings))
        return int(asyncio.run(module.run(arguments, settings)))
    except KeyboardInterrupt:
        return SIGNALLED
    except BrokenPipeError:
        # The program that reads our output has ended (`weft doc ls | head`). When our own process
        # exits, Python flushes standard output. That would fail too, so write to /dev/null instead.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # print one sentence; the traceback only at level debug
        if settings.log_level == "debug":
            traceback.print_exc()
        from server.runtime.logs import error_sentence

        print(f"weft: {error_sentence(error)}", file=sys.stderr)
        return FAILED


def _wrong_settings(command: str, error: BadSetting) -> int:
    for name, may_be in error.problems:
        print(f"weft: {name} must be {may_be}", file=sys.stderr)
    if command == "check":
        print("settings  wrong: see above; no other part was checked")
    return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="weft",
        description="A real-time collaborative editing server.",
        epilog="Every command reads the WEFT_ variables of docs/settings.md.",
    )
    parser.add_argument("--version", action="version", version=f"weft {version('weft')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_token(commands)
    _add_tenant(commands)
    _add_key(commands)
    _add_doc(commands)
    _add_asset(commands)
    _add(commands, "migrate", "bring the tables of the database up to date")
    _add(commands, "check", "check settings, database, gossip and keys")
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(commands: _Commands, name: str, summary: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    _of_database(parser)
    return parser


def _of_database(parser: argparse.ArgumentParser) -> None:
    """Add the flag `--database`.

    The flag may come before or after the action, which is `ls` in `weft doc ls`. A missing flag
    sets nothing. So it does not overwrite a value that was given before the action.
    """
    parser.add_argument(
        "--database", metavar="URL", default=argparse.SUPPRESS, help="instead of WEFT_DATABASE"
    )


def _add_serve(commands: _Commands) -> None:
    parser = _add(commands, "serve", "run the server")
    parser.add_argument("--host", help="the address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", help="the port; 0 takes a free one (default 8080)")
    parser.add_argument("--redis", metavar="URL", help="for messages between several instances")
    parser.add_argument("--workers", metavar="N", help="processes that share the work (default 1)")
    parser.add_argument(
        "--demo",
        action="store_true",
        default=None,
        help="make demo documents, and let guests edit them",
    )


def _add_token(commands: _Commands) -> None:
    parser = _add(commands, "token", "print a token and nothing else")
    parser.add_argument("--user", required=True, help="the id of the user")
    roles = ("viewer", "commenter", "editor", "publisher", "admin")
    parser.add_argument("--role", required=True, choices=roles)
    _of_tenant(parser)
    parser.add_argument(
        "--name", default="", help="the name that other users see (default: the user)"
    )
    parser.add_argument(
        "--ttl", type=_ttl, default=3600, help="seconds until it expires (default 3600)"
    )
    parser.add_argument(
        "--docs",
        action="append",
        metavar="GLOB",
        help="allow only documents that match this glob; repeatable",
    )
    parser.add_argument(
        "--sections",
        action="extend",
        type=_pointers,
        metavar="POINTER",
        help="allow changes only at and below this pointer; repeatable, or POINTER,POINTER",
    )


def _pointers(given: str) -> list[str]:
    """The pointers in one argument. A comma separates two pointers only before a `/`."""
    pointers: list[str] = re.split(",(?=/)", given)
    return pointers


def _ttl(given: str) -> int:
    seconds = int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else 0
    if not 1 <= seconds <= _LONGEST_TTL:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_LONGEST_TTL} seconds")
    return seconds


def _add_tenant(commands: _Commands) -> None:
    actions = _actions(_add(commands, "tenant", "tenants: add, list"))
    adding = _action(actions, "add", "create a tenant and its first key")
    adding.add_argument("tenant", metavar="NAME")
    _action(actions, "ls", "list the tenants")


def _add_key(commands: _Commands) -> None:
    actions = _actions(_add(commands, "key", "a tenant's signing keys: add, list, retire"))
    adding = _action(actions, "add", "make a new key; older keys stay valid")
    adding.add_argument(
        "--show",
        action="store_true",
        help="also print the secret, which no later command prints. It is in base64url: decode it "
        "before you sign tokens with it",
    )
    retiring = _action(actions, "retire", "refuse the tokens of a key from now on")
    retiring.add_argument("kid", metavar="KEY")
    for each in (adding, _action(actions, "ls", "list the keys of a tenant"), retiring):
        _of_tenant(each)


def _add_doc(commands: _Commands) -> None:
    actions = _actions(
        _add(commands, "doc", "documents: list, show, export, import, repair, delete")
    )
    _of_tenant(_action(actions, "ls", "list the documents of a tenant"))
    showing = _action(actions, "show", "print the value of a document")
    showing.add_argument(
        "--at", type=int, metavar="VERSION", help="the version to print (default: the newest)"
    )
    showing.add_argument("--pointer", default="", help="print only the value at this JSON Pointer")
    exporting = _action(actions, "export", "write a document with its history")
    exporting.add_argument(
        "--output", default="-", metavar="FILE", help="the file to write (default: standard output)"
    )
    repairing = _action(actions, "repair", "rebuild a damaged document from what can be read")
    deleting = _action(actions, "delete", "delete a document, also a damaged one, without asking")
    for each in (showing, exporting, repairing, deleting):
        each.add_argument("doc", metavar="DOC")
        _of_tenant(each)
    importing = _action(actions, "import", "create a document from an export")
    importing.add_argument("file", metavar="FILE", help="the exported file; - reads standard input")
    importing.add_argument("--doc", help="the name of the new document (default: its old name)")
    _of_tenant(importing)
    epoch = _action(
        actions, "new-epoch", "after you restore a backup: make clients load documents again"
    )
    epoch.add_argument("docs", nargs="*", metavar="DOC")
    epoch.add_argument("--all", action="store_true", help="all documents of all tenants")
    _of_tenant(epoch)


def _add_asset(commands: _Commands) -> None:
    actions = _actions(_add(commands, "asset", "assets of a tenant: list, export, import"))
    exporting = _action(actions, "export", "write the file of each asset to a folder")
    exporting.add_argument("folder", metavar="FOLDER")
    importing = _action(actions, "import", "store files, as an upload does")
    importing.add_argument("files", metavar="FILE", nargs="+")
    for each in (_action(actions, "ls", "list the assets"), exporting, importing):
        _of_tenant(each)


def _actions(parser: argparse.ArgumentParser) -> _Commands:
    return parser.add_subparsers(dest="action", required=True, metavar="ACTION")


def _action(actions: _Commands, name: str, summary: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary)
    _of_database(parser)
    return parser


def _of_tenant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", default="demo", help="the tenant (default demo)")


if __name__ == "__main__":
    sys.exit(main())
