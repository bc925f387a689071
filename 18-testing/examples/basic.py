"""Basic examples: fixtures and their scopes, an edge table, a first property."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from velvet.examples import example, main
from velvet_testing import corpus, strategies

SUITE = """
import json, time, pytest
CALLS = {}

def count(name):
    CALLS[name] = CALLS.get(name, 0) + 1
    time.sleep(0.002)

@pytest.fixture(scope="session")
def schema(): count("session"); yield; print("last of all: session")

@pytest.fixture(scope="module")
def table(schema): count("module"); yield; print("then: module")

@pytest.fixture
def order(table, tmp_path):
    count("function")
    def make(cents=100): return {"cents": cents, "file": tmp_path / "order.json"}
    yield make

@pytest.mark.parametrize("cents", [0, 1, 99], ids=["free", "cent", "below a euro"])
def test_order(order, cents): assert order(cents)["cents"] == cents

def test_counts(): print("set up:", json.dumps(CALLS))
"""


@example("fixtures_that_scale")
def fixtures_that_scale() -> None:
    """Set-up calls of each fixture scope, with factories and readable ids of parameters."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("test_one.py", "test_two.py"):
            Path(folder, name).write_text(SUITE, encoding="utf-8")
        words = ["-s", "-v", "-p", "no:cacheprovider", "-p", "no:randomly"]
        words += ["--disable-plugin-autoload"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
    for line in done.stdout.splitlines():
        if "set up" in line or "::test_order" in line or "last" in line:
            print(line.replace("PASSED", "")[:79])
    print("\nwhy: a function fixture is paid per test, a module fixture once a file")


@example("edge_table")
def edge_table() -> None:
    """Boundary value analysis of a money splitter: which seeded bug each row kills."""
    program = corpus.find("money_split")
    bugs = corpus.bugs("money_split")
    print(f"{'row':44}" + "".join(f"{bug.id[-1]:>3}" for bug in bugs))
    killed: set[str] = set()
    for row in program.kit.edges:
        line = f"{row[:43]:44}"
        for bug in bugs:
            try:
                program.kit.hold(program.module(bug), [row])
                line += "  ."
            except Exception:  # noqa: BLE001 - a bug may raise anything
                line += "  X"
                killed.add(bug.id)
        print(line)
    print(f"\n{len(killed)} of {len(bugs)} bugs killed; alive:")
    for bug in bugs:
        if bug.id not in killed:
            print(f"  {bug.id}: {bug.provenance}\n      it needs {bug.shows}")


@example("first_property")
def first_property() -> None:
    """A round trip of CSV that fails: the first failing input, and what shrinking leaves of it."""
    program = corpus.find("csv_codec")
    module = corpus.load("csv_codec", "csv_codec-1")
    for shrink in (False, True):
        hunter = strategies.Property(shrink=shrink)
        found = hunter.hunt(module, program, budget_s=5, seed=4)
        assert found is not None
        word = "shrunk" if shrink else "raw"
        print(f"{word:7} {found.counterexample[:68]}")
        print(f"        {len(found.counterexample)} characters, {found.executions} executions")
    print(f"\nthe bug: {corpus.find_bug('csv_codec-1').provenance}")
    print("the property: decode(encode(rows)) == rows, for all rows")
    print("why: the smallest input that fails names its cause, the first one hides it")


if __name__ == "__main__":
    main()
