"""Both versions agree, keep the order, and refuse what they cannot do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from velvet_cli import naive_unique, unique

MODULE = Path(__file__).resolve().parent.parent


@given(st.lists(st.integers()))
def test_both_versions_agree_on_any_list(items: list[int]) -> None:
    assert unique(items) == naive_unique(items)


def test_the_first_of_each_item_is_kept_in_order() -> None:
    assert unique("abracadabra") == ["a", "b", "r", "c", "d"]


def test_an_unhashable_item_is_refused() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        unique([[1]])  # type: ignore[type-var]


@pytest.mark.parametrize("level", ["basic", "intermediate", "advanced"])
def test_every_example_runs(level: str) -> None:
    done = subprocess.run(
        [sys.executable, f"examples/{level}.py"],
        cwd=MODULE,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "naive" in done.stdout or "comparisons" in done.stdout


def test_the_dashboard_loads() -> None:
    app = AppTest.from_file(str(MODULE / "app.py")).run(timeout=60)

    assert not app.exception
    assert app.title[0].value == "CLI Applications"
