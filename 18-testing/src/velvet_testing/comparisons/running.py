"""Runs of pytest: reruns of flaky tests, and tests spread over processes."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from velvet.bench import Suite, speedup, value
from velvet.bench.model import Metric, mode
from velvet_testing import flaky

TRIALS = 400
AUTOMATIC = 3  # reruns of a red test, as many a CI is set up


def _rerun(p: float) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        rng, needed = Random(round(p * 1000)), flaky.reruns_needed(p)
        seen = sum(any(rng.random() < p for _ in range(needed)) for _ in range(TRIALS))
        expected = 1 - (1 - p) ** needed
        low, high = flaky.binomial_band(TRIALS, expected)
        return {
            "reruns": float(needed),
            "detected": seen / TRIALS,
            "inside": float(low <= seen <= high),
        }

    return run


def _hidden(p: float) -> Callable[[], dict[str, float]]:
    """Let pytest-rerunfailures repeat flaky tests, and count those that are still red."""
    body = f"""import random, pytest
rng = random.Random(8)
@pytest.mark.parametrize('i', range({TRIALS}))
def test(i): assert rng.random() >= {p}
"""

    def run() -> dict[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "test_flaky.py").write_text(body, encoding="utf-8")
            words = ["--disable-plugin-autoload", "-q", "--tb=no", "-p", "no:cacheprovider"]
            words += ["-p", "pytest_rerunfailures", "--reruns", str(AUTOMATIC)]
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *words],
                cwd=folder,
                capture_output=True,
                encoding="utf-8",
                check=False,  # a test that is still red ends it with 1
            )
        told = done.stdout.splitlines()[-1]
        counts = {word: int(count) for count, word in re.findall(r"(\d+) (\w+)", told)}
        red = counts.get("failed", 0)
        assert red + counts.get("passed", 0) == TRIALS, told
        low, high = flaky.binomial_band(TRIALS, p ** (AUTOMATIC + 1))
        return {
            "reruns": float(AUTOMATIC),
            "detected": red / TRIALS,
            "inside": float(low <= red <= high),
        }

    return run


def _xdist(workers: int, ms: int) -> Callable[[], Any]:
    tests = 20 if mode() == "quick" else 40
    body = f"import pytest, time\n@pytest.mark.parametrize('i', range({tests}))\n"
    body += f"def test(i): time.sleep({ms / 1000})\n"

    def run() -> int:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "test_many.py").write_text(body, encoding="utf-8")
            words = ["--disable-plugin-autoload", "-q", "-p", "no:cacheprovider"]
            words += ["-p", "xdist", "-n", str(workers)] if workers else []
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *words],
                cwd=folder,
                capture_output=True,
                encoding="utf-8",
                check=True,
            )
        assert f"{tests} passed" in done.stdout
        return tests

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    reruns = suite.comparison(
        "flaky_runs",
        title=f"Reruns by the formula, and what {TRIALS} trials detected",
        kind="value",
        unit="reruns",
        sizes={"p": [0.5, 0.1, 0.02]},
        metrics={"reruns": "runs", "detected": Metric("of trials", "higher"), "inside": "band"},
    )
    reruns.add("formula", _rerun)
    reruns.add(
        "rerunfailures",
        _hidden,
        note=f"still red after {AUTOMATIC} automatic reruns",
        tier="default",
    )

    parallel = suite.comparison(
        "xdist_break_even",
        title="A run of short tests, alone and spread over two processes",
        kind="run",
        unit="s",
        sizes={"ms": [0, 100]},
        rounds={"quick": 3, "default": 3, "full": 7},
        default=lambda ms: ms >= 0,
        quick=lambda ms: ms == 0,
    )
    for workers, name in ((0, "one_process"), (2, "two_processes")):
        parallel.add(name, lambda ms, workers=workers: _xdist(workers, ms))
    parallel.same_result()

    suite.claim(
        "what reruns detect lies in the 99 % band of the formula",
        value("flaky_runs", "formula", "inside", p=0.5).equals(1)
        & value("flaky_runs", "formula", "inside", p=0.1).equals(1)
        & value("flaky_runs", "formula", "inside", p=0.02).equals(1),
    )
    suite.claim(
        "three automatic reruns hide a flaky test as often as the formula says",
        value("flaky_runs", "rerunfailures", "inside", p=0.5).equals(1)
        & value("flaky_runs", "rerunfailures", "inside", p=0.1).equals(1),
        tier="default",
    )
    suite.claim(
        "two processes are slower than one for tests that do nothing",
        speedup("xdist_break_even", "one_process", "two_processes", ms=0) >= 1.25,
    )
