"""What a worker does to itself: imports, code that is swapped in place, words on its command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from velvet_testing.mutation import engine, worker

METHODS = """
class A:
    def f(self):
        return 1

    def g(self):
        return [x + 1 for x in (1,)]
"""


def test_methods_are_swapped_and_what_is_no_function_is_not() -> None:
    names: dict[str, Any] = {}
    exec(compile(METHODS, "<methods>", "exec"), names)
    known = [names["A"].f, names["A"].g]
    mutated = METHODS.replace("x + 1", "x - 1")

    assert worker.swap(known, "<methods>", mutated, 7)
    assert names["A"]().g() == [0]
    assert worker.swap(known, "<methods>", METHODS, 2) is False
    assert worker.swap([], "<methods>", METHODS, 7) is False


@pytest.mark.parametrize("name", ["no_such_module_anywhere", "sys", "folder", "json"])
def test_every_other_module_is_imported_as_it_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()  # a namespace has no file
    monkeypatch.syspath_prepend(tmp_path)

    assert worker.Swap(str(tmp_path / "clamp.py"), "").find_spec(name, None) is None


def test_options_are_told_from_tests(tmp_path: Path) -> None:
    (tmp_path / "test_clamp.py").write_text("", encoding="utf-8")

    assert engine._is_test("test_clamp.py::test_below", tmp_path)
    assert engine._is_test(f"{tmp_path}/test_clamp.py", None)
    assert not engine._is_test("-q", tmp_path)
    assert not engine._is_test("test_clamp.py", None)


def test_what_a_job_needs_is_imported_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["needed_beforehand", "test_needed_beforehand"]
    for name in names:
        (tmp_path / f"{name}.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    try:
        worker.preload(["json", "no_such_module_anywhere", "__main__", *names])
        assert [name in sys.modules for name in names] == [True, False]
    finally:
        sys.modules.pop(names[0], None)
    assert "no_such_module_anywhere" not in sys.modules
