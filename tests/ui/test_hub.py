"""The hub: every module by phase, working ones with their measured headline and their page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from velvet import catalog
from velvet.errors import VelvetError
from velvet.ui import hub

MACHINE = {"cpu": "Paper CPU", "usable_cores": 2, "ram_gb": 4.0, "os": "Linux"}
MACHINE |= {"implementation": "CPython", "python": "3.12.1"}
PART = {"text": "ratio(a/b, x)", "bound": ">= 2", "verdict": "HOLDS", "reason": ""}
TOML = """\
title = "Tiny & Small"
phase = 2
difficulty = "Beginner"
hours = 1
question = "How small can a module be?"
summary = "As small as this."
"""


def results(*verdicts: str) -> dict[str, Any]:
    """The part of a results document that the hub looks at."""
    claims = [
        {"text": f"claim {n}", "verdict": verdict, "parts": [{**PART, "value": 3.0 + n}]}
        for n, verdict in enumerate(verdicts)
    ]
    return {
        "machine": MACHINE,
        "created": "2026-01-02",
        "noise": {"index": 1.1},
        "claims": claims,
    }


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one module that has a page and no measurements."""
    folder = tmp_path / "30-tiny"
    folder.mkdir()
    (folder / "module.toml").write_text(TOML, encoding="utf-8")
    (folder / "app.py").write_text("import streamlit as st\nst.title('tiny page')\n")
    monkeypatch.setattr(catalog, "repository", lambda start=None: tmp_path)
    return tmp_path


def cards(app: AppTest) -> str:
    """All HTML of a page as one text."""
    return "".join(str(element.proto) for element in app.get("html"))


def test_the_headline_is_the_first_claim_that_holds(root, monkeypatch):
    monkeypatch.setattr(hub, "load", lambda path: results("FAILS", "HOLDS", "HOLDS"))

    text, where = hub.headline(catalog.find("tiny"))

    assert text == "claim 1: HOLDS ratio(a/b, x) = 4.00 >= 2"
    assert where.startswith("Paper CPU")


def test_without_a_claim_that_holds_the_headline_says_so(root, monkeypatch):
    monkeypatch.setattr(hub, "load", lambda path: results("FAILS", "INCONCLUSIVE"))

    assert hub.headline(catalog.find("tiny"))[0] == "no claim has held yet"


def test_without_results_the_headline_says_what_is_missing(root):
    text, where = hub.headline(catalog.find("tiny"))

    assert "reference.json: no such results file" in text
    assert where == ""


def test_damaged_results_are_a_sentence_on_the_card_and_no_crash(root, monkeypatch):
    def damaged(path: Path) -> dict[str, Any]:
        raise VelvetError("reference.json: damaged at claims")

    monkeypatch.setattr(hub, "load", damaged)

    assert hub.headline(catalog.find("tiny")) == ("reference.json: damaged at claims", "")


def test_the_overview_counts_and_shows_every_module(root):
    app = AppTest.from_file(hub.__file__).run(timeout=60)

    shown = cards(app)
    values = {metric.label: metric.value for metric in app.metric}
    assert not app.exception
    assert values["modules that work"] == "0"
    assert values["planned"] == str(len(catalog.everything()))
    assert [header.value for header in app.subheader] == [
        f"Phase {number}: {title}" for number, title in catalog.PHASES.items()
    ]
    assert "30 Tiny &amp; Small" in shown
    assert "22 Algorithms &amp; Data Structures" in shown


def test_a_planned_module_is_shown_as_planned(root):
    app = AppTest.from_file(hub.__file__).run(timeout=60)

    assert "velvet-planned" in cards(app)


def test_the_real_repositorys_hub_shows_no_error():
    app = AppTest.from_file(hub.__file__).run(timeout=60)

    assert not app.exception
    assert "09 Concurrency Patterns" in cards(app)


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


def test_a_page_runs_the_modules_own_script_from_its_folder(root):
    script = root / "30-tiny" / "app.py"
    (root / "30-tiny" / "beside_the_page.py").write_text("answer = 42\n", encoding="utf-8")
    code = "from pathlib import Path\nfrom beside_the_page import answer\n"
    code += "assert __name__ == '__main__'\nPath(__file__).with_name('ran').touch()\n"
    script.write_text(code, encoding="utf-8")
    before = list(sys.path)

    hub.opener(script)()

    assert (root / "30-tiny" / "ran").exists()
    assert sys.path == before
    sys.modules.pop("beside_the_page")


def test_a_page_that_fails_leaves_the_path_as_it_was(root):
    script = root / "30-tiny" / "app.py"
    script.write_text("raise RuntimeError('broken page')\n", encoding="utf-8")
    before = list(sys.path)

    with pytest.raises(RuntimeError, match="broken page"):
        hub.opener(script)()

    assert sys.path == before
