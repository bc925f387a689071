"""README parts made from results: tables, claims, inline figures, the catalogue, the counts.

A README holds ``<!-- velvet:KIND ARGUMENTS -->`` and ``<!-- /velvet -->``; everything between
is rendered here, from the committed reference results alone. Rendering again and comparing
is the check that no number was typed by hand and none is stale.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from velvet import catalog
from velvet.bench import views
from velvet.bench.machine import sentence
from velvet.bench.results import load, write_whole
from velvet.bench.worker import load_suite
from velvet.errors import VelvetError, nearest

MARK = re.compile(r"(<!-- velvet:([a-z-]+)((?: [^>]*?)?) -->)(.*?)(<!-- /velvet -->)", re.DOTALL)
NUMBERS = "docs/numbers.json"
TARGET_COVERAGE = 94


class Context:
    """Where a README stands: its repository, and its own module when it has one."""

    def __init__(self, readme: Path) -> None:
        self.readme = readme
        self.root = catalog.repository(readme.parent)
        self.module = readme.parent if readme.parent != self.root else None

    def bench(self, name: str) -> tuple[Mapping[str, Any], str]:
        """Return results and comparison of ``bench`` or ``NN/bench``.

        Raises:
            VelvetError: the root README names a comparison without its module.
        """
        module, _, bench = name.rpartition("/")
        if module:
            folder = catalog.find(module, self.root).folder
        elif self.module is not None:
            folder = self.module
        else:
            raise VelvetError(f"{self.readme}: {name!r} needs its module: 'NN/{name}'")
        return reference(folder), bench


@lru_cache(maxsize=64)
def _load_once(path: Path, stamp: float) -> Mapping[str, Any]:
    assert stamp >= 0
    return load(path)


def reference(folder: Path) -> Mapping[str, Any]:
    """Return a module's reference results."""
    path = folder / "benchmarks" / "results" / "reference.json"
    return _load_once(path, path.stat().st_mtime if path.exists() else 0.0)


def split(arguments: str) -> tuple[list[str], dict[str, str]]:
    """Split a mark's arguments into words and ``name=value`` pairs, quoted as in a shell.

    Raises:
        ValueError: a quote is not closed.
    """
    words, options = [], {}
    for part in shlex.split(arguments):
        name, sign, value = part.partition("=")
        if sign:
            options[name] = value
        else:
            words.append(part)
    return words, options


def nothing_else(*given: object) -> None:
    """Refuse arguments that a mark does not take.

    Raises:
        ValueError: there are some.
    """
    if any(given):
        raise ValueError("it takes no such arguments")


def table(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``table BENCH [metric=M] [more=A,B] [title=..] [AXIS=VALUE]``: a comparison's table."""
    results, bench = context.bench(words[0])
    metric = options.pop("metric", None)
    more = [name for name in options.pop("more", "").split(",") if name]
    lines = views.lines(results, bench, metric=metric, more=more, size=options)
    if not lines:
        raise VelvetError(f"{context.readme}: no rows of {bench} match {options}")
    about = views.comparison(results, bench)
    return "\n\n" + views.markdown(lines, versus=f"gain over {about['baseline']}") + "\n\n"


def claims(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``claims [NN/]``: every claim with its verdict and interval."""
    nothing_else(options)
    results, _ = context.bench(words[0] if words else "all")
    rows = ["| claim | verdict | measured | bound |", "| --- | --- | ---: | ---: |"]
    for claim in results["claims"]:
        for part in claim["parts"]:
            shown = views.interval({**part, "ratio": part["value"]}) if "value" in part else "-"
            verdict = part["verdict"] + (f" ({part['reason']})" if part["reason"] else "")
            cells = [claim["text"], verdict, shown, part["bound"]]
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n\n" + "\n".join(rows) + "\n\n"


def machine(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``machine [NN/]``: the sentence that names the machine of the reference results."""
    nothing_else(options)
    results, _ = context.bench(words[0] if words else "all")
    day = results["created"][:10]
    return f"{sentence(results['machine'])}; {day}; noise index {results['noise']['index']}"


def _entry(context: Context, words: list[str], options: dict[str, str]) -> Mapping[str, Any]:
    results, bench = context.bench(words[0])
    metric = options.pop("metric", None)
    found = [
        entry
        for entry in views.entries(results, bench, metric, **options)
        if entry["contender"] == words[1]
    ]
    if not found or "median" not in found[-1]:
        known = {entry["contender"] for entry in views.entries(results, bench)}
        hint = nearest(words[1], known)
        raise VelvetError(f"{context.readme}: nothing measured for {' '.join(words)}.{hint}")
    return found[-1]


def figure(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``figure BENCH CONTENDER [metric=M] [AXIS=VALUE]``: one measured figure with its unit."""
    entry = _entry(context, words, options)
    dagger = f" {views.DAGGER}" if entry.get("extrapolated") else ""
    return views.quantity(entry["median"], entry["unit"]) + dagger


def times(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``times BENCH A B [metric=M] [AXIS=VALUE]``: A's figure over B's, rounded for a sentence."""
    first = _entry(context, [words[0], words[1]], dict(options))
    second = _entry(context, [words[0], words[2]], dict(options))
    return f"{views.number(first['median'] / second['median'])}x"


def modules(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``modules``: the catalogue by phase, from each module.toml and the roadmap."""
    nothing_else(words, options)
    parts = []
    for phase, title in catalog.PHASES.items():
        rows = [
            f"**Phase {phase}: {title}**\n",
            "| module | question it answers | difficulty | hours | state |",
            "| --- | --- | --- | ---: | --- |",
        ]
        for module in catalog.everything(context.root):
            if module.phase == phase:
                name = f"{module.number:02d} {module.title}"
                link = f"[{name}]({module.slug}/)" if module.path else name
                cells = [
                    link,
                    module.question,
                    module.difficulty,
                    f"{module.hours:g}",
                    module.state,
                ]
                rows.append("| " + " | ".join(cells) + " |")
        parts.append("\n".join(rows))
    return "\n\n" + "\n\n".join(parts) + "\n\n"


def numbers(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``numbers``: what the repository holds, counted."""
    nothing_else(words, options)
    found = load_numbers(context.root)
    rows = [
        "| modules | examples | comparisons | contenders | claims | tests | branch coverage |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        f"| {found['modules']} | {found['examples']} | {found['comparisons']} | "
        f"{found['contenders']} | {found['claims']} | {found['tests']} | {found['coverage']} % |",
    ]
    return "\n\n" + "\n".join(rows) + "\n\n"


Renderer = Callable[[Context, list[str], dict[str, str]], str]
RENDERERS: dict[str, Renderer] = {
    "claims": claims,
    "figure": figure,
    "machine": machine,
    "modules": modules,
    "numbers": numbers,
    "table": table,
    "times": times,
}


def render(readme: Path) -> tuple[str, str, list[str]]:
    """Return a README's text now, as it should be, and the marks that differ.

    Raises:
        VelvetError: a mark is unknown or unclosed, or its results are missing.
    """
    text = readme.read_text(encoding="utf-8")
    context = Context(readme)
    stale: list[str] = []
    opened, closed = text.count("<!-- velvet:"), text.count("<!-- /velvet -->")
    if opened != closed or len(MARK.findall(text)) != opened:
        raise VelvetError(f"{readme}: {opened} velvet marks are opened, {closed} closed")

    def replace(match: re.Match[str]) -> str:
        start, kind, arguments, old, end = match.groups()
        if kind not in RENDERERS:
            raise VelvetError(f"{readme}: unknown mark {kind!r}.{nearest(kind, RENDERERS)}")
        try:
            new = RENDERERS[kind](context, *split(arguments))
        except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError) as error:
            raise VelvetError(f"{readme}: mark '{kind}{arguments}': {error}") from None
        if new != old:
            stale.append(f"{kind}{arguments}")
        return f"{start}{new}{end}"

    return text, MARK.sub(replace, text), stale


def write(readme: Path) -> list[str]:
    """Regenerate one README; returns the marks that were stale."""
    _, wanted, stale = render(readme)
    if stale:
        write_whole(readme, wanted)
    return stale


def everything(*, check: bool = False, root: Path | None = None) -> list[tuple[str, list[str]]]:
    """Regenerate (or with `check` only compare) every README.

    Returns:
        (path from the root, stale marks) of each README that was not as it should be.
    """
    root = root or catalog.repository()
    if check:
        check_numbers(root)
    readmes = [root / "README.md"]
    readmes += [module.folder / "README.md" for module in catalog.modules(root)]
    found = []
    for readme in readmes:
        if not readme.is_file():
            raise VelvetError(f"{readme.relative_to(root)} is missing")
        stale = render(readme)[2] if check else write(readme)
        if stale:
            found.append((readme.relative_to(root).as_posix(), stale))
    return found


def count(root: Path) -> dict[str, int]:
    """Count modules, examples, comparisons, contenders and claims, without running any."""
    totals = dict.fromkeys(("modules", "examples", "comparisons", "contenders", "claims"), 0)
    for module in catalog.modules(root):
        totals["modules"] += module.state == "working"
        totals["examples"] += sum(examples_in(f) for f in (module.folder / "examples").glob("*.py"))
        measure = module.folder / "benchmarks" / "measure.py"
        if measure.is_file():
            suite = load_suite(measure)
            totals["comparisons"] += len(suite.comparisons)
            totals["contenders"] += sum(len(c.contenders) for c in suite.comparisons.values())
            totals["claims"] += len(suite.claims)
    return totals


def examples_in(file: Path) -> int:
    """Count the functions of a file that are decorated with `@example`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return sum(
        any(
            isinstance(d, ast.Call) and getattr(d.func, "id", "") == "example"
            for d in node.decorator_list
        )
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )


def load_numbers(root: Path) -> dict[str, Any]:
    """Return the counted numbers.

    Raises:
        VelvetError: they were never counted.
    """
    path = root / NUMBERS
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise VelvetError(
            f"{NUMBERS} is missing or damaged; run `velvet report --measure`"
        ) from None
    return found


def check_numbers(root: Path) -> None:
    """Compare what can be counted at once with what is written down.

    Raises:
        VelvetError: they differ.
    """
    written = load_numbers(root)
    for name, number in count(root).items():
        if written.get(name) != number:
            raise VelvetError(
                f"{NUMBERS} says {written.get(name)} {name}, counted {number}; "
                "run `velvet report --measure`"
            )


def measure_numbers(root: Path | None = None) -> dict[str, Any]:
    """Run every test with branch coverage and write down what the repository holds.

    Raises:
        VelvetError: a test failed; nothing is written then.
    """
    root = root or catalog.repository()
    found: dict[str, Any] = dict(count(root))
    tests = 0
    covered = total = 0
    runs = [(root, "velvet")]
    runs += [(module.folder, "src") for module in catalog.modules(root)]
    for folder, source in runs:
        passed, lines, hits = _test(folder, source)
        tests, total, covered = tests + passed, total + lines, covered + hits
    found["tests"] = tests
    found["coverage"] = round(100 * covered / total, 1)
    write_whole(root / NUMBERS, json.dumps(found, indent=2, sort_keys=True) + "\n")
    return found


def _test(folder: Path, source: str) -> tuple[int, int, int]:
    """Run one folder's tests; returns tests passed, coverage units in all and covered."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "coverage.json"
        words = ["tests/", f"--cov={source}", "--cov-branch", f"--cov-report=json:{report}", "-q"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        passed = re.search(r"(\d+) passed", done.stdout)
        if done.returncode != 0 or passed is None:
            raise VelvetError(f"{folder.name}: tests failed; run `velvet test` there first")
        totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
    units = totals["num_statements"] + totals["num_branches"]
    return int(passed.group(1)), units, totals["covered_lines"] + totals["covered_branches"]
