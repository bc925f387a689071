"""The badges of the root README: pictures that say what a file here says.

Coverage needs a run of all tests, so it is measured on demand and kept in `docs/numbers.json`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from velvet import catalog
from velvet.atomic import atomic_write
from velvet.errors import VelvetError

NUMBERS = "docs/numbers.json"
BADGES = "docs/badges"
_DIGIT_PX, _HEIGHT_PX, _AIR_PX = 7, 20, 12


def coverage(root: Path) -> int:
    """Return the branch coverage in per cent as it was measured last, rounded down."""
    try:
        return int(json.loads((root / NUMBERS).read_text(encoding="utf-8"))["coverage"])
    except (OSError, ValueError, KeyError):
        raise VelvetError(
            f"{NUMBERS} is missing or damaged; run `velvet report --measure`"
        ) from None


def measure_coverage() -> None:
    """Run every test with branch coverage and write it down; VelvetError where one fails."""
    root = catalog.repository()
    runs = [(root, "velvet"), *((module.folder, "src") for module in catalog.modules(root))]
    units, covered = (sum(column) for column in zip(*(_test(*run) for run in runs), strict=True))
    atomic_write(root / NUMBERS, json.dumps({"coverage": 100 * covered // units}, indent=2) + "\n")


def _test(folder: Path, source: str) -> tuple[int, int]:
    """Run one folder's tests; returns coverage units in all and covered."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "coverage.json"
        words = ["tests/", f"--cov={source}", "--cov-branch", f"--cov-report=json:{report}", "-q"]
        argv = [sys.executable, "-m", "pytest", *words]
        done = subprocess.run(argv, cwd=folder, capture_output=True, check=False)
        if done.returncode != 0:
            raise VelvetError(f"{folder.name}: tests failed; run `velvet test` there first")
        totals: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["totals"]
    units = totals["num_statements"] + totals["num_branches"]
    return units, totals["covered_lines"] + totals["covered_branches"]


def badge_texts(root: Path) -> dict[str, str]:
    """Return what the badges of the root README say; each says what a file here says."""
    settings = (root / "pyproject.toml").read_text(encoding="utf-8")
    licence = re.search(r'^license = "(.+)"', settings, re.MULTILINE)
    pythons = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', settings)
    shown = {
        "coverage": f"{coverage(root)} %",
        "licence": licence.group(1) if licence else "",
        "python": ", ".join(pythons),
    }
    return {name: text for name, text in shown.items() if text}


def badge_files(root: Path) -> dict[Path, str]:
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
