"""From commit messages to a version and a changelog: Conventional Commits 1.0.0, Keep a Changelog.

Parsing follows the specification clause by clause, and a message that breaks one is refused with
its number. A changelog is inserted into the file that is there; what stands in it is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from velvet_devtools.errors import CommitError, ReleaseError

MAX_MESSAGE = 2_000_000
_HEAD = re.compile(
    r"(?P<type>[^\s:()!]+)(?:\((?P<scope>[^()\r\n]+)\))?(?P<bang>!)?: (?P<text>\S.*)"
)
_FOOTER = re.compile(r"(?P<token>BREAKING CHANGE|[A-Za-z][A-Za-z0-9-]*)(?:: | #)(?P<value>.*)")
_VERSION = re.compile(r"\.".join([r"(0|[1-9][0-9]*)"] * 3))
_BREAKING = ("BREAKING CHANGE", "BREAKING-CHANGE")
SECTIONS = {
    "feat": "Added", "change": "Changed", "refactor": "Changed", "perf": "Changed",
    "fix": "Fixed", "revert": "Fixed", "remove": "Removed", "security": "Security",
}  # fmt: skip


@dataclass(frozen=True)
class Commit:
    """A conventional commit; `footers` are (token, value) in their order."""

    type: str
    description: str
    scope: str = ""
    breaking: bool = False
    body: str = ""
    footers: tuple[tuple[str, str], ...] = ()

    @property
    def level(self) -> int:
        """What it raises: 3 for the major number, 2 for the minor, 1 for the patch, or nothing."""
        return 3 if self.breaking else {"feat": 2, "fix": 1, "perf": 1}.get(self.type.lower(), 0)


def parse(message: str) -> Commit:
    """Read a message, or raise CommitError with the clause that it breaks.

    >>> parse("feat(api)!: drop v1").breaking
    True
    """
    if len(message) > MAX_MESSAGE:
        raise CommitError(f"a message of {len(message):,} characters", 1)
    head, *rest = message.replace("\r\n", "\n").rstrip("\n").split("\n")
    found = _HEAD.fullmatch(head)
    if found is None:
        raise CommitError(*_why(head))
    if rest and rest[0].strip():
        raise CommitError("the body must begin after an empty line", 6)
    body, footers = _split(rest[1:])
    breaking = bool(found["bang"]) or any(token in _BREAKING for token, _ in footers)
    return Commit(found["type"], found["text"], found["scope"] or "", breaking, body, footers)


def _why(head: str) -> tuple[str, int]:
    if "(" in head.partition(":")[0] and not re.match(r"[^\s:()]+\([^()]+\)!?:", head):
        return f"a scope is a noun in parentheses behind the type: {head[:60]!r}", 4
    if re.match(r"[^\s:()!]+(\([^()]+\))?!?:", head):
        return f"a colon, one space, and a description follow the type: {head[:60]!r}", 5
    return f"it begins with a type, such as `feat: `, and not {head[:60]!r}", 1


def _split(rows: list[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Part the body from the footers: the last paragraph, when it begins with a footer's token."""
    start = len(rows)
    for number, row in enumerate(rows):
        if _FOOTER.fullmatch(row) and (number == 0 or not rows[number - 1].strip()):
            start = number
            break
    footers: list[tuple[str, str]] = []
    for row in rows[start:]:
        found = _FOOTER.fullmatch(row)
        if found:
            footers.append((found["token"], found["value"]))
        elif footers:  # a footer's value may go on over lines and empty lines (clause 10)
            footers[-1] = (footers[-1][0], f"{footers[-1][1]}\n{row}".rstrip())
    return "\n".join(rows[:start]).strip("\n"), tuple(footers)


def next_version(current: str, commits: Iterable[Commit]) -> str:
    """Return the version that follows by the strongest commit; the same one when none counts.

    Before 1.0.0 a breaking change raises the minor number (SemVer 2.0.0, section 4). Versions are
    three numbers, or ReleaseError; pre-releases are left to `packaging`, as Python spells them.

    >>> next_version("1.4.2", [Commit("feat", "coupons")])
    '1.5.0'
    """
    found = _VERSION.fullmatch(current)
    if found is None:
        raise ReleaseError(
            f"{current[:60]!r} is not MAJOR.MINOR.PATCH without v and zeros in front"
        )
    major, minor, patch = map(int, found.groups())
    level = max((commit.level for commit in commits), default=0)
    if level == 3 and major:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if level >= 2 else f"{major}.{minor}.{patch + level}"


def section(version: str, day: str, commits: Iterable[Commit]) -> str:
    """Return a version's part of a changelog; breaking changes are marked and come first."""
    lines: dict[str, list[str]] = {title: [] for title in SECTIONS.values()}
    for commit in sorted(commits, key=lambda one: not one.breaking):
        title = SECTIONS.get(commit.type.lower(), "Changed" if commit.breaking else "")
        if title:
            scope = f"**{commit.scope}**: " if commit.scope else ""
            mark = "**Breaking:** " if commit.breaking else ""
            lines[title].append(f"- {mark}{scope}{commit.description}")
    parts = [f"### {title}\n\n" + "\n".join(rows) for title, rows in lines.items() if rows]
    return "\n\n".join([f"## [{version}] - {day}", *parts]) + "\n"


def insert(changelog: str, new: str) -> str:
    """Put a section before the newest one; CommitError when its version is there already."""
    head = new.partition("\n")[0].partition(" - ")[0]
    if any(f"{row} ".startswith(f"{head} ") for row in changelog.split("\n")):
        raise CommitError(f"the changelog has {head[3:]} already", 1)
    found = re.search(r"^## \[(?!Unreleased)", changelog, re.MULTILINE)
    if found:
        return f"{changelog[: found.start()]}{new}\n{changelog[found.start() :]}"
    return f"{changelog}\n{new}"
