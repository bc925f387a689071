"""The table of bad inputs: the narrowest error, one sentence that names the value."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet_environments import script
from velvet_environments.contenders import load as contender
from velvet_environments.errors import (
    BadSpec,
    EnvToolError,
    LockError,
    ScriptError,
    ToolMissing,
    UnknownProject,
    Unsupported,
)
from velvet_environments.indexserver import FaultPlan
from velvet_environments.localindex import LocalIndex
from velvet_environments.lockfiles import load
from velvet_environments.locks import select
from velvet_environments.resolve import Conflict, resolve
from velvet_environments.samples import graphs
from velvet_environments.target import Target
from velvet_environments.toolbox import Toolbox
from velvet_environments.wheelsmith import PackageSpec
from velvet_environments.workspace import perform

HASH = "sha256:" + "0" * 64
PYLOCK = 'lock-version = "1.0"\n'
DIGITS = {kind: hashlib.new(kind).digest_size * 2 for kind in ("sha256", "sha384", "sha512", "md5")}
ONE = '[[packages]]\nname = "a"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pylock.toml", 'lock-version = "2.0"\n', "unsupported lock-version '2.0'"),
        ("pylock.toml", PYLOCK + ONE + ONE, "two entries for a without markers"),
        ("pylock.toml", PYLOCK + ONE[:20], r"not TOML: .*line 3"),
        ("pylock.toml", PYLOCK + 'packages = "x"', "packages: must be an array of tables"),
        ("pylock.toml", PYLOCK + "packages = [1]", "packages: must be an array of tables"),
        ("pylock.toml", PYLOCK + "packages = {}", "packages: must be an array of tables"),
        ("pylock.toml", PYLOCK + "[[packages]]\nversion = 1\n", "name and version are missing"),
        ("pylock.toml", PYLOCK + ONE + 'marker = "?"\n', "pylock.toml, a:"),
        ("pylock.dev.toml", PYLOCK + ONE.replace('"1"', '"?"'), "Invalid version"),
        ("uv.lock", "version = 9\n", "unsupported version 9"),
        ("poetry.lock", '[metadata]\nlock-version = "9"\n', "unsupported lock-version '9'"),
        ("pdm.lock", '[metadata]\nlock_version = "9"\n', "unsupported lock_version '9'"),
        ("Pipfile.lock", "{", "not JSON"),
        ("Pipfile.lock", "[]", "unsupported pipfile-spec None"),
        ("requirements.txt", "a>=1\n", "a: is not pinned"),
        ("requirements.txt", "a==1.*\n", "a: is not pinned"),
        ("requirements.txt", "a===1\n", "a: is not pinned"),
        ("requirements.txt", f"{'?' * 99}\n", f"[^?]{'[?]' * 40}:"),
        *(
            (
                "requirements.txt",
                f"a==1 --hash={kind}:{'0' * (digits + more)}\n",
                f"{digits} digits",
            )
            for kind, digits in DIGITS.items()
            for more in (-1, 1)
        ),
        ("requirements.txt", "a ==\n", "requirements.txt, a =="),
        ("requirements.txt", f"a==1 --hash={HASH[:-1]}\n", "bad hash .* sha256 has 64 digits"),
        ("requirements.txt", "a==1 --hash=sha256:" + "x" * 64, "bad hash"),
        ("requirements.txt", "a==1\nA==2\n", "two entries for a without markers"),
        ("pylock.toml", PYLOCK + ONE + "marker = 3\n", "an entry is absent or of another type"),
        ("uv.lock", 'version = 1\n[[package]]\nversion = "1"\n', "absent or of another type"),
        ("uv.lock", "version = 1\n[[package]]\nname = 'a'\nversion = '1'\nsource = 3\n", "type"),
        ("poetry.lock", "metadata = 3\n", "an entry is absent or of another type"),
        ("Pipfile.lock", '{"_meta": {"pipfile-spec": 6}, "default": [1]}', "of another type"),
        ("pylock.toml", PYLOCK + "[[packages]]\nname = 1\nversion = 2\n", "are missing"),
        ("lock.yaml", "", r"unknown kind of lock: known are \*\.txt"),
    ],
)
def test_a_bad_lock_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    with pytest.raises(LockError, match=message):
        load(path)


def test_a_lock_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_bytes(b"version = '\xff'")

    with pytest.raises(LockError, match="not UTF-8"):
        load(path)


def test_two_versions_for_one_target_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("a==1; os_name == 'posix'\na==2; sys_platform == 'linux'\n", encoding="utf-8")

    with pytest.raises(LockError, match="1 and 2 both hold"):
        select(load(path), Target("3.12", "linux"))
    assert select(load(path), Target("3.12", "darwin")) == {"a": "1"}


BLOCK = "# /// script\n# dependencies = []\n# ///\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BLOCK + "\n" + BLOCK, "more than one script block"),
        ("x = 1\n# /// script\n# a = 1\nx = 2\n", "line 2: the script block is not closed"),
        ("# /// script\n# = \n# ///\n", "not TOML"),
        ("# /// script\n# dependencies = 'a'\n# ///\n", "must be a list of texts"),
        ("# /// script\n# dependencies = ['>>']\n# ///\n", "Expected"),
        ("# /// script\n# requires-python = 'x'\n# ///\n", "Invalid specifier"),
        ("# /// script\n# requires-python = 3\n# ///\n", "."),
    ],
)
def test_a_bad_script_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScriptError, match=message):
        script.read(text)


def test_a_second_block_is_never_overwritten() -> None:
    with pytest.raises(ScriptError, match="more than one"):
        script.write(BLOCK + "\n" + BLOCK, script.ScriptMeta())


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: PackageSpec("x", "1", requires=("foo >> 1",)), BadSpec, "foo >> 1"),
        (lambda: FaultPlan().stall("*", -0.1), ValueError, "stall of -0.1"),
        (lambda: FaultPlan().stall("*", math.nan), ValueError, "stall of nan"),
        (lambda: FaultPlan().corrupt("*", times=-1), ValueError, "-1 times"),
        (lambda: Target("3.12", "amiga"), ValueError, "choose one of linux, win32, darwin"),
        (lambda: LocalIndex().project_html("none"), UnknownProject, "no project 'none'"),
        (lambda: resolve(graphs.diamond()), Conflict, "d-left.*d-right"),
        (lambda: contender("hatch"), EnvToolError, "unknown contender 'hatch'"),
        (lambda: Toolbox().locate("hatch"), EnvToolError, "unknown tool 'hatch'"),
        (
            lambda: perform(contender("venv_pip"), "run_script", None, "x"),  # type: ignore[arg-type]
            Unsupported,
            "venv [+] pip has no operation 'run_script'",
        ),
        (
            lambda: perform(contender("venv_pip"), "__doc__", None),  # type: ignore[arg-type]
            Unsupported,
            "no operation '__doc__'",
        ),
    ],
)
def test_a_bad_call_is_refused(
    act: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        act()


def test_an_absent_tool_says_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VELVET_TOOL_PDM", str(tmp_path / "nowhere"))
    told = Toolbox(tmp_path).locate("pdm")

    assert (told.present, told.path) == (False, None)
    assert "VELVET_TOOL_PDM names" in told.reason
    with pytest.raises(ToolMissing, match="pdm is not installed"):
        told.demand()
