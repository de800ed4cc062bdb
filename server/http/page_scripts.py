"""Which scripts and styles each of our own pages loads: served files, or the modules themselves.

`make sdk` joins the modules of a page in `static/served/`, without comments, and its style sheets.
A developer who has changed one of them gets the modules, until the next `make sdk`.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any, Final

import msgspec

from server.http.static_files import HOME

# The folders of `static/` whose modules a page loads.
FOLDERS: Final = {
    "preview": ("page", "preview"),
    "documents": ("page", "ui", "templates", "documents"),
    "editor": (
        "page",
        "ui",
        "templates",
        "editor",
        "canvas",
        "fields",
        "panels",
        "people",
        "safety",
    ),
}
# The screens of the editor, which it loads when a user opens them.
SCREENS: Final[tuple[str, ...]] = ("gallery", "history", "publish", "site", "add_page")
# The screens of the list of pages.
LIST_SCREENS: Final = ("new_page",)
SERVED: Final = HOME / "served"
_STYLE: Final = re.compile(r' *<link rel="stylesheet".*\n')
# The server makes this style sheet itself: it is in no served file.
MADE: Final = "page/canvas.css"


@lru_cache(maxsize=8)
def scripts_of(page: str) -> tuple[str, ...]:
    """Return the paths in `static/` of the scripts that a page loads. The last one starts it."""
    if is_served(page):
        return (f"served/{page}.js",)
    paths = [path for folder in FOLDERS[page] for path in sorted((HOME / folder).glob("*.js"))]
    names = [path.relative_to(HOME).as_posix() for path in paths]
    start = f"{page}/{page}.js"
    return (*(name for name in names if name != start), start)


@lru_cache(maxsize=8)
def html_of(page: str) -> str:
    """Return the HTML of a page, with the names of its styles."""
    html = (HOME / page / "index.html").read_text("utf-8")
    if not is_served(page):
        return html
    first, *others = (link for link in _STYLE.findall(html) if MADE not in link)
    for link in others:
        html = html.replace(link, "")
    served = f'    <link rel="stylesheet" href="/modules/{{version}}/served/{page}.css" />\n'
    return html.replace(first, served)


@lru_cache(maxsize=8)
def later_files(page: str) -> tuple[str, ...]:
    """Return the paths in `static/` of the files that a page loads when a user opens a screen."""
    screens = screens_of(page)
    if is_served(page):
        return tuple(f"served/{each}.{kind}" for each in screens for kind in ("js", "css"))
    paths = [path for each in screens for path in sorted((HOME / each).iterdir())]
    return tuple(path.relative_to(HOME).as_posix() for path in paths)


def screens_of(page: str) -> tuple[str, ...]:
    """Return the folders of the screens that a page has."""
    return {"editor": SCREENS, "documents": LIST_SCREENS}.get(page, ())


def is_served(page: str) -> bool:
    """Whether the served files of a page were made from the files that are there."""
    try:
        sources: dict[str, Any] = msgspec.json.decode((SERVED / "sources.json").read_bytes())
        made_from = sources[page]
        digest = hashlib.sha256()
        for name in made_from["files"]:
            digest.update(f"{name}\n".encode() + (HOME / name).read_bytes() + b"\n")
    except (OSError, KeyError):
        return False
    names = (page, *screens_of(page))
    is_there = all(
        (SERVED / f"{each}.{kind}").is_file() for each in names for kind in ("js", "css")
    )
    return is_there and digest.hexdigest() == made_from["hash"]
