"""What the repository holds, counted: the numbers of the root README and its badges.

What can be counted at once is counted each time. Tests and coverage need a run of everything, so
they are kept in `docs/numbers.json`, rounded down: a figure that changed with each test would be
stale the next day, "over 6,000" is not.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from velvet import budget, catalog
from velvet.atomic import atomic_write
from velvet.bench.worker import load_suite
from velvet.errors import VelvetError

NUMBERS = "docs/numbers.json"
BADGES = "docs/badges"
_DIGIT_PX, _HEIGHT_PX, _AIR_PX = 7, 20, 12


def count(root: Path) -> dict[str, int]:
    """Count modules, examples, comparisons, contenders and claims, without running any."""
    totals = dict.fromkeys(("modules", "examples", "comparisons", "contenders", "claims"), 0)
    for module in catalog.modules(root):
        totals["modules"] += module.state == "working"
        totals["examples"] += len(list(budget.examples(module)))
        measure = module.folder / "benchmarks" / "measure.py"
        if measure.is_file():
            suite = load_suite(measure)
            totals["comparisons"] += len(suite.comparisons)
            totals["contenders"] += sum(len(c.contenders) for c in suite.comparisons.values())
            totals["claims"] += len(suite.claims)
    return totals


def load_numbers(root: Path) -> dict[str, int]:
    """Return tests and branch coverage as they were measured last, rounded down."""
    try:
        found: dict[str, int] = json.loads((root / NUMBERS).read_text(encoding="utf-8"))
        return {name: int(found[name]) for name in ("tests", "coverage")}
    except (OSError, ValueError, KeyError):
        raise VelvetError(
            f"{NUMBERS} is missing or damaged; run `velvet report --measure`"
        ) from None


def rounded_down(tests: int) -> int:
    """Round a count of tests down to thousands, a smaller one to hundreds or tens."""
    step = next((step for step in (1000, 100, 10) if tests >= step), 1)
    return tests // step * step


def measure_numbers(root: Path | None = None) -> dict[str, int]:
    """Run every test with branch coverage and write down how many passed and what they covered.

    Where one fails nothing is written: VelvetError.
    """
    root = root or catalog.repository()
    runs = [(root, "velvet"), *((module.folder, "src") for module in catalog.modules(root))]
    found = [_test(folder, source) for folder, source in runs]
    passed, units, covered = (sum(column) for column in zip(*found, strict=True))
    numbers = {"coverage": 100 * covered // units, "tests": rounded_down(passed)}
    atomic_write(root / NUMBERS, json.dumps(numbers, indent=2, sort_keys=True) + "\n")
    return numbers


def _test(folder: Path, source: str) -> tuple[int, int, int]:
    """Run one folder's tests; returns tests passed, coverage units in all and covered."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "coverage.json"
        words = ["tests/", f"--cov={source}", "--cov-branch", f"--cov-report=json:{report}", "-q"]
        argv = [sys.executable, "-m", "pytest", *words]
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
        passed = re.search(r"(\d+) passed", done.stdout)
        if done.returncode != 0 or passed is None:
            raise VelvetError(f"{folder.name}: tests failed; run `velvet test` there first")
        totals: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["totals"]
    units = totals["num_statements"] + totals["num_branches"]
    return int(passed.group(1)), units, totals["covered_lines"] + totals["covered_branches"]


def badge_texts(root: Path) -> dict[str, str]:
    """Return what the badges of the root README say; each says what a file here says."""
    settings = (root / "pyproject.toml").read_text(encoding="utf-8")
    licence = re.search(r'^license = "(.+)"', settings, re.MULTILINE)
    pythons = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', settings)
    shown = {
        "coverage": f"{load_numbers(root)['coverage']} %",
        "licence": licence.group(1) if licence else "",
        "python": ", ".join(pythons),
    }
    return {name: text for name, text in shown.items() if text}


def badges(root: Path) -> dict[Path, str]:
    """Return the badges: file -> SVG."""
    texts = badge_texts(root).items()
    return {root / BADGES / f"{name}.svg": _badge(name, text) for name, text in texts}


def _badge(name: str, text: str) -> str:
    left, right = (_DIGIT_PX * len(word) + _AIR_PX for word in (name, text))
    words = "".join(
        f'<text x="{x}" y="14" text-anchor="middle">{word}</text>'
        for x, word in ((left // 2, name), (left + right // 2, text))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT_PX}" '
        f'role="img" aria-label="{name}: {text}">'
        f'<rect width="{left + right}" height="{_HEIGHT_PX}" rx="4" fill="#4A4A4A"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT_PX}" rx="4" fill="#3e1586"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{words}</g>'
        "</svg>\n"
    )
