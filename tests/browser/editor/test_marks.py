"""Bold, italic and links are written with as few marks as they need, and never change the words."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from playwright.async_api import Page

from tests.browser.chromium_contexts import Complaints
from tests.browser.editor.studio import Studio

pytestmark = pytest.mark.real

# The text with what is selected between `<` and `>`; the mark; the text after it.
CASES = [
    ("Hello <big> world", "strong", "Hello **<big>** world"),
    ("Hello **<big>** world", "strong", "Hello <big> world"),
    ("Hello <**big**> world", "strong", "Hello <big> world"),
    ("Hello **big <world>**", "strong", "Hello **big** <world>"),
    ("one< two >three", "em", "one< *two* >three"),
    ("**<abc>**", "em", "***<abc>***"),
    ("*<ab> cd*", "strong", "***<ab>*** *cd*"),
    ("<2 * 3 * 4>", "strong", "**<2 * 3 * 4>**"),
    ("\\*<a> b", "em", "\\**<a>* b"),
    ("<x [y](z) w>", "strong", "**<x** [**y**](z) **w>**"),
    ("<p one\n\np two>", "em", "*<p one*\n\n*p two>*"),
]
RUN = """async ([address, source, cases, rounds]) => {
  const { toggled, linked } = await import(address);
  const { characters } = await import(source);
  const wrong = [];
  for (const [given, name, wanted] of cases) {
    const [start, end] = [given.indexOf('<'), given.indexOf('>') - 1];
    const made = toggled(given.replace(/[<>]/g, ''), 'lines', start, end, name);
    const { words, start: first, end: last } = made;
    const shown = `${words.slice(0, first)}<${words.slice(first, last)}>${words.slice(last)}`;
    if (shown !== wanted) wrong.push([given, shown, wanted]);
  }
  let seed = 7;
  const random = (most) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % 65536 % most;
  const parts = ['a', 'b', ' ', '*', '**', '[', '](u)', '\\\\*', '\\\\', '\\n\\n'];
  const words = (text) => characters(text).map(({ word }) => word).join('');
  const read = (text) => text.split('\\n\\n').map(words).join('|');
  let refused = 0;
  for (let round = 0; round < rounds; round += 1) {
    const length = 1 + random(12);
    const text = Array.from({ length }, () => parts[random(parts.length)]).join('');
    const start = random(text.length);
    const end = start + 1 + random(text.length - start);
    const name = ['strong', 'em', 'link'][random(3)];
    const made = name === 'link'
      ? linked(text, 'lines', start, end, 'v)')
      : toggled(text, 'lines', start, end, name);
    if (!made) refused += 1;
    else if (read(made.words) !== read(text)) wrong.push([text, made.words]);
    else if (name !== 'link') {
      const back = toggled(made.words, 'lines', made.start, made.end, name);
      if (!back || read(back.words) !== read(text)) wrong.push([text, made.words, back]);
    }
  }
  return { wrong, share: refused / rounds };
}"""


async def test_marks_never_change_the_words(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await page.goto(f"{studio.server.http}/preview/none")
    folder = f"/modules/{version('weft')}/canvas"
    given = [f"{folder}/marks.js", f"{folder}/source.js", CASES, 4_000]
    made = await page.evaluate(RUN, given)
    assert made["wrong"] == []
    # Where stars of the text touch marks, there may be no way to write them. Then nothing changes.
    assert made["share"] < 0.25
