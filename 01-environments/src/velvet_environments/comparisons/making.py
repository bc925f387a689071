"""Making an empty environment, and the first start of what an installer left uncompiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from velvet.bench import Outcome, Suite, ratio
from velvet_environments.comparisons import present, project
from velvet_environments.inspector import disk
from velvet_environments.samples.graphs import Scenario, diamond
from velvet_environments.sandbox import Outcome as Run
from velvet_environments.wheelsmith import PackageSpec
from velvet_environments.workspace import Workspace, perform, workspace

LARGE = Scenario("large", (PackageSpec("large", "1.0", files=80, payload_bytes=6_000),), ("large",))


def _without_pip(work: Workspace) -> Run:
    return work.run([work.python, "-m", "venv", "--clear", "--without-pip", work.env])


def _creator(name: str) -> Iterator[Callable[[], Outcome]]:
    make: Callable[[Workspace], Run] = _without_pip
    if name != "venv_without_pip":
        make = partial(perform, present(name), "create")
    with workspace(diamond()) as work:
        if name != "venv_pip":
            make(work).demand()  # virtualenv unpacks its wheels once, uv asks the interpreter once
            work.blank()

        def run() -> Outcome:
            done = make(work).demand()
            files = [path for path in work.env.rglob("*") if path.is_file()]
            figures = {"files": float(len(files)), "mb": disk([work.env]).apparent / 1e6}
            return Outcome(figures, seconds=done.wall_s)

        yield run


def _started(bytecode: bool) -> Iterator[Callable[[], Outcome]]:
    with project("uv_pip", LARGE, bytecode=bytecode) as (tool, work):
        tool.lock(work).demand()
        made = tool.sync(work).demand()
        # What an image often sets: then nothing is ever compiled on the way.
        never = {"PYTHONDONTWRITEBYTECODE": "1"}

        def run() -> Outcome:
            argv: list[Any] = [work.env_python, "-c", "import large; print(large.__version__)"]
            done = work.run(argv, never).demand()
            return Outcome({"install": made.wall_s}, seconds=done.wall_s, result=done.stdout)

        yield run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    create: Any = suite.comparison(
        "create",
        title="An empty environment",
        kind="run",
        metrics={"files": "files", "mb": "MB"},
        rounds={"quick": 1, "default": 3},
    )
    create.add("venv_pip", partial(_creator, "venv_pip"), baseline=True, note="python -m venv")
    create.add("venv_without_pip", partial(_creator, "venv_without_pip"))
    create.add("virtualenv_pip", partial(_creator, "virtualenv_pip"), note="with pip")
    create.add("uv_pip", partial(_creator, "uv_pip"), note="uv venv, without pip")
    suite.claim(
        "python -m venv with pip takes at least 2x as long as virtualenv",
        ratio("create", "venv_pip", "virtualenv_pip") >= 2,
    )
    suite.claim(
        "uv makes an environment at least 10x faster than venv with pip",
        ratio("create", "venv_pip", "uv_pip") >= 10,
    )

    start = suite.comparison(
        "first_start",
        title="Importing a package of 80 modules where no bytecode may be written",
        kind="run",
        unit="ms",
        metrics={"install": "s"},
        rounds={"quick": 2, "default": 5},
    )
    start.add("compiled", partial(_started, True), baseline=True, note="uv --compile-bytecode")
    start.add("as_installed", partial(_started, False), note="uv's default")
    start.same_result()
    suite.claim(
        "without bytecode every start takes at least 1.4x as long",
        ratio("first_start", "as_installed", "compiled") >= 1.4,
    )
