"""A repository's health in twenty-five checks, each with its weight and its reason.

A score alone is a number to argue about. What helps is the sentence behind each check, and the two
lists that tell where to begin: files that are both changed often and hard to read (churn times
complexity), and the oldest promises to do something later.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from velvet_devtools.bump import git
from velvet_devtools.documents import dead_links, docstring_coverage
from velvet_devtools.errors import DevtoolsError

LARGE_BYTES = 1_000_000
OLD_DAYS = 180
SETTINGS = ("pyproject.toml", "setup.cfg", "tox.ini", ".pre-commit-config.yaml", "mypy.ini")
MIN_ENTROPY = 3.2  # bits a character: words of a language stay below, random text does not
_SECRET = re.compile(
    r"(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|-----BEGIN [A-Z ]*PRIVATE KEY-----)"
    r"|(?:password|passwd|secret|token|api_?key)\w*[\"']?\s*[:=]\s*[\"']([^\"'\s]{12,})[\"']",
    re.IGNORECASE,
)
_TODO = re.compile(r"#\s*(TODO|FIXME)\b")
_BRANCHES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension,
    ast.BoolOp, ast.match_case, ast.Assert,
)  # fmt: skip


class Verdict(NamedTuple):
    """One check: its points, whether it passed, and why."""

    name: str
    weight: int
    passed: bool
    reason: str


class HotSpot(NamedTuple):
    """A file that changes often and branches much; its heat is one times the other."""

    path: str
    changes: int
    complexity: int
    heat: int


class Repository:
    """What the checks ask of a git repository; everything is read once."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.files = [one for one in git(root, "ls-files", "-z").split("\0") if one]

    def text(self, path: str) -> str:
        """Return a file's text, without what is no UTF-8; empty for a large or missing one."""
        file = self.root / path
        if not file.is_file() or file.stat().st_size > LARGE_BYTES:
            return ""
        return file.read_bytes().decode("utf-8-sig", "replace")

    @cached_property
    def python(self) -> dict[str, ast.Module | None]:
        """Python files with their trees; None for one that cannot be read."""
        found: dict[str, ast.Module | None] = {}
        for path in self.files:
            if path.endswith(".py"):
                try:
                    found[path] = ast.parse((self.root / path).read_bytes())
                except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
                    found[path] = None
        return found

    @cached_property
    def churn(self) -> Counter[str]:
        """How many commits changed each file."""
        words = ("log", "--format=", "--name-only", "--relative", "-n", "2000", "--", ".")
        return Counter(line for line in git(self.root, *words).splitlines() if line)


def complexity(tree: ast.AST) -> int:
    """Return the number of branches plus one (McCabe), over a whole file."""
    return 1 + sum(isinstance(node, _BRANCHES) for node in ast.walk(tree))


def hot_spots(repository: Repository, count: int = 10) -> list[HotSpot]:
    """Return the files with most churn times complexity."""
    found = []
    for path, tree in repository.python.items():
        if tree is not None and (changes := repository.churn[path]):
            branches = complexity(tree)
            found.append(HotSpot(path, changes, branches, changes * branches))
    return sorted(found, key=lambda one: (-one.heat, one.path))[:count]


def entropy(text: str) -> float:
    """Return Shannon's entropy in bits per character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def secrets(repository: Repository) -> list[str]:
    """Return where a secret seems to stand; four characters of it are shown, never more."""
    found = []
    for path in repository.files:
        for number, line in enumerate(repository.text(path).splitlines(), 1):
            for match in _SECRET.finditer(line[:2_000]):
                word = match[1] or match[2]
                if _SECRET.fullmatch(word) or entropy(word) > MIN_ENTROPY:
                    found.append(f"{path}:{number} {word[:4]}...")
    return found


Check = Callable[[Repository], tuple[bool, str]]


def _file(pattern: str, yes: str, no: str) -> Check:
    def check(repository: Repository) -> tuple[bool, str]:
        found = any(re.search(pattern, one, re.IGNORECASE) for one in repository.files)
        return found, yes if found else no

    return check


def _setting(pattern: str, tool: str) -> Check:
    def check(repository: Repository) -> tuple[bool, str]:
        found = any(re.search(pattern, repository.text(name)) for name in SETTINGS)
        return found, f"{tool} is configured{'' if found else ' nowhere'}"

    return check


def _tests(repository: Repository) -> tuple[bool, str]:
    tests = sum(bool(re.search(r"(^|/)test_[^/]*\.py$", one)) for one in repository.files)
    code = sum(one.endswith(".py") for one in repository.files) - tests
    return tests * 5 >= code, f"{tests} test files for {code} others"


def _empty(found: list[str], good: str) -> tuple[bool, str]:
    return not found, f"{len(found)}: {', '.join(found[:3])}" if found else good


def _large(repository: Repository) -> tuple[bool, str]:
    places = [repository.root / one for one in repository.files]
    found = [one.name for one in places if one.is_file() and one.stat().st_size > LARGE_BYTES]
    return _empty(found, "no file is larger than a megabyte")


def _conflicts(repository: Repository) -> tuple[bool, str]:
    marks = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
    found = [one for one in repository.files if marks.search(repository.text(one))]
    return _empty(found, "no marks of a conflict")


def _bus_factor(repository: Repository) -> tuple[bool, str]:
    authors = Counter(git(repository.root, "log", "--format=%aE", "-n", "2000").split())
    counts = [n for _, n in authors.most_common()]
    half = next((i for i in range(1, len(counts) + 1) if sum(counts[:i]) * 2 > sum(counts)), 0)
    return half > 1, f"{half} of {len(counts)} authors made more than half of the commits"


def _old_todos(repository: Repository) -> tuple[bool, str]:
    newest = int(git(repository.root, "log", "-1", "--format=%ct"))
    found = []
    for path in repository.python:
        if not _TODO.search(repository.text(path)):
            continue
        stamp = 0
        for line in git(repository.root, "blame", "--line-porcelain", "--", path).splitlines():
            if line.startswith("committer-time "):
                stamp = int(line.split()[1])
            elif line.startswith("\t") and _TODO.search(line):
                days = (newest - stamp) // 86_400
                found += [f"{days} days: {path}: {line.strip()[:70]}"] if days > OLD_DAYS else []
    return _empty(found, f"no TODO is older than {OLD_DAYS} days")


def _docstrings(repository: Repository) -> tuple[bool, str]:
    trees = [tree for path, tree in repository.python.items() if tree and "test" not in path]
    share = docstring_coverage(trees)
    return share >= 0.8, f"{share:.0%} of public names have a docstring"


def _concentrated(repository: Repository) -> tuple[bool, str]:
    spots = hot_spots(repository, 1_000)
    total, top = sum(one.heat for one in spots), sum(one.heat for one in spots[:3])
    hottest = f"; the hottest is {spots[0].path}" if spots else ""
    share = top / max(total, 1)
    return share <= 0.5, f"three files hold {share:.0%} of the heat{hottest}"


CHECKS: tuple[tuple[str, int, Check], ...] = (
    ("readme", 4, _file(r"^readme\b", "there is a README", "no README says what this is")),
    ("licence", 5, _file(r"^licen[cs]e", "there is a licence", "without one, others may not use it")),
    ("changelog", 3, _file(r"^changelog", "there is a changelog", "no changelog says what changed")),
    ("contributing", 2, _file(r"contributing", "there is a guide", "no guide for contributors")),
    ("security", 2, _file(r"security\.md$", "there is a policy", "no way to report a vulnerability")),
    ("owners", 1, _file(r"codeowners$", "there are owners", "no CODEOWNERS")),
    ("ignore", 2, _file(r"(^|/)\.gitignore$", "there is a .gitignore", "no .gitignore")),
    ("ci", 6, _file(r"^\.github/workflows/|^\.gitlab-ci|^\.ci/", "there is CI", "no CI runs")),
    ("lock", 4, _file(r"(constraints|requirements).*\.txt$|\.lock$", "versions are pinned", "no lock")),
    ("project", 4, _file(r"^pyproject\.toml$", "there is a pyproject.toml", "no pyproject.toml")),
    ("python", 2, _setting(r"requires-python", "requires-python")),
    ("tests", 8, _tests),
    ("typed", 3, _file(r"py\.typed$", "it ships its types", "no py.typed")),
    ("types", 5, _setting(r"\[(tool\.)?(mypy|pyright|basedpyright|ty|pyrefly)\b", "a type checker")),
    ("linter", 8, _setting(r"\[(tool\.)?(ruff|flake8|pylint)\b", "a linter")),
    ("hooks", 2, _file(r"pre-commit-config", "there are hooks", "no hooks before a commit")),
    ("large", 4, _large),
    ("secrets", 10, lambda one: _empty(secrets(one), "no secret was seen")),
    ("conflicts", 5, _conflicts),
    ("syntax", 6, lambda one: _empty([p for p, t in one.python.items() if t is None], "all files parse")),
    ("links", 2, lambda one: _empty(dead_links(one.root, one.files), "no dead link")),
    ("docstrings", 3, _docstrings),
    ("todos", 2, _old_todos),
    ("bus factor", 3, _bus_factor),
    ("hot spots", 4, _concentrated),
)  # fmt: skip


def report(root: Path) -> list[Verdict]:
    """Return the verdict of every check; a check that fails to run is not passed, with its reason."""
    repository, found = Repository(root), []
    for name, weight, check in CHECKS:
        try:
            passed, reason = check(repository)
        except (DevtoolsError, OSError, ValueError) as error:
            passed, reason = False, f"could not be looked at: {error}"
        found.append(Verdict(name, weight, passed, reason))
    return found


def score(verdicts: list[Verdict]) -> int:
    """Return the passed weight in percent of all."""
    whole = sum(one.weight for one in verdicts)
    return round(100 * sum(one.weight for one in verdicts if one.passed) / whole)
