"""Checkers and formatters: seconds on the standard library, defects found, agreement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from velvet.bench import Absent, Command, Metric, Suite, Timed, ratio, speedup, value
from velvet_devtools import formatters, lint, matrix, process
from velvet_devtools.contenders.checkers import CHECKERS
from velvet_devtools.lint import Status
from velvet_devtools.samples import corpus

LINTERS = {
    "ruff": "wide",
    "flake8": "default",
    "pylint": "default",
    "bandit": "default",
    "vulture": "default",
}
TYPES = {
    "mypy": "default",
    "mypy_warm": "default",
    "pyright": "default",
    "basedpyright": "default",
    "ty": "default",
    "pyrefly": "preset",
}
SLOW = {"pylint", "mypy", "pyright", "basedpyright", "flake8"}


def _command(name: str, files: list[Path], work: Path, profile: str, *, cache: bool) -> Command:
    tool = CHECKERS[name]
    program = process.find(tool.program)
    if program is None:
        raise Absent(f"not here; pip install {tool.program}")
    argv = tool.command([str(one) for one in files], profile, work, cache=cache)
    return Command([program, *argv], ok=tool.findings, cwd=str(work))


def _lint(name: str, percent: int) -> Iterator[Command]:
    with TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        files = corpus.copy(work / "corpus", share=percent / 100)
        yield _command(name, files, work, LINTERS[name], cache=False)


def _types(name: str, package: str) -> Iterator[Command]:
    with TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        files = corpus.copy(work / "corpus", (package,))
        warm = name == "mypy_warm"
        made = _command(name.removesuffix("_warm"), files, work, TYPES[name], cache=warm)
        if warm:
            process.run(made.argv, cwd=work, timeout_s=120)
        yield made


def _format(name: str, percent: int) -> Iterator[Timed]:
    with TemporaryDirectory() as folder:
        work = Path(folder).resolve()

        def fresh() -> list[Path]:
            return corpus.copy(work, share=percent / 100)

        yield Timed(lambda files: formatters.apply(name, files), prepare=fresh)


def _version(program: str) -> str:
    return f"{program} {lint.version((process.need(program),))}"


def _agree(first: str, second: str) -> Callable[[], dict[str, float | str]]:
    def measure() -> dict[str, float | str]:
        with TemporaryDirectory() as folder:
            work = Path(folder).resolve()
            reports = []
            for name in (first, second):
                corpus.copy(work / name, ("http", "json", "logging", "importlib"))
                reports.append(formatters.check(name, work / name))
            found = formatters.agreement(work / first, work / second)
        return {
            "files": found.files, "differing_files": found.differing_files, "lines": found.lines,
            "differing_lines": found.differing_lines, "again": sum(one.again for one in reports),
            "altered": sum(one.altered for one in reports),
            "version": ", ".join(_version(formatters.FORMATTERS[name][0]) for name in (first, second)),
        }  # fmt: skip

    return measure


def _found(tool: str, profile: str) -> Callable[[], dict[str, float | str]]:
    (row,) = matrix.rows([(tool, profile)])
    if row.status is Status.MISSING:
        raise Absent(row.problem)
    if row.status is not Status.OK:
        raise RuntimeError(row.problem)
    counts = {"found": len(row.found), "alarms": len(row.false_alarms), "noise": row.noise}
    return lambda: {**counts, "version": _version(CHECKERS[tool].program)}


def _cover() -> Callable[[], dict[str, float]]:
    whole = matrix.measure()
    best, pair = max(len(row.found) for row in whole.ran), whole.best_pair()
    assert pair is not None
    union = len(whole.corpus) - len(whole.missed_by_all())
    rows = {
        "single": best, "pair": len(pair[0].found | pair[1].found), "union": union,
        "missed": len(whole.missed_by_all()),
        "unique": max(len(whole.unique(row)) for row in whole.ran),
    }  # fmt: skip
    return lambda: {name: float(count) for name, count in rows.items()}


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    speed = suite.comparison(
        "lint_speed", title="Lint the standard library", unit="s", kind="run", tree=True,
        sizes={"percent": [2, 100]}, quick=lambda percent: percent == 2,
        rounds={"quick": 1, "default": 3},
    )  # fmt: skip
    for name in LINTERS:
        when = (lambda percent: percent == 2) if name == "pylint" else None
        tier = "default" if name == "pylint" else "quick"
        speed.add(name, partial(_lint, name), baseline=name == "flake8", when=when, tier=tier)
    types = suite.comparison(
        "type_speed", title="Check the types of a package",
        tier="default", unit="s", kind="run", tree=True,
        sizes={"package": ["json", "asyncio"]}, quick=lambda package: package == "json",
        rounds={"quick": 1, "default": 3},
    )  # fmt: skip
    for name in TYPES:
        types.add(name, partial(_types, name), baseline=name == "mypy")
    for subject, title, rivals in (
        ("format_speed", "Format files", ("black", "ruff_format")),
        ("import_speed", "Sort the imports of files", ("isort", "ruff_isort")),
    ):
        shaping = suite.comparison(
            subject, title=title, unit="s", kind="run", sizes={"percent": [2, 25]},
            quick=lambda percent: percent == 2, rounds={"quick": 1, "default": 3},
        )  # fmt: skip
        for name in rivals:
            shaping.add(name, partial(_format, name), baseline=name == rivals[0])
    agree = suite.comparison(
        "format_agreement", title="Do two formatters agree?", kind="value", tier="default",
        metrics={
            "differing_lines": Metric("lines"), "lines": Metric("lines"), "files": Metric("files"),
            "differing_files": Metric("files"), "again": Metric("files"), "altered": Metric("files"),
            "version": Metric("label"),
        },
    )  # fmt: skip
    agree.add("black_or_ruff", partial(_agree, "black", "ruff_format"), baseline=True)
    agree.add("isort_or_ruff", partial(_agree, "isort", "ruff_isort"))
    found = suite.comparison(
        "defect_matrix", title="72 defects: found, false alarms, noise on the fixed twins",
        kind="value",
        metrics={
            "found": Metric("defects", "higher"), "alarms": Metric("twins"), "noise": Metric("findings"),
            "version": Metric("label"),
        },
    )  # fmt: skip
    for tool, profile in matrix.CHOICES:
        tier = "default" if tool in SLOW else "quick"
        found.add(
            f"{tool}_{profile}",
            partial(_found, tool, profile),
            baseline=(tool, profile) == ("ruff", "default"),
            tier=tier,
        )
    cover = suite.comparison(
        "cover", title="What tools find together, of 72", kind="value", tier="default",
        metrics={
            "pair": Metric("defects", "higher"), "single": Metric("defects", "higher"),
            "union": Metric("defects", "higher"), "missed": Metric("defects"),
            "unique": Metric("defects", "higher"),
        },
    )  # fmt: skip
    cover.add("all_tools", _cover, needs=["pylint", "mypy"])

    suite.claim(
        "ruff lints with 22 families of rules many times faster than flake8 with its defaults",
        speedup("lint_speed", "ruff", "flake8", percent=2) >= 5,
    )
    suite.claim(
        "flake8 is faster than pylint", speedup("lint_speed", "flake8", "pylint", percent=2) >= 1.5
    )
    suite.claim(
        "ty is faster than mypy from nothing",
        speedup("type_speed", "ty", "mypy", package="json") >= 2,
        tier="default",
    )
    suite.claim(
        "pyrefly is faster than mypy from nothing",
        speedup("type_speed", "pyrefly", "mypy", package="json") >= 1.5,
        tier="default",
    )
    suite.claim(
        "mypy's second run takes a part of its first",
        speedup("type_speed", "mypy_warm", "mypy", package="asyncio") >= 2, tier="default",
    )  # fmt: skip
    suite.claim(
        "ruff formats many times faster than black",
        speedup("format_speed", "ruff_format", "black", percent=2) >= 4,
    )
    suite.claim(
        "ruff sorts imports faster than isort",
        speedup("import_speed", "ruff_isort", "isort", percent=2) >= 1.5,
    )
    suite.claim(
        "black and ruff format do not agree everywhere",
        value("format_agreement", "black_or_ruff", "differing_lines") >= 1, tier="default",
    )  # fmt: skip
    suite.claim(
        "black and ruff format change no program, and a second run changes nothing",
        (value("format_agreement", "black_or_ruff", "altered") <= 0)
        & (value("format_agreement", "black_or_ruff", "again") <= 0), tier="default",
    )  # fmt: skip
    suite.claim(
        "ruff's default rules find several times what its old default, E and F, found",
        ratio("defect_matrix", "ruff_default", "ruff_pyflakes", "found") >= 2,
    )
    suite.claim(
        "pyrefly is nearly silent without a preset",
        ratio("defect_matrix", "pyrefly_preset", "pyrefly_default", "found") >= 3,
    )
    suite.claim(
        "no tool alone finds sixty percent",
        value("cover", "all_tools", "single") <= 43, tier="default",
    )  # fmt: skip
    suite.claim(
        "a linter with a type checker finds over sixty percent",
        value("cover", "all_tools", "pair") >= 44, tier="default",
    )  # fmt: skip
    suite.claim(
        "some defects are found by no tool", value("cover", "all_tools", "missed") >= 5, tier="default",
    )  # fmt: skip
