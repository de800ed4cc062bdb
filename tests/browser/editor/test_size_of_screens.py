"""How many bytes a screen of the editor has of its own. The rest is in the script of the editor."""

from __future__ import annotations

import gzip
import re

import pytest

from server.http.page_scripts import SCREENS, SERVED, is_served

MOST = 16 * 1024


@pytest.mark.skipif(not is_served("editor"), reason="`make sdk` has not joined the scripts")
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_at_most_16_kb_and_shares_the_rest(name: str) -> None:
    script = (SERVED / f"{name}.js").read_bytes()
    assert len(gzip.compress(script, 9)) <= MOST
    # What it takes from the editor, the editor exports.
    editor = (SERVED / "editor.js").read_text("utf-8")
    exported = set(re.findall(r"(?: as |[{,])(\w+)(?=[,}])", editor[editor.rindex("export{") :]))
    taken = re.findall(r'import\{([^}]*)\}from"\./editor\.js"', script.decode())
    names = {each.split(" as ")[0] for each in ",".join(taken).split(",") if each}
    assert names <= exported
