"""Advanced examples: a time machine, a regression, a repository's health, a release taken back."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from velvet.examples import example, main
from velvet_devtools import bump, commits, health, profiling
from velvet_devtools.debug.recorder import Recorder
from velvet_devtools.debug.values import shown
from velvet_devtools.errors import ReleaseError
from velvet_devtools.samples import programs


@example("time_travel")
def time_travel() -> None:
    """Find the one bad item of ten thousand by a question, and where two runs part.

    Only two functions are recorded; the rest of the program runs at its own speed.
    """
    order = programs.items()
    with Recorder([programs.add_up, programs.subtotal]) as recorder:
        total = programs.add_up(order)
    trace = recorder.trace
    first = trace.when("total != total")[0]
    state = trace.at(first)
    print(f"total is {total} after {len(trace):,} steps; NaN since step {first:,},")
    print(f"in {' > '.join(state.stack)}, where item = {shown(state.variables['item'])}")
    change = trace.last_write("total", before=first)
    if change:
        print(f"before that, line {change.line} stored total = {shown(change.new)}")
    runs = []
    for seed in (1, 5):
        with Recorder([programs.account]) as recorder:
            programs.account(random.Random(seed))
        runs.append(recorder.trace)
    parted = runs[0].diff(runs[1])
    if parted:
        print(f"two accounts part at step {parted.step}: {parted.reason}")
    steps = runs[0].history("balance")[:4]
    print("balance:", ", ".join(f"step {one.step} {shown(one.new)}" for one in steps), "...")
    print("next: `velvet dashboard 23`, the tab Time machine, has a slider over such steps")


def _report(rows: int, slow: bool) -> int:
    def parse(text: str) -> list[str]:
        return text.split(",")

    def total(cells: list[str]) -> int:
        words = sorted(cells * 60) if slow else cells  # the change that went unnoticed
        return sum(map(len, words))

    return sum(total(parse(f"{n},a,b,{n * n}")) for n in range(rows))


@example("profile_regression")
def profile_regression() -> None:
    """Profile two versions three times each, and name the function that got slower for certain."""
    before, after = (
        [profiling.sampler(lambda slow=slow: _report(9_000, slow)) for _ in range(3)]
        for slow in (False, True)
    )
    for one in profiling.compare(before, after)[:3]:
        sure = "certain" if one.certain else "within the noise"
        print(f"{one.function:28} {one.before * 1e3:6.0f} -> {one.after * 1e3:6.0f} ms  {sure}")
    began = time.thread_time()
    _report(9_000, False)
    plain = time.thread_time() - began
    began = time.thread_time()
    exact = profiling.exact(lambda: _report(9_000, False))
    print(
        f"cProfile makes the run {(time.thread_time() - began) / plain:.1f} times as long", end=" "
    )
    print(f"and counts {sum((exact.calls or {}).values()):,} calls")


@example("repo_health")
def repo_health() -> None:
    """Score a bad repository with the reasons, and name the hot spots of this one."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        bump.git(root, "init", "--quiet")
        (root / "app.py").write_text("password = 'x7Kq-93mZ_pLw2'\ndef f(:\n", encoding="utf-8")
        bump.git(root, "add", "--all")
        bump.git(root, "commit", "--quiet", "-m", "work")
        verdicts = health.report(root)
    print(f"a bad repository: {health.score(verdicts)} of 100")
    for one in sorted(verdicts, key=lambda one: -one.weight):
        if not one.passed and one.weight > 4:
            print(f"  -{one.weight:2} {one.name}: {one.reason}"[:79])
    here = Path(__file__).resolve().parents[2] / "velvet"
    repository = health.Repository(here)
    print(f"the toolkit of this repository has {len(repository.files):,} files; its hottest are")
    for spot in health.hot_spots(repository, 3):
        print(f"  {spot.path}: {spot.changes} changes x {spot.complexity} branches"[:79])


@example("release_dry_run")
def release_dry_run() -> None:
    """Plan a release, let its build fail, and see everything put back; then let it through."""
    with tempfile.TemporaryDirectory() as folder:
        root, out = Path(folder) / "shop", Path(folder) / "out"
        (root / "src" / "shop").mkdir(parents=True)
        (root / "src" / "shop" / "__init__.py").write_text('__version__ = "0.4.0"\n', "utf-8")
        (root / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "shop"\nversion = "0.4.0"\n', "utf-8",
        )  # fmt: skip
        bump.git(root, "init", "--quiet")
        bump.git(root, "add", "--all")
        bump.git(root, "commit", "--quiet", "-m", "feat: coupons")
        planned = bump.plan(root, "2026-01-31")
        edited = ", ".join(file.relative_to(root).as_posix() for file in planned.edits)
        print(f"plan: {planned.current} -> {planned.version}, tag {planned.tag}\nedits: {edited}")
        (root / "src" / "shop" / ".env").write_text("secret", "utf-8")
        try:
            bump.release(root, planned, out, dry_run=False)
        except ReleaseError as error:
            print(str(error)[:79])
        clean = bump.git(root, "diff", "--stat", "HEAD") == ""
        print(f"tree as before: {clean}; tags: {bump.git(root, 'tag').split()}")
        (root / "src" / "shop" / ".env").unlink()
        wheel = bump.release(root, planned, out, dry_run=False)
        print(f"{wheel.name if wheel else ''}; tags: {bump.git(root, 'tag').split()}")
        last = commits.parse(bump.git(root, "log", "-1", "--format=%B").strip())
        print(f"last commit: {last.type}: {last.description}")


if __name__ == "__main__":
    main()
