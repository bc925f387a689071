"""What a results file says about a machine, and what it must not say."""

from __future__ import annotations

import getpass
import json
import subprocess
import sys

import pytest

from velvet.bench import machine


@pytest.fixture
def facts(tmp_path):
    return machine.facts(["pytest", "no-such-distribution", "cores>=1"], tmp_path)


def test_a_machine_is_described_by_what_makes_results_comparable(facts):
    assert facts["python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["usable_cores"] >= 1
    assert facts["ram_gb"] > 0


def test_versions_are_those_of_the_needed_packages_that_are_installed(facts):
    assert facts["packages"] == {"pytest": pytest.__version__}


def test_outside_a_clone_there_is_no_commit(facts):
    assert facts["git"] == {"commit": None, "dirty": None}


def test_no_path_and_no_user_is_named(facts, tmp_path):
    said = json.dumps(facts).replace("/boot", "")

    assert str(tmp_path) not in said
    assert f'"{getpass.getuser()}"' not in said


@pytest.fixture
def clone(tmp_path):
    def git(*words):
        name = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", tmp_path, *name, *words], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("one", encoding="utf-8")
    results = tmp_path / "30-tiny" / "benchmarks" / "results"
    results.mkdir(parents=True)
    (results / "reference.json").write_text("{}", encoding="utf-8")
    git("add", ".")
    git("commit", "-m", "first")
    return tmp_path


def test_a_clean_clone_has_a_commit(clone):
    found = machine.git_state(clone)

    assert len(found["commit"]) == 40
    assert found["dirty"] is False


def test_a_changed_file_makes_a_clone_dirty(clone):
    (clone / "file").write_text("two", encoding="utf-8")

    assert machine.git_state(clone)["dirty"] is True


def test_published_results_make_no_clone_dirty(clone):
    results = clone / "30-tiny" / "benchmarks" / "results" / "reference.json"
    results.write_text('{"new": 1}', encoding="utf-8")

    assert machine.git_state(results.parent)["dirty"] is False


def test_without_git_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert machine.git_state(tmp_path) == {"commit": None, "dirty": None}


def test_linux_names_its_processor_in_one_line(monkeypatch):
    text = "processor\t: 0\nmodel name\t: Fast   Chip 3000\nflags\t\t: fpu hypervisor sse"
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine, "_read", lambda _path: text)

    assert machine.cpu_model() == "Fast Chip 3000"
    assert machine.virtualised() is True


def test_a_linux_without_a_model_name_gives_its_architecture(monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine, "_read", lambda _path: "")

    assert machine.cpu_model() in (machine.platform.processor(), machine.platform.machine())
    assert machine.virtualised() is False


def test_elsewhere_it_is_not_known_whether_a_machine_is_virtual(monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    monkeypatch.setattr(machine, "_read", lambda _path: "")

    assert machine.virtualised() is None
    assert machine.cpu_model() in (machine.platform.processor(), machine.platform.machine())


@pytest.mark.parametrize(("text", "ticks"), [("cpu 1 2 3 4 5 6 7 88 0 0", 88), ("", None)])
def test_stolen_ticks_are_read_where_they_are_kept(monkeypatch, text, ticks):
    monkeypatch.setattr(machine, "_read", lambda _path: text)

    assert machine.steal_ticks() == ticks


def test_a_system_without_load_average_has_none(monkeypatch):
    monkeypatch.delattr(machine.os, "getloadavg", raising=False)

    assert machine.disturbance()["load"] is None


def test_a_load_average_has_two_decimals(monkeypatch):
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (1.23456, 0, 0), raising=False)

    assert machine.disturbance()["load"] == 1.23


@pytest.mark.parametrize(("virtual", "word"), [(True, "virtual machine"), (None, "machine")])
def test_a_machine_is_named_in_one_sentence(document, virtual, word):
    said = machine.sentence({**document["machine"], "virtualised": virtual})

    assert said == f"A processor, 2 cores, 8 GB, Linux {word}, CPython 3.12.1"
