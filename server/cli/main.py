"""The command line: `weft serve`, and what an operator does beside it."""

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

from server.runtime.settings import BadSetting, Settings

FAILED, USAGE = 1, 2
SIGNALLED = 130  # as a shell counts an interrupt

# Which module runs a command. They are imported when it is called: `weft token` is run by hand
# and by scripts, and should not wait for the web server to be imported.
_MODULES = {
    "serve": "server.process",
    "token": "server.cli.keys",
    "tenant": "server.cli.keys",
    "key": "server.cli.keys",
    "doc": "server.cli.documents",
    "migrate": "server.cli.check",
    "check": "server.cli.check",
}
_LONGEST_TTL = 10 * 365 * 86_400
_FLAGS = ("host", "port", "database", "redis", "demo")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code is 0 done, 1 failed, 2 wrong arguments or settings."""
    arguments = _parser().parse_args(argv)
    try:
        settings = Settings.load(os.environ, **{name: vars(arguments).get(name) for name in _FLAGS})
    except BadSetting as error:
        return _wrong_settings(arguments.command, error)
    try:
        module = importlib.import_module(_MODULES[arguments.command])
        if arguments.command == "serve":
            return int(module.serve(settings))
        return int(asyncio.run(module.run(arguments, settings)))
    except KeyboardInterrupt:
        return SIGNALLED
    except BrokenPipeError:
        # The reader of our output is gone (`weft doc ls | head`): the interpreter must not flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # the process's edge: one sentence, and the trace when asked for
        if settings.log_level == "debug":
            traceback.print_exc()
        from server.runtime.logs import error_sentence

        print(f"weft: {error_sentence(error)}", file=sys.stderr)
        return FAILED


def _wrong_settings(command: str, error: BadSetting) -> int:
    for name, may_be in error.problems:
        print(f"weft: {name} must be {may_be}", file=sys.stderr)
    if command == "check":
        print("settings  wrong: see above; nothing else was checked")
    return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="weft",
        description="A real-time collaborative editing server.",
        epilog="Every WEFT_ variable of docs/settings.md applies to every command.",
    )
    parser.add_argument("--version", action="version", version=f"weft {version('weft')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_token(commands)
    _add_tenant(commands)
    _add_key(commands)
    _add_doc(commands)
    _add(commands, "migrate", "bring the database's schema up to date")
    _add(commands, "check", "settings, database, gossip and keys: ok, or what to do")
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(commands: _Commands, name: str, summary: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    _of_database(parser)
    return parser


def _of_database(parser: argparse.ArgumentParser) -> None:
    """Before a command's action or after it; where it is not said, what was said before stays."""
    parser.add_argument(
        "--database", metavar="URL", default=argparse.SUPPRESS, help="instead of WEFT_DATABASE"
    )


def _add_serve(commands: _Commands) -> None:
    parser = _add(commands, "serve", "run the server")
    parser.add_argument("--host", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", help="the port, 0 for a free one (8080)")
    parser.add_argument("--redis", metavar="URL", help="between several instances")
    parser.add_argument(
        "--demo", action="store_true", default=None, help="demo documents, and guests may edit"
    )


def _add_token(commands: _Commands) -> None:
    parser = _add(commands, "token", "print a token, alone on a line")
    parser.add_argument("--user", required=True, help="who it is for")
    roles = ("viewer", "commenter", "editor", "publisher", "admin")
    parser.add_argument("--role", required=True, choices=roles)
    _of_tenant(parser)
    parser.add_argument("--name", default="", help="what others see (the user)")
    parser.add_argument("--ttl", type=_ttl, default=3600, help="seconds that it lasts (3600)")
    parser.add_argument(
        "--docs", action="append", metavar="GLOB", help="only documents like this; repeatable"
    )
    parser.add_argument(
        "--sections",
        action="extend",
        type=_pointers,
        metavar="POINTER",
        help="change only what lies there; repeatable, or POINTER,POINTER",
    )


def _pointers(given: str) -> list[str]:
    """The pointers in one argument; a comma that no `/` follows belongs to a key."""
    pointers: list[str] = re.split(",(?=/)", given)
    return pointers


def _ttl(given: str) -> int:
    seconds = int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else 0
    if not 1 <= seconds <= _LONGEST_TTL:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_LONGEST_TTL} seconds")
    return seconds


def _add_tenant(commands: _Commands) -> None:
    actions = _actions(_add(commands, "tenant", "tenants: add one, list them"))
    adding = _action(actions, "add", "make a tenant and its first key")
    adding.add_argument("tenant", metavar="NAME")
    _action(actions, "ls", "list them")


def _add_key(commands: _Commands) -> None:
    actions = _actions(_add(commands, "key", "a tenant's signing keys: add, list, retire"))
    adding = _action(actions, "add", "make one more; older ones go on signing")
    adding.add_argument(
        "--show",
        action="store_true",
        help="also print its secret this one time, in base64url: decode it",
    )
    retiring = _action(actions, "retire", "refuse what it signed from now on")
    retiring.add_argument("kid", metavar="KEY")
    for each in (adding, _action(actions, "ls", "list them"), retiring):
        _of_tenant(each)


def _add_doc(commands: _Commands) -> None:
    actions = _actions(
        _add(commands, "doc", "documents: list, show, export, import, repair, delete")
    )
    _of_tenant(_action(actions, "ls", "list a tenant's documents"))
    showing = _action(actions, "show", "print a document's value")
    showing.add_argument("--at", type=int, metavar="VERSION", help="as it was (the newest)")
    showing.add_argument("--pointer", default="", help="only what stands there")
    exporting = _action(actions, "export", "write a document with its history")
    exporting.add_argument("--output", default="-", metavar="FILE", help="where to (the output)")
    repairing = _action(actions, "repair", "make a damaged document of what can be read of it")
    deleting = _action(actions, "delete", "delete a document, damaged or not")
    for each in (showing, exporting, repairing, deleting):
        each.add_argument("doc", metavar="DOC")
        _of_tenant(each)
    importing = _action(actions, "import", "make a document of what was exported")
    importing.add_argument("file", metavar="FILE", help="what was exported, - for the input")
    importing.add_argument("--doc", help="under this name (its own)")
    _of_tenant(importing)
    epoch = _action(actions, "new-epoch", "after a restored backup: make every client reload")
    epoch.add_argument("docs", nargs="*", metavar="DOC")
    epoch.add_argument("--all", action="store_true", help="every document of every tenant")
    _of_tenant(epoch)


def _actions(parser: argparse.ArgumentParser) -> _Commands:
    return parser.add_subparsers(dest="action", required=True, metavar="ACTION")


def _action(actions: _Commands, name: str, summary: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary)
    _of_database(parser)
    return parser


def _of_tenant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", default="demo", help="which tenant (demo)")


if __name__ == "__main__":
    sys.exit(main())
