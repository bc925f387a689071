"""Versions, messages and changelogs, held to the clauses of their specifications."""

from __future__ import annotations

from pathlib import Path

import pytest

from velvet_devtools import bump, commits
from velvet_devtools.commits import Commit
from velvet_devtools.errors import CommitError, ReleaseError


@pytest.mark.parametrize(
    "text",
    ["01.2.3", "1.2", "v1.2.3", "1.2.3-01", "1.2.3-", "1.2.3+", "", "1.2.3 ", "1.2.٣", "1." * 999],
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ReleaseError, match=r"not MAJOR\.MINOR\.PATCH"):
        commits.next_version(text, [])


@pytest.mark.parametrize(
    ("version", "heads", "expected"),
    [
        ("1.2.3", ["feat", "fix!"], "2.0.0"), ("1.2.3", ["fix", "feat"], "1.3.0"), ("1.2.3", ["perf"], "1.2.4"),
        ("0.2.3", ["fix!"], "0.3.0"), ("1.2.3", ["docs"], "1.2.3"), ("1.0." + "9" * 300, ["fix"], "1.0.1" + "0" * 300),
    ],
)  # fmt: skip
def test_the_strongest_commit_raises_the_version(
    version: str, heads: list[str], expected: str
) -> None:
    found = [commits.parse(f"{head}: x") for head in heads]

    assert commits.next_version(version, found) == expected


# Conventional Commits 1.0.0, by clause: message -> (type, scope, breaking, body, footers) or the clause.
CLAUSES = {
    1: ("just words", 1), 2: ("feat: x", ("feat", "", False, "", 0)), 3: ("fix: x", ("fix", "", False, "", 0)),
    4: ("feat(parser): x", ("feat", "parser", False, "", 0)), 5: ("feat:x", 5),
    6: ("feat: x\nno empty line", 6), 7: ("feat: x\n\na\n\nb", ("feat", "", False, "a\n\nb", 0)),
    8: ("feat: x\n\nRefs: 1\nAcked-by #2", ("feat", "", False, "", 2)),
    9: ("feat: x\n\nReviewed by: z", ("feat", "", False, "Reviewed by: z", 0)),
    10: ("feat: x\n\nRefs: 1\n  and more\n\nand more", ("feat", "", False, "", 1)),
    11: ("feat!: x", ("feat", "", True, "", 0)), 12: ("feat: x\n\nBREAKING CHANGE: y", ("feat", "", True, "", 1)),
    13: ("fix(a)!: x", ("fix", "a", True, "", 0)), 14: ("docs: x", ("docs", "", False, "", 0)),
    15: ("FEAT: x\n\nbreaking change: y", ("FEAT", "", False, "breaking change: y", 0)),
    16: ("feat: x\n\nBREAKING-CHANGE: y", ("feat", "", True, "", 1)),
}  # fmt: skip


@pytest.mark.parametrize("clause", CLAUSES)
def test_each_clause_of_conventional_commits(clause: int) -> None:
    message, expected = CLAUSES[clause]

    if isinstance(expected, int):
        with pytest.raises(CommitError) as caught:
            commits.parse(message)
        assert caught.value.clause == expected
    else:
        found = commits.parse(message)
        seen = (found.type, found.scope, found.breaking, found.body, len(found.footers))
        assert seen == expected


@pytest.mark.parametrize(
    ("message", "clause"),
    [
        ("feat!!: x", 1),
        ("feat(🎉: x", 4),
        ("feat()\uff1ax", 4),
        (": x", 1),
        ("feat:  ", 5),
        ("f" * 2_000_001, 1),
    ],
)
def test_a_hostile_message_names_its_clause(message: str, clause: int) -> None:
    with pytest.raises(CommitError) as caught:
        commits.parse(message)

    assert caught.value.clause == clause


def test_a_large_message_with_windows_ends_is_read() -> None:
    body = "words " * 180_000

    assert len(commits.parse(f"feat(🎉): x\r\n\r\n{body}\r\n").body) > 1_000_000


def test_a_section_is_inserted_and_nothing_else_changes() -> None:
    old = "# Changelog\n\n## [Unreleased]\n\n- soon\n\n## [1.0.0] - 2026-01-01\n\n- first\n"
    found = [Commit("feat", "a", "ui"), Commit("fix", "b", breaking=True), Commit("docs", "c")]
    version = commits.next_version("1.0.0", found)

    new = commits.insert(old, commits.section(version, "2026-02-02", found))

    assert version == "2.0.0"
    assert "## [2.0.0] - 2026-02-02\n\n### Added\n\n- **ui**: a" in new
    assert "- **Breaking:** b" in new
    at = new.index("## [2.0.0]")
    assert new[:at] + new[new.index("## [1.0.0]") :] == old
    with pytest.raises(CommitError, match="already"):
        commits.insert(new, commits.section(version, "2026-02-02", found))
    assert commits.next_version(version, [Commit("docs", "c")]) == version


def test_a_release_edits_builds_checks_and_tags(repository: Path, tmp_path: Path) -> None:
    bump.git(repository, "commit", "--quiet", "--allow-empty", "-m", "feat(cart): coupons")
    bump.git(repository, "commit", "--quiet", "--allow-empty", "-m", "no type here")
    planned = bump.plan(repository, "2026-02-02")

    assert bump.release(repository, planned, tmp_path) is None
    assert bump.git(repository, "status", "--porcelain") == ""
    wheel = bump.release(repository, planned, tmp_path / "out", dry_run=False)

    assert wheel is not None
    assert wheel.name.startswith("shop-1.3.0-")
    assert planned.skipped[0].startswith("it begins with a type")
    assert "v1.3.0" in bump.git(repository, "tag", "--list")
    assert "coupons" in (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    assert '__version__ = "1.3.0"' in (repository / "src/shop/__init__.py").read_text("utf-8")
    with pytest.raises(ReleaseError, match="nothing since"):
        bump.plan(repository, "2026-02-03")


def _failing(root: Path, into: Path) -> Path:
    raise OSError("disk full")


def _stray(root: Path, into: Path) -> Path:
    (root / "src" / "shop" / ".env").write_text("x", encoding="utf-8")
    return bump.build_wheel(root, into)


def _old(root: Path, into: Path) -> Path:
    text = (root / "pyproject.toml").read_text("utf-8").replace("1.2.4", "7.0.0")
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    return bump.build_wheel(root, into)


def _broken(root: Path, into: Path) -> Path:
    (root / "pyproject.toml").write_text("[project", encoding="utf-8")
    return bump.build_wheel(root, into)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (_failing, "disk full"),
        (_stray, r"holds shop/\.env"),
        (_old, "not of version"),
        (_broken, "build failed"),
    ],
)
def test_a_release_that_fails_is_taken_back(
    repository: Path, tmp_path: Path, build: object, words: str
) -> None:
    bump.git(repository, "commit", "--quiet", "--allow-empty", "-m", "fix: a bug")
    head = bump.git(repository, "rev-parse", "HEAD")
    planned = bump.plan(repository, "2026-02-02")

    with pytest.raises(ReleaseError, match=words):
        bump.release(repository, planned, tmp_path / "out", dry_run=False, build=build)  # type: ignore[arg-type]

    assert bump.git(repository, "rev-parse", "HEAD") == head
    assert bump.git(repository, "tag", "--list").split() == ["v1.2.3"]
    assert bump.git(repository, "diff", "--stat", "HEAD") == ""
    assert not (repository / "CHANGELOG.md").exists()


def test_a_release_needs_a_version_and_a_clean_tree(repository: Path, tmp_path: Path) -> None:
    (repository / "README.md").write_text("changed", encoding="utf-8")
    with pytest.raises(ReleaseError, match="not committed"):
        bump.plan(repository, "2026-02-02")
    with pytest.raises(ReleaseError, match="no line"):
        bump.plan(tmp_path, "2026-02-02")
    with pytest.raises(ReleaseError, match="git log"):
        bump.git(tmp_path, "log")
