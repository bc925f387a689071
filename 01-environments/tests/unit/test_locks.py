"""Lock files of the real tools, read into one view; what is doubtful about a lock."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.pylock import Pylock

from velvet_environments.lockfiles import load, toml_of
from velvet_environments.locks import Lock, LockedPackage, audit, diff, platforms, select
from velvet_environments.target import FOUR, Target

# Written by the tools on Linux under Python 3.12, for Python 3.10 and later: what four targets get.
WRITTEN = {
    "venv_pip/requirements.txt": ("requirements", False, False, [3, 3, 3, 3]),
    "pip_tools/requirements.txt": ("requirements with hashes", False, True, [3, 3, 3, 3]),
    "uv_pip/requirements.txt": ("requirements with hashes", True, True, [3, 3, 4, 3]),
    "pip_lock/pylock.toml": ("pylock.toml", False, True, [3, 3, 3, 3]),
    "uv_project/pylock.toml": ("pylock.toml", True, True, [4, 3, 4, 3]),
    "pdm/pylock.toml": ("pylock.toml", True, True, [4, 3, 4, 3]),
    "uv_project/uv.lock": ("uv.lock", True, True, [4, 3, 4, 3]),
    "poetry/poetry.lock": ("poetry.lock", True, True, [4, 3, 4, 3]),
    "pdm/pdm.lock": ("pdm.lock", True, True, [4, 3, 4, 3]),
    "pipenv/Pipfile.lock": ("Pipfile.lock", False, True, [3, 3, 3, 3]),
}


WITH_URLS = {name for name in WRITTEN if "pylock" in name} | {"uv_project/uv.lock"}


def wheels(lock: Lock) -> list[str]:
    names = (one.name.replace("-", "_") for one in lock.packages)
    return sorted(f"{name}-1.0-py3-none-any.whl" for name in names)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_a_tool_wrote_is_read_for_four_targets(locks: Path, name: str) -> None:
    lock = load(locks / name)

    hashed = all(one.hashes for one in lock.packages)
    assert (lock.format, lock.universal, hashed, platforms(lock)) == WRITTEN[name]
    assert select(lock, Target("3.12", "linux")) == {"app": "1.0", "common": "1.0", "leaf": "1.0"}
    files = [url.rpartition("/")[2] for one in lock.packages for url in one.urls]
    assert sorted(files) == (wheels(lock) if name in WITH_URLS else [])


@pytest.mark.parametrize("folder", ["pip_lock", "uv_project", "pdm"])
def test_packaging_reads_every_pylock_as_well(locks: Path, folder: str) -> None:
    path = locks / folder / "pylock.toml"
    theirs = Pylock.from_dict(toml_of(path, path.read_text(encoding="utf-8")))

    ours = [(one.name, one.version) for one in load(path).packages]
    assert ours == [(one.name, str(one.version)) for one in theirs.packages]


def test_differences_are_named(locks: Path) -> None:
    def lock(*packages: LockedPackage) -> Lock:
        return Lock("x", packages, True)

    one = LockedPackage("a", "1", hashes=frozenset({"sha256:aa"}))
    found = diff(
        lock(one, LockedPackage("b", "1"), LockedPackage("gone", "1")),
        lock(
            LockedPackage("A", "1", hashes=frozenset({"sha256:bb"})),
            LockedPackage("b", "2"),
            LockedPackage("new", "1"),
        ),
    )

    assert (found.added, found.removed) == (("new",), ("gone",))
    assert (found.changed, found.rehashed) == ((("b", "1", "2"),), ("a",))
    assert not found.empty
    universal = load(locks / "uv_project" / "uv.lock")
    assert diff(universal, load(locks / "pdm" / "pdm.lock")).empty
    assert diff(load(locks / "pip_lock" / "pylock.toml"), universal).added == (
        "only-old",
        "only-windows",
    )


def test_an_audit_objects_to_what_a_careful_reader_would() -> None:
    packages = (
        LockedPackage("a", "1", hashes=frozenset({"md5:" + "0" * 32}), index="https://one"),
        LockedPackage("A", "1", marker="extra == 'x'", index="https://two"),
        LockedPackage("b", "1", hashes=frozenset({"sha256:" + "0" * 64}), urls=("file:///b",)),
    )
    kinds = [(one.kind, one.package) for one in audit(Lock("pylock.toml", packages, False))]

    assert kinds == [
        ("weak-hash", "a"),
        ("unhashed", "A"),
        ("local-url", "b"),
        ("two-indexes", "a"),
        ("platform-bound", ""),
        ("no-requires-python", ""),
    ]


def test_a_marker_is_asked_for_a_target_and_not_for_this_machine() -> None:
    windows = [target.wants("sys_platform == 'win32'") for target in FOUR]
    old = [target.wants("python_version < '3.11'") for target in FOUR]

    assert windows == [False, False, True, False]
    assert old == [True, False, False, False]
    assert Target("3.9").accepts_python(">=3.10") is False
    assert [one.accepts_tag("cp312-cp312-win_amd64") for one in FOUR] == windows
    assert Target("3.12", "darwin").accepts_tag("cp312-cp312-macosx_11_0_arm64")
    assert Target.here().accepts_tag("py3-none-any")
