"""A release in one call that can be taken back: plan, edit, build, look into the wheel, tag.

By default nothing is done but the plan. When any step fails, each edited file is written back and
the tag is removed, so that a second try begins where the first did.
"""

from __future__ import annotations

import os
import re
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from velvet_devtools import process
from velvet_devtools.codemods import atomic_write
from velvet_devtools.commits import insert, next_version, parse, section
from velvet_devtools.errors import CommitError, DevtoolsError, ReleaseError

_VERSION_LINE = re.compile(r'^(version|__version__) = "([^"]*)"', re.MULTILINE)
STRAY = re.compile(r"(^|/)(tests?|\.git|\.venv|__pycache__)/|\.(pyc|env|key|pem|sqlite)$")


@dataclass(frozen=True)
class Plan:
    """What a release would do: versions, tag, messages that say nothing, each file's new text."""

    current: str
    version: str
    tag: str
    skipped: tuple[str, ...]
    edits: dict[Path, str]


def git(root: Path, *words: str) -> str:
    """Run git without the user's configuration; ReleaseError when it refuses."""
    env = {
        "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Release", "GIT_AUTHOR_EMAIL": "release@localhost",
        "GIT_COMMITTER_NAME": "Release", "GIT_COMMITTER_EMAIL": "release@localhost",
    }  # fmt: skip
    program = process.find("git")
    if program is None:
        raise ReleaseError("git is not here; install it with the system's own packages")
    done = process.run([program, "-c", "core.autocrlf=false", *words], cwd=root, env=env)
    if done.exit_code:
        raise ReleaseError(f"git {words[0]}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def plan(root: Path, day: str) -> Plan:
    """Read the commits since the last tag and return what a release would change, or refuse."""
    project = root / "pyproject.toml"
    found = _VERSION_LINE.search(project.read_text(encoding="utf-8")) if project.is_file() else None
    if found is None:
        raise ReleaseError("pyproject.toml has no line `version = ...`")
    if git(root, "status", "--porcelain").strip():
        raise ReleaseError("there are changes that are not committed")
    current = found[2]
    tags = git(root, "tag", "--list", f"v{current}").split()
    since = [f"{tags[0]}..HEAD"] if tags else ["HEAD"]
    commits, skipped = [], []
    for message in git(root, "log", "--format=%B%x00", "--reverse", *since).split("\0"):
        if text := message.strip("\n"):
            try:
                commits.append(parse(text))
            except CommitError as error:
                skipped.append(str(error))
    version = next_version(current, commits)
    if version == current:
        raise ReleaseError(f"nothing since {current} asks for a new version")
    edits: dict[Path, str] = {}
    for file in (project, *sorted(root.glob("src/*/__init__.py"))):
        text = file.read_text(encoding="utf-8")
        made = _VERSION_LINE.sub(lambda one: f'{one[1]} = "{version}"', text)
        if made != text:
            edits[file] = made
    log = root / "CHANGELOG.md"
    old = log.read_text(encoding="utf-8") if log.is_file() else "# Changelog\n"
    edits[log] = insert(old, section(version, day, commits))
    return Plan(current, version, f"v{version}", tuple(skipped), edits)


def build_wheel(root: Path, into: Path) -> Path:
    """Build a wheel with hatchling in this environment, without a network."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)]
    done = process.run(argv, cwd=root, timeout_s=120)
    wheels = sorted(into.glob("*.whl"))
    if done.exit_code or not wheels:
        raise ReleaseError(f"the build failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return wheels[-1]


def check_wheel(wheel: Path, version: str) -> None:
    """Raise ReleaseError for a wheel of another version or with files that must not be shipped."""
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        about = next(name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = file.read(about).decode("utf-8")
    if f"\nVersion: {version}\n" not in metadata:
        raise ReleaseError(f"{wheel.name} is not of version {version}")
    if stray := [name for name in names if STRAY.search(name)]:
        raise ReleaseError(f"{wheel.name} holds {', '.join(stray[:3])}")


def release(
    root: Path,
    planned: Plan,
    into: Path,
    *,
    dry_run: bool = True,
    build: Callable[[Path, Path], Path] = build_wheel,
) -> Path | None:
    """Carry out a plan and return the wheel; ReleaseError, and all is as before, when it fails."""
    if dry_run:
        return None
    before = {file: file.read_bytes() if file.is_file() else None for file in planned.edits}
    head = git(root, "rev-parse", "HEAD").strip()
    try:
        for file, text in planned.edits.items():
            if not file.is_file():
                file.touch()
            atomic_write(file, text.encode("utf-8"))
        wheel = build(root, into)
        check_wheel(wheel, planned.version)
        git(root, "add", "--", *(str(file) for file in planned.edits))
        git(root, "commit", "--quiet", "--no-verify", "-m", f"chore: release {planned.version}")
        git(root, "tag", "--annotate", planned.tag, "-m", f"Version {planned.version}")
    except (DevtoolsError, OSError, KeyboardInterrupt) as error:
        git(root, "reset", "--quiet", head)
        for file, content in before.items():
            if content is None:
                file.unlink(missing_ok=True)
            else:
                atomic_write(file, content)
        if git(root, "tag", "--list", planned.tag).strip():
            git(root, "tag", "--delete", planned.tag)
        raise ReleaseError(f"release {planned.version} was taken back: {error}") from error
    return wheel
