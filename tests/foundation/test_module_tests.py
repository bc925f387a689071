"""`ModuleTests`: what every module inherits passes for a whole module, and fails for each fault."""

from __future__ import annotations

import importlib
import os
import sys

import pytest

from velvet import catalog

pytest_plugins = ["pytester"]

TOML = """
title = "Tiny"
phase = 1
difficulty = "Beginner"
hours = 1
question = "How small can a module be?"
summary = "As small as this."
"""
EXAMPLE = '''
@example("{name}")
def {name}() -> None:
    """{sentence}"""
    first = 1
    second = 2
    third = 3
    fourth = 4
    fifth = 5
    # What is printed is asserted.
    print(first)
    print(second)
    print(third)
    print(fourth)
    print(fifth)
    print("{name} {printed}")

'''
SENTENCE = "Shows five numbers, and then its own name."
MEASURE = """
from velvet.bench import Suite

suite = Suite("30-tiny", __file__)
counting = suite.comparison("counting", unit="us")
counting.add("loop", lambda: lambda: sum(range(10)))
"""
TASKS = """
def count(stop=3):
    for number in range(stop):
        yield {"type": "number", "value": number}

def fail():
    yield {"type": "number", "value": 1}
"""
DASHBOARD = """
from velvet.ui import kit
from velvet_tiny_tested.dashboard import tasks

def draw(seen):
    if seen.of("number"):
        seen.table(seen.of("number"))

def broken(seen):
    if seen.of("number"):
        raise RuntimeError("cannot be drawn")

COUNT = kit.Tab("Count", question="How far?", draw=draw, job=kit.Job(tasks.count))
NOW = kit.Tab("Now", question="What now?", draw=lambda seen: seen.table([{"a": 1}]))
EMPTY = kit.Tab("Empty", question="Where?", draw=lambda seen: None)
BROKEN = kit.Tab("Broken", question="Why?", draw=broken, job=kit.Job(tasks.fail))
PAGE = kit.Page("30-tiny", tabs=(COUNT, NOW))

def main():
    kit.show(PAGE)
"""
TESTS = """
from velvet.testing import ModuleTests

class TestModule(ModuleTests):
    expected = {f"{level}_{n}": "said" for level in ("basic", "intermediate", "advanced") for n in "abc"}
"""
LESSON = '''
def double(number):
    """Return twice the number.

    >>> double(2)
    4
    """
    return 2 * number
'''


class Tiny:
    """A module in a temporary folder, whose files a test may change before it runs."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.root = pytester.path / "30-tiny"
        self.package = self.root / "src" / "velvet_tiny_tested"
        self.write("module.toml", TOML)
        for level in ("basic", "intermediate", "advanced"):
            parts = [self.example(f"{level}_{letter}") for letter in "abc"]
            head = "from velvet.examples import example, main\n"
            foot = "\nif __name__ == '__main__':\n    main()\n"
            self.write(f"examples/{level}.py", head + "".join(parts) + foot)
        self.write("benchmarks/measure.py", MEASURE)
        self.write("app.py", "from velvet_tiny_tested.dashboard import main\n\nmain()\n")
        self.write("src/velvet_tiny_tested/__init__.py", LESSON)
        self.write("src/velvet_tiny_tested/comparisons/__init__.py", "def bare(): ...\n")
        self.write("src/velvet_tiny_tested/dashboard/__init__.py", DASHBOARD)
        self.write("src/velvet_tiny_tested/dashboard/tasks.py", TASKS)
        self.write("tests/test_module.py", TESTS)

    @staticmethod
    def example(name: str, sentence: str = SENTENCE, printed: str = "said") -> str:
        return EXAMPLE.format(name=name, sentence=sentence, printed=printed)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *words: str) -> pytest.RunResult:
        plugin = ("--disable-plugin-autoload", "-p", "velvet.testing")
        return self.pytester.runpytest_inprocess(*plugin, *words, str(self.root / "tests"))


@pytest.fixture(scope="module")
def _imported() -> None:
    """Import the page's libraries once: what a run inside a test imports is forgotten after it."""
    for name in (
        "pandas",
        "pyarrow",
        "streamlit.testing.v1",
        "velvet.bench.worker",
        "velvet.ui.kit",
    ):
        importlib.import_module(name)


@pytest.fixture
def tiny(_imported: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    made = Tiny(pytester)
    source = str(made.root / "src")
    pytester.syspathinsert(source)
    monkeypatch.setenv("PYTHONPATH", source, prepend=os.pathsep)
    for name in [name for name in sys.modules if name.startswith("velvet_tiny_tested")]:
        monkeypatch.delitem(sys.modules, name)
    module = catalog.load(made.root / "module.toml")
    monkeypatch.setattr(catalog.Module, "package", "velvet_tiny_tested")
    monkeypatch.setattr(catalog, "find", lambda name: module)
    return made


def test_a_whole_module_passes(tiny: Tiny) -> None:
    result = tiny.run()

    # Nine examples, two tabs, a doctest, and three looks at the whole.
    result.assert_outcomes(passed=15)


FAULTS = {
    "an example says something else": (
        *("examples/basic.py", "basic_a said", "basic_a silent"),
        "*'said' not in:*",
    ),
    "a line is wider than a terminal": (
        *("examples/basic.py", "basic_b said", "basic_b said " + "x" * 80),
        "*test_an_example_shows_what_is_expected?basic_b?*",
    ),
    "an example fails": (
        *("examples/basic.py", "first = 1", "raise RuntimeError"),
        "*examples/basic.py ended with 1: *",
    ),
    "an example complains": (
        *("examples/basic.py", "first = 1", "first = 1; import sys; sys.stderr.write('oh')"),
        "*examples/basic.py complains: ohoh*",
    ),
    "an example is not asserted": (
        *("tests/test_module.py", 'for n in "abc"', 'for n in "ab"'),
        "*test_the_examples_are_told_and_asserted*",
    ),
    "a sentence says nothing": (
        *("examples/advanced.py", SENTENCE, "Numbers."),
        "*advanced_a: 'Numbers.'*",
    ),
    "an example is too short": (
        *("examples/advanced.py", "    second = 2\n", ""),
        "*advanced_a: 14 lines*",
    ),
    "a doctest lies": (
        *("src/velvet_tiny_tested/__init__.py", "    4\n", "    5\n"),
        "*test_the_examples_in_docstrings_are_true?velvet_tiny_tested?*",
    ),
    "a function is not explained": (
        *("src/velvet_tiny_tested/__init__.py", "def double", "def bare(): ...\n\ndef double"),
        "*__init__.py:2 bare*",
    ),
    "a comparison has no contender": (
        *("benchmarks/measure.py", "counting.add(", "print("),
        "*test_what_is_measured_is_declared_completely*",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found(tiny: Tiny, fault: tuple[str, str, str, str]) -> None:
    file, old, new, said = fault
    tiny.change(file, old, new)
    only = {
        "examples/basic.py": "basic",
        "examples/advanced.py": "told",
        "tests/test_module.py": "told",
        "benchmarks/measure.py": "measured",
        "src/velvet_tiny_tested/__init__.py": "docstrings or explained",
    }

    result = tiny.run("-k", only[file])

    assert result.parseoutcomes()["failed"] >= 1
    result.stdout.fnmatch_lines([said])


def test_a_tab_that_cannot_be_drawn_and_one_that_is_empty_are_found(tiny: Tiny) -> None:
    tiny.change("src/velvet_tiny_tested/dashboard/__init__.py", "(COUNT, NOW)", "(BROKEN, EMPTY)")

    result = tiny.run("-k", "draws")

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines_random(["*cannot be drawn*", "*a tab without a job draws at once*"])


def test_an_example_that_cannot_run_here_is_skipped_with_its_reason(tiny: Tiny) -> None:
    tiny.change(
        "examples/basic.py", '@example("basic_a")', '@example("basic_a", needs=["no-such"])'
    )

    result = tiny.run("-k", "basic_a", "-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*: no-such is not installed*"])
