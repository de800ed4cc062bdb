"""What is found before a publication, beside an oracle of random pages.

The oracle follows `docs/page-format.md`. It shares no code with the server and the editor.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from collab.page.checks import Rules, check
from tests.yjs_peer import has_node

SCRIPT = Path(__file__).with_name("findings.mjs")
PAGES = 150
SLUGS = ["home", "about", "shop"]
LINKS = [
    *("https://example.com", "mailto:a@example.com", "tel:1", "/", "", "#", "?a=1", "/v1/x/y"),
    *(
        "#a",
        "#b",
        "#c",
        "#named",
        "#nowhere",
        "/about",
        "/shop",
        "/gone",
        "/about#a",
        "/shop#named",
    ),
    *("javascript:x", "//example.com", "ftp://example.com", "https://"),
]
BAD = {"javascript:x", "//example.com", "ftp://example.com", "https://"}
TEXTS = ["", "  ", "Fresh bread", "**Fresh** bread", "[ ](https://example.com)", "Kiln & clay"]


class Generator:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.count = 0

    def maybe(self, holder: dict[str, Any], name: str, value: Any) -> None:
        if self.random.random() < 0.7:
            holder[name] = value

    def link(self) -> str:
        return self.random.choice(LINKS)

    def rich(self) -> str:
        link = self.link()
        if link and self.random.random() < 0.3:
            return f"Words [here]({link}) and more"
        return self.random.choice(TEXTS)

    def image(self) -> dict[str, Any]:
        found: dict[str, Any] = {"src": self.random.choice(["/a.png", "/a.png", ""])}
        self.maybe(found, "alt", self.random.choice(["A loaf", "", " "]))
        return found

    def button(self) -> dict[str, Any]:
        found: dict[str, Any] = {"label": self.random.choice(["Go", "See", ""])}
        self.maybe(found, "href", self.link())
        return found

    def item(self, **fields: Any) -> dict[str, Any]:
        self.count += 1
        item: dict[str, Any] = {"id": self.random.choice(["same", f"item-{self.count}"])}
        for name, value in fields.items():
            self.maybe(item, name, value)
        return item

    def content(self, kind: str) -> dict[str, Any]:
        content: dict[str, Any] = {}
        some = range(self.random.randint(0, 3))
        if kind != "footer":
            self.maybe(content, "headline", self.rich())
        match kind:
            case "hero":
                self.maybe(content, "subheadline", self.rich())
                self.maybe(content, "image", self.image())
                self.maybe(content, "buttons", [self.button() for _ in some])
            case "features":
                content["items"] = [
                    self.item(title="A", body=self.rich(), link=self.link(), image=self.image())
                    for _ in some
                ]
            case "pricing":
                content["plans"] = [
                    self.item(
                        features=[self.rich() for _ in some],
                        description=self.rich(),
                        button=self.button(),
                    )
                    for _ in some
                ]
            case "gallery":
                content["items"] = [
                    self.item(image=self.image(), caption=self.rich()) for _ in some
                ]
            case "form":
                self.maybe(content, "action", self.link())
                content["fields"] = [
                    {"id": f"f{each}", "name": "n", "kind": "text", "label": "Name"}
                    for each in some
                ]
            case "footer":
                self.maybe(content, "text", self.rich())
                content["columns"] = [
                    self.item(title="T", links=[self.button() for _ in some]) for _ in some
                ]
                content["social"] = [self.item(network="github", href=self.link()) for _ in some]
        return content

    def section(self) -> dict[str, Any]:
        kinds = ["hero", "features", "pricing", "gallery", "form", "footer", "slider"]
        kind = self.random.choice(kinds)
        self.count += 1
        made: dict[str, Any] = {"id": self.random.choice(["a", "b", f"s{self.count}"])}
        made |= {"type": kind, "content": self.content(kind)}
        if self.random.random() < 0.2:
            made["hidden"] = True
        if self.random.random() < 0.2:
            made["anchor"] = "named"
        return made

    def page(self) -> dict[str, Any]:
        page: dict[str, Any] = {"title": self.random.choice(["Home", "About", ""])}
        self.maybe(page, "slug", self.random.choice(SLUGS))
        seo: dict[str, Any] = {}
        self.maybe(seo, "title", self.random.choice(["Bread", ""]))
        self.maybe(seo, "description", self.random.choice(["Bread", ""]))
        self.maybe(seo, "image", self.image())
        self.maybe(page, "seo", seo)
        page["sections"] = [self.section() for _ in range(self.random.randint(0, 4))]
        return page

    def document(self) -> dict[str, Any]:
        names = ["home", *self.random.sample(["about", "shop", "team"], self.random.randint(0, 2))]
        value: dict[str, Any] = {"pages": {name: self.page() for name in names}}
        about: dict[str, Any] = {}
        self.maybe(about, "logo", self.image())
        self.maybe(about, "navigation", [self.button() for _ in range(2)])
        self.maybe(value, "site", about)
        return value


# --- the oracle ---------------------------------------------------------------------------------


class Oracle:
    """The places with something wrong, as `kind pointer`."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value
        self.found: list[str] = []
        pages = value["pages"]
        self.order = sorted(pages, key=lambda key: (key != "home", self.slug(key) != "home", key))
        self.anchors = {key: self.names(page) for key, page in pages.items()}
        self.everywhere = {name for names in self.anchors.values() for name in names}
        about = value.get("site", {})
        self.picture("/site/logo", about.get("logo"))
        navigation = about.get("navigation", [])
        for index, entry in enumerate(navigation):
            self.link(f"/site/navigation/{index}/href", entry.get("href", ""))
        self.no_address([("/site/navigation", navigation)])
        for key in pages:
            self.page(key)

    def slug(self, key: str) -> str:
        return str(self.value["pages"][key].get("slug") or key)

    @staticmethod
    def names(page: dict[str, Any]) -> set[str]:
        shown = [each for each in page["sections"] if not each.get("hidden")]
        return {each[name] for each in shown for name in ("id", "anchor") if name in each}

    def page(self, key: str) -> None:
        page, at = self.value["pages"][key], f"/pages/{key}"
        if not page["title"]:
            self.found.append(f"required {at}/title")
        seo = page.get("seo", {})
        for name in ("title", "description"):
            if not seo.get(name):
                self.found.append(f"required {at}/seo/{name}")
        self.picture(f"{at}/seo/image", seo.get("image"))
        earlier = self.order[: self.order.index(key)]
        if any(self.slug(other) == self.slug(key) for other in earlier):
            self.found.append(f"address {at}/slug")
        for index, section in enumerate(page["sections"]):
            if not section.get("hidden"):
                self.section(f"{at}/sections/{index}", section)

    def section(self, at: str, section: dict[str, Any]) -> None:
        content = section["content"]
        if section["type"] == "slider":
            self.found.append(f"sections {at}")
        headline = content.get("headline")
        if headline is not None and headline.strip() in ("", "[ ](https://example.com)"):
            self.found.append(f"heading {at}/content/headline")
        self.walk(f"{at}/content", content)
        parts = [(f"{at}/content/buttons", content.get("buttons", []))]
        for index, plan in enumerate(content.get("plans", [])):
            if "button" in plan:
                parts.append((f"{at}/content/plans/{index}/button", [plan["button"]]))
        for index, column in enumerate(content.get("columns", [])):
            parts.append((f"{at}/content/columns/{index}/links", column.get("links", [])))
        self.no_address(parts)

    def walk(self, at: str, part: Any, name: str = "") -> None:
        if isinstance(part, str):
            if name in ("href", "link", "action"):
                self.link(at, part)
            elif "](" in part:
                self.link(at, part.partition("](")[2].partition(")")[0])
        elif isinstance(part, list):
            for index, each in enumerate(part):
                self.walk(f"{at}/{index}", each, name)
        elif isinstance(part, dict):
            if "src" in part:
                self.picture(at, part)
            for inner, each in part.items():
                self.walk(f"{at}/{inner}", each, inner)

    def picture(self, at: str, image: dict[str, Any] | None) -> None:
        if image and image["src"] and not image.get("alt", "").strip():
            self.found.append(f"required {at}/alt")

    def no_address(self, parts: list[tuple[str, list[dict[str, Any]]]]) -> None:
        """The first entry with a name and without an address stands for all of the part."""
        for at, entries in parts:
            for index, entry in enumerate(entries):
                if entry.get("label") and entry.get("href", "") in ("", "#"):
                    place = at if at.endswith("/button") else f"{at}/{index}"
                    self.found.append(f"link {place}/href")
                    return

    def link(self, at: str, link: str) -> None:
        if self.is_broken(link):
            self.found.append(f"links {at}")

    def is_broken(self, link: str) -> bool:
        if link in BAD:
            return True
        if link.startswith("#"):
            # It leads to any page that has such a section.
            return link != "#" and link[1:] not in self.everywhere
        path, _, name = link.partition("#")
        if not path.startswith("/") or path == "/v1/x/y":
            return False
        found = [key for key in self.order if path == "/" or self.slug(key) == path[1:]]
        return not found or (name != "" and name not in self.anchors[found[0]])


def kind_of(words: str) -> str:
    for part, kind in (
        ("empty headline", "heading"),
        ("no address yet", "link"),
        ("the same address", "address"),
        ("leads nowhere", "links"),
        ("may not link", "links"),
        ("cannot show sections", "sections"),
    ):
        if part in words:
            return kind
    return "required"


@pytest.mark.real
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
def test_no_finding_of_random_pages_is_missing_or_wrong_or_leads_elsewhere() -> None:
    generator = Generator(Random(23))
    documents = [generator.document() for _ in range(PAGES)]
    asked = [
        {
            "value": value,
            "warnings": [
                {"check": each.check, "pointer": each.pointer, "message": each.message}
                for each in check(value, Rules()).warnings
            ],
        }
        for value in documents
    ]
    done = subprocess.run(
        ["node", "--no-warnings", SCRIPT.name],
        cwd=SCRIPT.parent,
        input=json.dumps(asked),
        check=True,
        capture_output=True,
        text=True,
    )
    kinds: set[str] = set()
    for value, answer in zip(documents, json.loads(done.stdout), strict=True):
        found = sorted(f"{kind_of(words)} {pointer}" for _, words, pointer in answer)
        assert found == sorted(Oracle(value).found), json.dumps(value, indent=1)
        kinds |= {each.partition(" ")[0] for each in found}
        for where, _, _ in answer:
            assert where[0].isupper()
            assert where.count(" of ") <= 2, where
    assert kinds == {"required", "links", "sections", "heading", "link", "address"}
