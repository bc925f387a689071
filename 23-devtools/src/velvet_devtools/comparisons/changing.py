"""Changing and finding: codemods, navigation, runners, and what scripts save on this repository."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import libcst

from velvet.bench import Absent, Command, Metric, Suite, ratio, speedup, value
from velvet_devtools import codemods, nav, process, sessions
from velvet_devtools.contenders.renames import RENAMES
from velvet_devtools.errors import ToolMissing
from velvet_devtools.samples import corpus

ROOT = Path(__file__).resolve().parents[4]
NEW = "renamed_symbol"
RENAMED = ("json", "http", "logging")


def _sources() -> Iterator[tuple[str, str]]:
    for path in corpus.files(RENAMED):
        source = path.read_text(encoding="utf-8")
        for name in corpus.functions(source):
            yield source, name
            break


def _renamed(way: str) -> Callable[[], dict[str, float]]:
    rename = RENAMES[way]
    lines = kept = whole = wrong = 0
    for source, old in _sources():
        made = rename(source, old, NEW)
        lines += source.count("\n")
        whole += codemods.comments(source.encode()).total()
        kept += codemods.comments(made.encode()).total()
        wrong += corpus.wrong_edits(source, made, old, NEW)
    counts = {"kept": 100 * kept / whole, "wrong": wrong, "lines": lines}
    return lambda: counts


def _unchanged(way: str) -> Callable[[], dict[str, float]]:
    import ast

    back: dict[str, Callable[[str], str]] = {
        "regex": lambda source: source,
        "ast_unparse": lambda source: ast.unparse(ast.parse(source)),
        "libcst": lambda source: libcst.parse_module(source).code,
    }
    texts = [path.read_text(encoding="utf-8") for path in corpus.files(corpus.HALF)]
    same = sum(back[way](text) == text for text in texts)
    return lambda: {"same": float(same), "files": float(len(texts))}


def _rename_one(way: str) -> Callable[[], int]:
    source = (corpus.LIBRARY / "shlex.py").read_text(encoding="utf-8")
    rename = RENAMES[way]
    return lambda: len(rename(source, "quote", NEW)) > 0


def _lookup(way: str) -> Iterator[Callable[[], bool]]:
    with TemporaryDirectory() as folder:
        root, cache = Path(folder) / "corpus", Path(folder) / "cache.sqlite"
        corpus.copy(root, ("asyncio",))
        if way == "text_search":
            word = re.compile(r"\bdef gather\b")

            def search() -> bool:
                texts = (path.read_text(encoding="utf-8") for path in root.rglob("*.py"))
                return sum(bool(word.search(text)) for text in texts) > 0

            yield search
        elif way == "jedi":
            import jedi  # type: ignore[import-untyped,unused-ignore]

            project = jedi.Project(root)
            yield lambda: any(one.name == "gather" for one in project.search("gather"))
        else:
            place: Path | str = ":memory:" if way == "index_cold" else cache
            nav.Index(root, place).__exit__()

            def ask() -> bool:
                with nav.Index(root, place) as index:
                    return bool(index.find("gather"))

            yield ask


def _session(runner: str) -> Iterator[Command]:
    with TemporaryDirectory() as folder:
        work = Path(folder).resolve()
        try:
            argv, env = sessions.prepare(runner, work, [sys.executable, "-c", "pass"])
        except ToolMissing as error:
            raise Absent(str(error)) from None
        process.run(argv, cwd=work, env=env, timeout_s=120)  # what a first run makes is not timed
        yield Command(argv, cwd=str(work), env=env)


def _tests_to_run(way: str) -> Callable[[], dict[str, float]]:
    if way == "everything":
        count = sum(1 for _ in ROOT.glob("*/tests/**/test_*.py"))
    else:  # no other module imports this one, which a test of the repository holds
        with nav.Index(ROOT / "23-devtools") as index:
            own = [path for path in index.users if path.startswith("src/")]
            chosen = sorted(len(index.impact(path)) for path in own)
        count = chosen[-1]
    return lambda: {"tests": float(max(count, 1))}


def _format_check(way: str) -> Iterator[Command]:
    program = process.find("black")
    if program is None:
        raise Absent("not here; pip install black")
    base = [program, "--check", "--quiet", "--fast", "--workers", "1"]
    whole = sorted(str(path) for path in (ROOT / "velvet" / "bench").rglob("*.py"))
    with TemporaryDirectory() as empty:  # black would answer a second run from its cache
        files = whole if way == "everything" else whole[:3]
        yield Command([*base, *files], ok=(0, 1), env={"BLACK_CACHE_DIR": empty})


WRITE = """
import sys
from pathlib import Path
from velvet_devtools.documents import api_page
for file in map(Path, sys.argv[2:]):
    text = api_page(file.read_text(encoding="utf-8"), file.stem)
    Path(sys.argv[1], file.stem + ".md").write_text(text, encoding="utf-8")
"""


def _page(way: str) -> Iterator[Command]:
    with TemporaryDirectory() as folder:
        out = Path(folder).resolve()
        if way == "own_page":
            files = sorted(str(one) for one in (ROOT / "velvet" / "bench").glob("*.py"))
            yield Command([sys.executable, "-c", WRITE, str(out), *files])
        elif process.find(way.replace("sphinx", "sphinx-build")) is None:
            raise Absent(f"not here; pip install {way}")
        elif way == "pdoc":
            yield Command([process.need("pdoc"), "-o", str(out), "velvet.bench"])
        else:
            (out / "conf.py").write_text("extensions = ['sphinx.ext.autodoc']\n", encoding="utf-8")
            names_ = sorted(file.stem for file in (ROOT / "velvet" / "bench").glob("*.py"))
            parts = [
                f".. automodule:: velvet.bench.{name}\n   :members:\n"
                for name in names_
                if name[0] != "_"
            ]
            (out / "index.rst").write_text("API\n===\n\n" + "\n".join(parts), encoding="utf-8")
            yield Command(
                [process.need("sphinx-build"), "-q", "-E", str(out), str(out / "html")], ok=(0, 1)
            )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    renamed = suite.comparison(
        "codemod", title="Rename a function in each file of three packages", kind="value", tier="default",
        metrics={"wrong": Metric("edits"), "kept": Metric("% of comments", "higher"), "lines": Metric("lines", "higher")},
    )  # fmt: skip
    noop = suite.comparison(
        "codemod_noop", title="Read files and write them back", kind="value",
        metrics={"same": Metric("files", "higher"), "files": Metric("files", "higher")},
    )  # fmt: skip
    speed = suite.comparison(
        "codemod_speed", title="Rename a function in one file of 350 lines", unit="ms",
        rounds={"quick": 4, "default": 10},
    )  # fmt: skip
    for way in RENAMES:
        renamed.add(way, partial(_renamed, way), baseline=way == "regex")
        noop.add(way, partial(_unchanged, way), baseline=way == "regex")
        speed.add(way, partial(_rename_one, way), baseline=way == "libcst")
    found = suite.comparison(
        "navigation", title="Where is asyncio's `gather` defined?", unit="ms",
        rounds={"quick": 3, "default": 8},
    )  # fmt: skip
    for way in ("text_search", "index_cold", "index_warm", "jedi"):
        needs = "jedi" if way == "jedi" else ()
        found.add(way, partial(_lookup, way), baseline=way == "text_search", needs=needs)
    speed.same_result()
    found.same_result()
    started = suite.comparison(
        "automation_start", title="A session that does nothing, once it is set up",
        tier="default", unit="s", kind="run",
        rounds={"quick": 2, "default": 5},
    )  # fmt: skip
    for runner in sessions.RUNNERS:
        started.add(runner, partial(_session, runner), baseline=runner == "script")
    saved = suite.comparison(
        "tests_to_run", title="Test files to run after a change of one file of this module, at most",
        kind="value", metrics={"tests": Metric("files")},
    )  # fmt: skip
    checked = suite.comparison(
        "format_check", title="Check the format of the harness, or of three of its files, as after a small commit",
        tier="default",
        unit="s", kind="run", rounds={"quick": 2, "default": 3},
    )  # fmt: skip
    for way in ("everything", "affected"):
        saved.add(way, partial(_tests_to_run, way), baseline=way == "everything")
        checked.add(way, partial(_format_check, way), baseline=way == "everything")
    pages = suite.comparison(
        "docs_build",
        title="Pages of one package",
        tier="default",
        unit="s",
        kind="run",
        rounds={"quick": 2, "default": 3},
    )
    for way in ("own_page", "pdoc", "sphinx"):
        pages.add(way, partial(_page, way), baseline=way == "own_page")

    suite.claim(
        "a regular expression makes wrong edits, LibCST none",
        (value("codemod", "regex", "wrong") >= 1) & (value("codemod", "libcst", "wrong") <= 0), tier="default",
    )  # fmt: skip
    suite.claim(
        "LibCST keeps every comment, the standard library's tree none",
        (value("codemod", "libcst", "kept") >= 100) & (value("codemod", "ast_unparse", "kept") <= 1),
        tier="default",
    )  # fmt: skip
    suite.claim(
        "the standard library's tree gives hardly any file back as it was",
        value("codemod_noop", "ast_unparse", "same") <= 5,
    )
    suite.claim(
        "LibCST costs many times a regular expression",
        speedup("codemod_speed", "regex", "libcst") >= 20,
    )
    suite.claim(
        "an index that is kept answers sooner than one that is built",
        speedup("navigation", "index_warm", "index_cold") >= 5,
    )
    suite.claim(
        "the import graph chooses a small part of the tests",
        ratio("tests_to_run", "everything", "affected", "tests") >= 5,
    )
    suite.claim(
        "checking what changed takes a part of checking everything",
        speedup("format_check", "affected", "everything") >= 2,
        tier="default",
    )
