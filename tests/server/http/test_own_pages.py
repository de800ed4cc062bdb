"""The HTML of the editor and of a preview."""

from __future__ import annotations

import pytest

from server.http import own_pages
from server.http.static_files import HOME, MODULES


@pytest.mark.parametrize("name", own_pages._MODULES)
def test_a_page_names_all_its_scripts(name: str) -> None:
    html = own_pages.page_html(name, "1.0", "https://weft.example")
    scripts = [
        f"{path.parent.name}/{path.name}"
        for folder in own_pages._MODULES[name]
        for path in (HOME / folder).glob("*.js")
    ]
    assert len(scripts) > 10
    assert [each for each in scripts if f'"/modules/1.0/{each}"' not in html] == []


def test_a_page_names_only_folders_that_are_served() -> None:
    named = {folder for folders in own_pages._MODULES.values() for folder in folders}
    assert named <= set(MODULES)


@pytest.mark.parametrize("name", own_pages._MODULES)
def test_the_public_url_is_in_the_page(name: str) -> None:
    html = own_pages.page_html(name, "1.0", "https://weft.example")
    assert 'name="weft-public-url" content="https://weft.example"' in html
    assert "{" not in html
