"""What was read, resolved or found stays what it was: its values cannot be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from velvet_environments import digest, script
from velvet_environments.indexserver import IndexServer, Request
from velvet_environments.inspector import Environment
from velvet_environments.localindex import LocalIndex
from velvet_environments.locks import Lock, LockedPackage, audit, checked, complete, diff
from velvet_environments.resolve import Conflict, resolve
from velvet_environments.samples import graphs
from velvet_environments.sandbox import Sandbox
from velvet_environments.target import Target
from velvet_environments.toolbox import Toolbox
from velvet_environments.wheelsmith import PackageSpec, build_wheel

SPEC = PackageSpec("demo", "1.0")
ENTRY = LockedPackage("a", "1")
LOCK = Lock("pylock.toml", (ENTRY,), False)


def read(env: Path) -> Environment:
    return Environment.read(env)


def served() -> IndexServer:
    with IndexServer(LocalIndex()) as server:
        server.record(Request(1.0, 2.0, "index", "GET", "/simple/", 200, 9, 99))
    return server


def cause() -> Any:
    with pytest.raises(Conflict) as found:
        resolve(graphs.diamond())
    return found.value.causes[0]


VALUES: list[Callable[[Path], Any]] = [
    lambda env: digest.compare(env, env),
    lambda env: served().log[0],
    lambda env: served().stats(),
    read,
    lambda env: read(env).installed[0],
    lambda env: read(env).check()[0],
    lambda env: read(env).disk(),
    lambda env: LocalIndex([SPEC]).entries("demo")[0],
    lambda env: checked(env, "a", ENTRY),
    lambda env: complete(LOCK),
    lambda env: diff(LOCK, LOCK),
    lambda env: audit(LOCK)[0],
    lambda env: resolve(graphs.flat(2)),
    lambda env: resolve(graphs.flat(2)).steps[0],
    lambda env: cause(),
    lambda env: Sandbox(env / "box").run(["true"]),
    lambda env: script.read("# /// script\n# dependencies = []\n# ///\n"),
    lambda env: Target.here(),
    lambda env: Toolbox(env).locate("pip"),
    lambda env: SPEC if SPEC.key else None,
    lambda env: build_wheel(SPEC),
]


@pytest.mark.parametrize("make", VALUES)
def test_a_value_cannot_be_changed(
    make: Callable[[Path], Any], make_env: Callable[..., Path]
) -> None:
    value = make(make_env(PackageSpec("a", "1", requires=("absent",))))

    for one in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, one.name, None)


def test_a_sandbox_has_folders_of_its_own_from_the_start(tmp_path: Path) -> None:
    for _ in range(2):
        box = Sandbox(tmp_path / "box")
        assert box.home.is_dir()
        assert box.temp.is_dir()
