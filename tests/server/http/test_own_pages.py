"""The HTML of the list of pages, the editor, and a preview."""

from __future__ import annotations

import pytest

from server.http import own_pages
from server.http.page_scripts import FOLDERS, scripts_of


@pytest.mark.parametrize("name", FOLDERS)
def test_a_page_names_all_its_scripts(name: str) -> None:
    html = own_pages.page_html(name, "1.0", "https://weft.example")
    assert [each for each in scripts_of(name) if f'"/modules/1.0/{each}"' not in html] == []
    assert f'src="/modules/1.0/{scripts_of(name)[-1]}"' in html


@pytest.mark.parametrize("name", FOLDERS)
def test_the_public_url_is_in_the_page(name: str) -> None:
    html = own_pages.page_html(name, "1.0", "https://weft.example")
    assert 'name="weft-public-url" content="https://weft.example"' in html
    assert "{" not in html
