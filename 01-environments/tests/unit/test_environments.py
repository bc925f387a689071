"""Environments read from outside: what is installed, what does not fit, what differs and why."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from velvet_environments.depgraph import PATHS_CAP, DependencyGraph
from velvet_environments.digest import cause_of, compare, manifest, tree_digest
from velvet_environments.errors import NotAnEnvironment
from velvet_environments.inspector import (
    Environment,
    disk,
    externally_managed,
    is_virtual,
)
from velvet_environments.target import Target
from velvet_environments.toolbox import base_python
from velvet_environments.wheelsmith import PackageSpec

LINUX = Target("3.12", "linux")
APP = PackageSpec("app", "1.0", requires=("lib>=1", "win; sys_platform == 'win32'"))
LIB = PackageSpec("lib", "1.0")
MakeEnv = Callable[..., Path]


def broken(env: Path, what: str) -> None:
    """Break an environment in one of the ways that `check` or `verify_records` finds."""
    site = env / "lib" / "python3.12" / "site-packages"
    info = site / "lib-1.0.dist-info"
    acts: dict[str, Callable[[], object]] = {
        "unreadable": lambda: (info / "METADATA").write_bytes(b"\xff"),
        "no record": (info / "RECORD").unlink,
        "gone": (site / "lib" / "part0.py").unlink,
        "altered": lambda: (site / "lib" / "part0.py").write_text("x", encoding="utf-8"),
        "orphan": lambda: (site / "lib" / "more.py").write_text("x", encoding="utf-8"),
        "editable": lambda: (info / "direct_url.json").write_text('{"editable": true}'),
    }
    acts[what]()


def test_an_environment_is_read_without_running_it(make_env: MakeEnv) -> None:
    made = Environment.read(make_env(APP, LIB))

    assert (made.python, made.system_site) == ("3.12.1", False)
    assert [(dist.name, dist.version, dist.installer) for dist in made.installed] == [
        ("app", "1.0", "test"),
        ("lib", "1.0", "test"),
    ]
    assert made.check(LINUX) == []
    assert made.verify_records() == []
    assert is_virtual(made.path)


@pytest.mark.parametrize(
    ("specs", "kind", "subject"),
    [
        ((APP,), "missing", "app"),
        ((APP, PackageSpec("lib", "0.5")), "wrong version", "app"),
        ((LIB, PackageSpec("lib", "2.0")), "two versions", "lib"),
    ],
)
def test_what_does_not_fit_is_named(
    make_env: MakeEnv, specs: tuple[PackageSpec, ...], kind: str, subject: str
) -> None:
    problems = Environment.read(make_env(*specs)).check(LINUX)

    assert [(one.kind, one.subject) for one in problems] == [(kind, subject)]


@pytest.mark.parametrize(("before", "missing"), [("3.12.1", 0), ("3.12.2", 1)])
def test_the_last_part_of_a_version_counts(make_env: MakeEnv, before: str, missing: int) -> None:
    old = PackageSpec("old", "1.0", requires=(f"gone; python_full_version < '{before}'",))

    assert len(Environment.read(make_env(old)).check()) == missing  # it is 3.12.1


@pytest.mark.parametrize("what", ["no record", "gone", "altered", "orphan"])
def test_a_file_that_is_not_as_recorded_is_named(make_env: MakeEnv, what: str) -> None:
    env = make_env(APP, LIB)

    broken(env, what)

    found = {one.kind for one in Environment.read(env).verify_records()}
    assert what in found


def test_what_follows_a_distribution_without_a_record_is_looked_at(make_env: MakeEnv) -> None:
    env = make_env(APP, LIB, PackageSpec("other", "1.0"))
    broken(env, "no record")
    (env / "lib" / "python3.12" / "site-packages" / "other" / "part0.py").unlink()

    found = [(one.kind, one.subject) for one in Environment.read(env).verify_records()]

    assert ("no record", "lib") in found
    assert ("gone", "other/part0.py") in found


def test_a_record_that_points_outside_is_named_and_never_followed(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env(LIB)
    (tmp_path / "secret").write_text("not of the environment", encoding="utf-8")
    record = env / "lib" / "python3.12" / "site-packages" / "lib-1.0.dist-info" / "RECORD"
    with record.open("a", encoding="utf-8", newline="\n") as rows:
        rows.write("../../../../secret,sha256=read,22\n\n")  # a file that is read is "altered"

    found = Environment.read(env).verify_records()

    assert [(one.kind, one.subject, one.words) for one in found] == [
        ("escapes", "../../../../secret", "escapes the environment")
    ]


@pytest.mark.parametrize("what", ["unreadable", "editable"])
def test_a_distribution_that_is_odd_is_named(make_env: MakeEnv, what: str) -> None:
    env = make_env(LIB)

    broken(env, what)

    assert [one.kind for one in Environment.read(env).check(LINUX)] == [what]


def test_metadata_of_others_is_never_trusted(make_env: MakeEnv) -> None:
    env = make_env(APP, PackageSpec("lib", "1.0"))
    site = env / "lib" / "python3.12" / "site-packages"
    (site / "lib-1.0.dist-info" / "METADATA").write_text(
        "Name: lib\nVersion: not a version\nRequires-Dist: ??\n", encoding="utf-8"
    )
    (site / "empty-1.dist-info").mkdir()
    (site / "empty-1.dist-info" / "METADATA").write_text("Name: empty\n", encoding="utf-8")

    config = env / "pyvenv.cfg"
    config.write_text("home = /usr\nversion = nonsense\n", encoding="utf-8")

    made = Environment.read(env)
    kinds = sorted(one.kind for one in made.check())

    assert kinds == ["unreadable"] * 3
    assert DependencyGraph.from_environment(made).edges == {"app": ("lib",), "lib": ()}
    with (site / "lib-1.0.dist-info" / "RECORD").open("a", encoding="utf-8") as record:
        record.write("a\0b,,\n")
    assert [one.subject for one in made.verify_records() if one.kind == "gone"] == ["a?b"]


@pytest.mark.parametrize(
    ("prefix", "told", "found"),
    [
        ("env", "/usr/bin/python3", "/usr/bin/python3"),
        ("env", "env/bin/python", "/usr/bin/python{}.{}"),  # as Python 3.10 does
        ("/usr", "env/bin/python", "env/bin/python"),  # there is no environment
    ],
)
def test_tools_build_upon_the_interpreter_behind_an_environment(
    prefix: str, told: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(sys, "executable", "env/bin/python")
    monkeypatch.setattr(sys, "_base_executable", told, raising=False)

    assert base_python() == Path(found.format(*sys.version_info))


def test_a_folder_that_is_no_environment_is_refused(tmp_path: Path) -> None:
    for read in (Environment.read, manifest, tree_digest):
        with pytest.raises(NotAnEnvironment, match=r"no pyvenv\.cfg"):
            read(tmp_path)
    (tmp_path / "pyvenv.cfg").write_text("version = 3.12", encoding="utf-8")
    with pytest.raises(NotAnEnvironment, match="no site-packages"):
        Environment.read(tmp_path)
    (tmp_path / "pyvenv.cfg").write_text("[[[", encoding="utf-8")
    with pytest.raises(NotAnEnvironment, match="not readable"):
        Environment.read(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="link counts are those of POSIX systems")
def test_a_file_linked_from_a_cache_takes_no_room(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env(LIB)
    before = Environment.read(env).disk()
    linked = next(env.rglob("part0.py"))
    os.link(linked, tmp_path / "cache")
    (env / "loop").symlink_to(env)

    after = Environment.read(env).disk()

    assert before.apparent == before.unique == after.apparent
    assert after.apparent - after.unique == linked.stat().st_size
    both = disk([env, tmp_path])
    assert both.unique < both.apparent


def test_the_marker_of_pep_668_is_read(tmp_path: Path) -> None:
    assert externally_managed(tmp_path) is None
    marker = tmp_path / "EXTERNALLY-MANAGED"
    marker.write_text("[externally-managed]\nError=Use apt\n of Debian\n", encoding="utf-8")
    assert externally_managed(tmp_path) == "Use apt\nof Debian"
    marker.write_text("Error=", encoding="utf-8")
    assert externally_managed(tmp_path) == ""
    if sys.prefix != sys.base_prefix:
        assert externally_managed() is None


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("lib/a/__pycache__/b.cpython-312.pyc", "bytecode"),
        ("lib/a-1.dist-info/INSTALLER", "INSTALLER"),
        ("lib/a-1.dist-info/RECORD", "RECORD"),
        ("lib/a/RECORD", "content"),
        ("bin/tool", "script shebang"),
        ("pyvenv.cfg", "pyvenv.cfg"),
        ("lib/a-1.dist-info/direct_url.json", "direct_url.json"),
        ("lib/a/b.py", "content"),
    ],
)
def test_each_file_has_a_reason_to_differ(path: str, cause: str) -> None:
    assert cause_of(PurePosixPath(path)) == cause


def test_two_environments_differ_by_named_causes(make_env: MakeEnv) -> None:
    one, two = make_env(APP, LIB, name="one"), make_env(LIB, APP, name="two")
    assert tree_digest(one) == tree_digest(two)
    site = two / "lib" / "python3.12" / "site-packages"
    (site / "lib" / "part0.py").write_text("x = 1\n", encoding="utf-8")
    (site / "lib" / "part1.py").unlink()
    (site / "lib" / "part2.pyc").write_bytes(b"x")
    (site / "app-1.0.dist-info" / "INSTALLER").write_text("uv", encoding="utf-8")
    (two / "pyvenv.cfg").write_text("home = /elsewhere\n", encoding="utf-8")

    found = compare(one, two)

    wanted = {"content": 1, "missing": 1, "bytecode": 1, "INSTALLER": 1, "pyvenv.cfg": 1}
    assert found.causes == wanted
    assert [path.name for path in found.of("content")] == ["part0.py"]
    portable = compare(one, two, ignore_paths=True)
    assert set(portable.causes) == {"content", "missing", "bytecode", "INSTALLER"}
    assert tree_digest(one) != tree_digest(two)


def test_a_link_counts_by_where_it_points(make_env: MakeEnv) -> None:
    if sys.platform == "win32":
        pytest.skip("links need a privilege on Windows")
    one, two = make_env(LIB, name="one"), make_env(LIB, name="two")
    for env, target in ((one, "/a"), (two, "/b")):
        (env / "bin").mkdir()
        (env / "bin" / "python").symlink_to(target)
        (env / "lib64").symlink_to("lib")

    assert compare(one, two).causes == {"script shebang": 1}


def test_a_graph_answers_who_brought_this(make_env: MakeEnv) -> None:
    specs = (
        PackageSpec("app", "1", requires=("a", "b[extra]")),
        PackageSpec("a", "1", requires=("c", "absent")),
        PackageSpec("b", "1", extras={"extra": ("c",), "unused": ("d",)}),
        PackageSpec("c", "1"),
        PackageSpec("d", "1", requires=("e",)),
        PackageSpec("e", "1", requires=("d",)),
    )
    graph = DependencyGraph.from_environment(Environment.read(make_env(*specs)), LINUX)

    assert graph.edges["app"] == ("a", "b")
    assert graph.edges["b"] == ("c",)
    assert list(graph.why("c")) == [("app", "a", "c"), ("app", "b", "c")]
    assert list(graph.why("nothing")) == []
    assert next(graph.why("d")) == ("e", "d")
    assert graph.cycles() == [("d", "e")]
    assert graph.roots() == ["app"]
    assert graph.layers() == [["app"], ["a", "b"], ["c", "d", "e"]]
    assert graph.render().splitlines()[:3] == ["app 1", "  a 1", "    c 1"]
    ring = DependencyGraph({"x": ["y"], "y": ["x", "y"]})
    assert ring.render() == "x\n  y\n    x ...\n    y ..."
    assert DependencyGraph({}).layers() == []
    chain = DependencyGraph({"x": ["y"], "y": ["z"], "z": []})
    assert [chain.render(depth) for depth in (0, 1, 2)] == ["x", "x\n  y", "x\n  y\n    z"]


def test_paths_through_many_diamonds_end_at_the_cap() -> None:
    edges = {f"{row}{side}": [f"{row + 1}a", f"{row + 1}b"] for row in range(60) for side in "ab"}

    found = list(DependencyGraph(edges).why("60a"))

    assert {len(path) for path in found} == {61}
    assert len(found) == PATHS_CAP


def test_edges_that_are_iterators_are_walked_once() -> None:
    assert DependencyGraph({"a": iter(["b"])}).edges == {"a": ("b",), "b": ()}
