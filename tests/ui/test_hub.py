"""The hub: every module by phase, working ones with their measured headline and their page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from velvet import catalog
from velvet.errors import VelvetError
from velvet.ui import guesses, hub

TOML = """\
title = "Tiny & Small"
phase = 2
difficulty = "Beginner"
hours = 1
question = "How small can a module be?"
summary = "As small as this."
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one module that has a page and no measurements."""
    folder = tmp_path / "30-tiny"
    folder.mkdir()
    (folder / "module.toml").write_text(TOML, encoding="utf-8")
    (folder / "app.py").write_text("import streamlit as st\nst.title('tiny page')\n")
    monkeypatch.setattr(catalog, "repository", lambda start=None: tmp_path)
    return tmp_path


def said(app: AppTest) -> str:
    """All text and HTML of a page."""
    kinds = ("caption", "markdown", "info")
    words = [str(one.value) for kind in kinds for one in app.get(kind)]
    return "\n".join([*words, *(str(one.proto) for one in app.get("html"))])


@pytest.fixture
def pictured(root: Path) -> Path:
    """The module has a headline and a picture of its dashboard."""
    extra = 'headline = "Small"\n[[pictures]]\ntab = "One"\nfile = "one.png"\n'
    (root / "30-tiny" / "module.toml").write_text(TOML + extra, encoding="utf-8")
    (root / "30-tiny" / "pictures").mkdir()
    (root / "30-tiny" / "pictures" / "one.png").write_bytes(b"PNG")
    return root


def test_a_headline_is_filled_from_the_results(pictured, monkeypatch):
    fill = "filled: {0.headline}".format
    monkeypatch.setattr(hub.report, "headline", fill)

    assert hub.headline(catalog.find("tiny")) == "filled: Small"


def test_a_module_without_a_headline_is_introduced_by_its_question(root):
    assert hub.headline(catalog.find("tiny")) == "How small can a module be?"


def test_a_headline_that_cannot_be_filled_gives_way_to_the_question(pictured, monkeypatch):
    def damaged(module: catalog.Module) -> str:
        raise VelvetError("reference.json: damaged at claims")

    monkeypatch.setattr(hub.report, "headline", damaged)

    assert hub.headline(catalog.find("tiny")) == "How small can a module be?"


def test_the_flagship_is_the_largest_module_with_a_picture(pictured):
    tiny = catalog.find("tiny")

    assert hub.flagship([tiny]) == tiny
    assert hub.flagship([]) is None


def test_the_hub_shows_a_card_for_what_works_and_a_line_for_what_is_planned(root):
    app = AppTest.from_file(hub.__file__).run(timeout=60)

    text = said(app)
    assert not app.exception
    assert "How small can a module be?" in text
    planned = next(one for one in catalog.everything() if one.path is None)
    assert planned.title in text.split("Planned: ")[1]
    assert "href=" not in text


def test_the_hero_links_to_its_page(pictured):
    app = AppTest.from_file(hub.__file__).run(timeout=60)

    assert "href=\\'tiny\\'" in said(app) or "href='tiny'" in said(app)


def test_the_hub_shows_how_well_the_reader_guesses(root, monkeypatch):
    guess = guesses.Guess("30-tiny", "x", "a", 4.0, ("a",), 2.0)
    monkeypatch.setattr(guesses, "file", lambda: root / "guesses.jsonl")
    guesses.add(guess)

    app = AppTest.from_file(hub.__file__).run(timeout=60)

    assert app.info[0].value == (
        "Your guesses so far: 1 of 1 winners right; the typical factor is 2x off."
    )


def test_every_module_with_a_page_is_in_the_navigation(root, monkeypatch):
    (root / "31-bare").mkdir()
    (root / "31-bare" / "module.toml").write_text(TOML, encoding="utf-8")
    pages: list[Any] = []

    class Navigation:
        """In place of Streamlit's: notes the pages and opens none."""

        def __init__(self, chosen: list[Any]) -> None:
            pages.extend(chosen)

        def run(self) -> None:
            pages.append("run")

    monkeypatch.setattr(hub.st, "navigation", Navigation)
    monkeypatch.setattr(hub.st, "Page", lambda page, **options: options["title"])

    hub.main()

    assert pages == ["All modules", "30 Tiny & Small", "run"]


def test_a_page_is_imported(root, monkeypatch):
    package = root / "30-tiny" / "src" / "velvet_tiny" / "dashboard"
    package.mkdir(parents=True)
    code = "def main():\n    raise KeyboardInterrupt('drawn')\n"
    (package / "__init__.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(root / "30-tiny" / "src"))

    try:
        with pytest.raises(KeyboardInterrupt, match="drawn"):
            hub.opener(catalog.find("tiny"))()
    finally:  # a later test has a module of the same name
        for name in ("velvet_tiny.dashboard", "velvet_tiny"):
            sys.modules.pop(name, None)
