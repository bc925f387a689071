"""`velvet doctor`: each finding with its state and the way out."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest

from velvet import needs, services
from velvet.commands import doctor


@pytest.fixture(autouse=True)
def _healthy(monkeypatch):
    """A machine on which nothing is missing and no server is asked for real."""
    status = [SimpleNamespace(name="redis", state="available", detail="from its wheel", why="")]
    monkeypatch.setattr(services, "status", lambda: status)
    monkeypatch.setattr(needs, "unmet", lambda need: None)
    monkeypatch.setattr(needs, "browser", lambda: "/usr/bin/chromium")


def test_a_healthy_machine_passes(velvet, paper):
    paper.module()

    result = velvet("doctor")

    assert result.exit_code == 0, result.output
    assert "ok       service  redis available: from its wheel" in result.output
    assert "ok       module   30-tiny working" in result.output
    assert "missing" not in result.output


def test_a_missing_library_fails_with_the_command_that_installs_it(velvet, paper, monkeypatch):
    def unmet(need: str) -> needs.Unmet | None:
        return needs.Unmet(need, "plotly is gone", "pip install it") if need == "plotly" else None

    monkeypatch.setattr(needs, "unmet", unmet)

    result = velvet("doctor")

    assert result.exit_code == 1
    assert "missing  library  plotly is gone (pip install it)" in result.output
    assert result.output.splitlines()[-1] == "verdict: not ready, 1 missing above"


def test_a_missing_browser_is_a_note_and_no_failure(velvet, paper, monkeypatch):
    def unmet(need: str) -> needs.Unmet | None:
        return needs.Unmet(need, "no Chromium", "install it") if need == "browser" else None

    monkeypatch.setattr(needs, "unmet", unmet)

    result = velvet("doctor")

    assert result.exit_code == 0
    assert "note     browser  no Chromium (install it)" in result.output


def test_a_server_that_cannot_be_had_is_a_note_and_no_failure(velvet, paper, monkeypatch):
    about = {"detail": "install mongod", "why": "binary: none"}
    status = [SimpleNamespace(name="mongodb", state="unavailable", **about)]
    monkeypatch.setattr(services, "status", lambda: status)

    result, verbose = velvet("doctor"), velvet("doctor", "--verbose")

    assert result.exit_code == 0
    assert "note     service  mongodb unavailable: install mongod" in result.output
    assert "binary: none" not in result.output
    assert "binary: none" in verbose.output
    assert "verdict: ready, everything that is needed is here; 1 optional notes" in result.output


def test_a_python_that_is_too_old_is_missing_a_newer_one(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))

    assert doctor.toolkit()[0].state == "missing"


def test_an_incomplete_module_fails_and_its_missing_parts_are_named(velvet, paper):
    paper.module(whole=False)

    result = velvet("doctor")

    assert result.exit_code == 1
    assert "30-tiny incomplete: lacks README.md, requirements.txt, app.py" in result.output
    assert max(map(len, result.output.splitlines())) <= 120


def test_a_broken_module_toml_is_one_finding_among_the_others(velvet, paper):
    paper.module()
    paper.write("30-tiny/module.toml", "title = ")

    result = velvet("doctor")

    assert result.exit_code == 1
    assert "not valid TOML" in " ".join(result.output.split())
    assert "ok       service" in result.output


def test_findings_for_programs_parse(velvet, paper):
    found = json.loads(velvet("doctor", "--json").stdout)

    assert {"topic", "state", "text", "more"} == set(found[0])
    assert found[0]["topic"] == "python"


def test_a_modules_own_runtime_is_asked_for_its_notes(velvet, paper, monkeypatch):
    folder = paper.module()
    notes = "class Facts:\n    notes = ['two cores only']\n\n\nfacts = Facts\n"
    paper.write("30-tiny/src/velvet_tiny/runtime.py", notes)
    monkeypatch.setenv("PYTHONPATH", str(folder / "src"))

    assert "note     runtime  two cores only" in velvet("doctor").output


def test_a_runtime_that_cannot_be_asked_says_why():
    notes = doctor.runtime_notes("velvet_that_does_not_exist")

    assert len(notes) == 1
    assert "velvet_that_does_not_exist.runtime cannot be asked: ModuleNotFoundError" in notes[0]


def test_a_runtime_that_ends_without_a_word_is_said_to(monkeypatch):
    silent = SimpleNamespace(returncode=1, stderr="", stdout="")
    monkeypatch.setattr(doctor.subprocess, "run", lambda *words, **options: silent)

    assert doctor.runtime_notes("any") == ["any.runtime cannot be asked: no reason given"]
