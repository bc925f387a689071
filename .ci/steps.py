"""Everything that must hold, in bounded time: cost grows with what changed, not with what exists.

1. One environment from the project's own files: one resolve, one installation, with uv. Lint, types,
   contracts, README tables.
2. Always, for everything, on one Python: the tests of the toolkit and of every module with branch
   coverage, and each benchmark once, untimed.
3. Then, newest-changed module first, until the budget is spent: its examples, its page in a browser,
   its quick benchmarks with their claims, its tests under the other Pythons that are here. The
   toolkit comes second.

Tests of timing, sockets and processes share this machine with others. What failed is run once more
by itself; what passes then is named as flaky, which is a defect to mend; what fails twice fails the
run. Standard library only, because nothing else is installed yet.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
BUDGET_S = 20 * 60
LAST_START_S = 50 * 60  # of the budgeted steps: the longest takes five minutes
BUDGETED_S = 58 * 60  # then what is left of them is left out
DEADLINE_S = 80 * 60  # what is checked always is not left out because a machine is slow
OTHER_PYTHONS = ("3.10", "3.12")
COVERAGE = 95
SIDE_BY_SIDE = max(2, os.cpu_count() or 2)
TESTED_AT_ONCE = SIDE_BY_SIDE + 1  # half of a test run's time is waiting
# More failures than this are no accident of a busy machine.
SECOND_LOOKS = 25
HARNESS = ("velvet/bench/", "velvet/services/")


class OutOfTime(Exception):
    """The deadline of the whole run is reached."""


class Run:
    """One run: its clock, what failed, what only passed at its second look, what was left out."""

    def __init__(self, *, everything: bool) -> None:
        self.everything = everything
        self.began = time.monotonic()
        self.budget_began = float("inf")
        self.failed: list[str] = []
        self.flaky: list[str] = []
        self.left_out: list[str] = []
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self.spent: list[tuple[str, float]] = []
        self.running: set[subprocess.Popen[bytes]] = set()
        self.stopped = False
        self.reports = Path(tempfile.mkdtemp(prefix="velvet-ci-"))

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def within_budget(self) -> bool:
        """Whether the budget of the third part still has time for one more step."""
        spent = time.monotonic() - self.budget_began
        return self.everything or (spent < BUDGET_S and self.seconds < LAST_START_S)

    def say(self, words: str) -> None:
        print(f"\n== [{self.seconds:5.0f} s] {words}", flush=True)

    def call(
        self,
        *argv: object,
        folder: Path = ROOT,
        output: IO[bytes] | None = None,
        **variables: str,
    ) -> bool:
        """Run a program with its output as it comes, or in a file; returns whether it ended well.

        Raises:
            OutOfTime: it was still running at the deadline, and was ended with what it started; or
                the whole run was stopped.
        """
        if self.stopped:
            raise OutOfTime("stopped")
        deadline = BUDGETED_S if self.budget_began < float("inf") else DEADLINE_S
        left = None if self.everything else max(1.0, deadline - self.seconds)
        env = {**os.environ, **variables}
        env["PATH"] = os.pathsep.join([str(PYTHON.parent), env.get("PATH", "")])
        words = [str(word) for word in argv]
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=os.name != "nt",
        )
        self.running.add(process)
        try:
            return process.wait(timeout=left) == 0
        except subprocess.TimeoutExpired:
            raise OutOfTime(" ".join(words)) from None
        finally:
            end(process)
            self.running.discard(process)

    @contextlib.contextmanager
    def side_by_side(self) -> Iterator[ThreadPoolExecutor]:
        """Let steps run beside each other; what stops one of them stops them all, at once."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            try:
                yield pool
            except BaseException:
                self.stopped = True
                for process in list(self.running):
                    end(process)
                raise

    def check(self, what: str, *argv: object, folder: Path = ROOT, **variables: str) -> bool:
        """Run a step; one that ends badly fails the run, and the rest goes on."""
        began = self.seconds
        fine = self.call(*argv, folder=folder, **variables)
        self.spent.append((what, self.seconds - began))
        if not fine:
            self.failed.append(what)
        return fine

    def tested(self, python: Path, what: str, fine: bool) -> None:
        """Read the reports of a test run, and look again at what failed."""
        again: dict[str, list[str]] = {}
        for path in sorted(self.reports.glob("*.json")):
            report = json.loads(path.read_text(encoding="utf-8"))
            path.unlink()
            if report["failed"]:
                again.setdefault(report["folder"], []).extend(report["failed"])
            for name in self.counts:
                self.counts[name] += report["counts"].get(name, 0)
        if not fine and not again:
            self.failed.append(f"{what} (no test failed: collection, coverage or a crash)")
        for folder, names in again.items():
            self.second_look(python, what, Path(folder), list(dict.fromkeys(names)))

    def second_look(self, python: Path, what: str, folder: Path, names: list[str]) -> None:
        still = set(names)
        if len(names) <= SECOND_LOOKS:
            self.say(f"{what}: a second look at {len(names)} tests of {folder.name}")
            self.call(
                *(python, "-m", "pytest", "-q", "-p", "no:randomly", "-n", "0"),
                *(str(ROOT / name) for name in names),
                folder=folder,
                VELVET_TEST_REPORTS=str(self.reports),
                VELVET_PAGES="all",
            )
            for path in sorted(self.reports.glob("*.json")):
                report = json.loads(path.read_text(encoding="utf-8"))
                path.unlink()
                if report["counts"].get("passed") or report["failed"]:
                    still = set(report["failed"])
        for name in names:
            if name in still:
                self.failed.append(f"{what}: {name}")
            else:
                self.flaky.append(f"{what}: {name}")
                self.counts["failed"] -= 1
                self.counts["passed"] += 1


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program that is still running, and whatever it started."""
    if process.poll() is not None:
        return
    if os.name == "nt":
        process.terminate()
        process.wait()
        return
    os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=15)
    with contextlib.suppress(ProcessLookupError):  # all of it may have ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def modules() -> list[Path]:
    """Return the module folders, in order of number."""
    return sorted(path.parent for path in ROOT.glob("[0-9][0-9]-*/module.toml"))


def requirements() -> str:
    """Return every requirement of the project as one file, with the toolkit as an absolute path.

    `-e ..` means the parent of the current folder, so that several files cannot be installed in one
    call as they are.
    """
    files = [ROOT / "requirements-dev.txt"]
    names = ("requirements.txt", "requirements-peers.txt")
    files += [folder / name for folder in modules() for name in names if (folder / name).is_file()]
    extras: set[str] = set()
    lines: dict[str, None] = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            text = line.split(" #")[0].strip()
            if text.startswith("-e"):
                found = re.search(r"\[(.*)\]", text)
                extras |= {word.strip() for word in found.group(1).split(",")} if found else set()
            elif text and not text.startswith("#"):
                lines[text] = None
    return "\n".join([f"-e {ROOT}[{','.join(sorted(extras))}]", *lines]) + "\n"


def install(run: Run, python: Path) -> bool:
    """Install everything into one environment: one resolve, one installation."""
    path = run.reports / "requirements.txt"
    path.write_text(requirements(), encoding="utf-8")
    constraints = ROOT / "constraints.txt"
    uv = PYTHON.with_name("uv")
    words = (uv, "pip", "install", "-q", "--python", python, "-r", path, "-c", constraints)
    return run.check(f"install {python.parent.parent.name}", *words)


def programs(run: Run) -> None:
    """Install what the tests can use and no wheel brings, where that is allowed."""
    wanted = {"chromium": ("chromium", "google-chrome"), "redis-server": ("redis-server",)}
    missing = [package for package, names in wanted.items() if not any(map(shutil.which, names))]
    if not shutil.which("psql") and not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        missing.append("postgresql-15")
    if not missing:
        return
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (is_root and shutil.which("apt-get")):
        print(f"not here, and not to be installed: {', '.join(missing)}; their tests are skipped")
        return
    run.call("apt-get", "update", "-qq")
    for package in missing:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        if not run.call("apt-get", "install", "-y", "-qq", package, **quiet):
            print(f"{package} cannot be installed: wheels are used, or its tests are skipped")


def git(*words: str) -> str:
    """Return what git says; nothing where it is not here or the folder is no clone."""
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def newest_first(folders: Sequence[Path]) -> list[Path]:
    """Return the folders in the order in which they changed, the newest first.

    Where the newest commit touched the harness or the services, the modules that it left alone follow
    with the oldest results first. A shallow clone knows no dates: its order is that of the numbers.
    """
    if git("rev-parse", "--is-shallow-repository") != "false":
        print("a shallow clone knows no dates: the modules go in order of their numbers")
        return list(folders)

    def changed(path: Path) -> float:
        form = ("log", "-1", "--first-parent", "-m", "--format=%ct", "--", path.name)
        return float(git(*form) or "inf")  # not committed yet: new

    dates = {path: changed(path) for path in folders}
    ordered = sorted(folders, key=lambda path: (-dates[path], path.name))
    head = float(git("log", "-1", "--format=%ct") or 0)
    touched = git("show", "--first-parent", "-m", "--name-only", "--format=", "HEAD").splitlines()
    if not any(name.startswith(HARNESS) for name in touched):
        return ordered
    changed_now = [path for path in ordered if dates[path] >= head]
    rest = [path for path in ordered if dates[path] < head]
    return changed_now + sorted(rest, key=measured)


def measured(folder: Path) -> str:
    """Return when a module's reference results were made; the unmeasured come first."""
    try:
        text = (folder / "benchmarks" / "results" / "reference.json").read_text(encoding="utf-8")
        return str(json.loads(text)["created"])
    except (OSError, ValueError, KeyError):
        return ""


def others() -> Iterator[tuple[str, Path]]:
    """Yield the other Pythons that are here: version and program."""
    here = subprocess.run([str(PYTHON), "--version"], capture_output=True, check=True).stdout
    for version in OTHER_PYTHONS:
        if f" {version}." in here.decode():
            continue
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        found = sorted(pyenv.glob(f"{version}.*/bin/python"))
        program = str(found[-1]) if found else shutil.which(f"python{version}")
        if program and subprocess.run([program, "--version"], capture_output=True).returncode == 0:
            yield version, Path(program)
        else:
            print(f"Python {version} is not here: its tests are left to the workflow")


def environment(run: Run) -> None:
    """Make `.venv` anew and install everything into it."""
    shutil.rmtree(ROOT / ".venv", ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(ROOT / ".venv")], check=True)
    pip = (PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check")
    if not run.call(*pip, "uv", "-c", ROOT / "constraints.txt") or not install(run, PYTHON):
        raise SystemExit("the environment cannot be made; nothing was tested")


def fixed(run: Run, folders: Sequence[Path]) -> None:
    """Check what is checked always, for everything, on one Python."""
    run.check("doctor", "velvet", "doctor")
    run.say("format, lint, types, import contracts, workflow, README tables")
    schema = ("--builtin-schema", "vendor.github-workflows", ".github/workflows/ci.yml")
    with run.side_by_side() as pool:
        types = pool.submit(run.check, "types", PYTHON, ".ci/typecheck.py")
        run.check("black", PYTHON, "-m", "black", "--check", "-q", ".")
        run.check("isort", PYTHON, "-m", "isort", "--check", "-q", ".")
        run.check("ruff", PYTHON, "-m", "ruff", "check", "-q", ".")
        run.check("import contracts", "lint-imports")
        run.check("workflow schema", "check-jsonschema", *schema)
        run.check("README tables", "velvet", "report", "--check")
        types.result()

    run.say("tests with branch coverage: the toolkit and every module")
    began = run.seconds
    words = ("-m", "velvet", "test", "--fail-under", COVERAGE, "--jobs", TESTED_AT_ONCE)
    fine = run.call(PYTHON, *words, VELVET_TEST_REPORTS=str(run.reports))
    run.spent.append(("tests", run.seconds - began))
    run.tested(PYTHON, "tests", fine)
    if not fine:
        for folder in (ROOT, *folders):
            if (folder / ".coverage").exists():
                settings = ("--rcfile", ROOT / "pyproject.toml", f"--fail-under={COVERAGE}")
                words = ("-m", "coverage", "report", "--format=total", *settings)
                run.check(f"coverage of {folder.name}", PYTHON, *words, folder=folder)

    run.say("each benchmark once, untimed")
    began = run.seconds
    with run.side_by_side() as pool:
        list(pool.map(lambda folder: smoke(run, folder), folders))
    run.spent.append(("untimed benchmarks", run.seconds - began))


def smoke(run: Run, folder: Path) -> None:
    """Run each benchmark of a module once: a process each, so that one leaves the next nothing."""
    what = f"{folder.name}: untimed benchmarks"
    place = folder / "benchmarks"
    words = ("-m", "pytest", "-q", "--benchmark-disable", "-p", "no:randomly", place)
    for again in ((), ("--last-failed",)):
        with tempfile.TemporaryFile() as output:
            fine = run.call(PYTHON, *words, *again, output=output)
            output.seek(0)
            print(f"\n{what}\n{output.read().decode(errors='replace')}", flush=True)
        if fine:
            run.flaky.extend([what] if again else [])
            return
    run.failed.append(what)


def budgeted(run: Run, folders: Sequence[Path]) -> None:
    """Check what the budget allows, newest-changed module first."""
    run.budget_began = time.monotonic()
    ordered = newest_first(folders)
    pythons: dict[str, Path] = {}
    wanted = dict(others())
    for folder in [*ordered[:1], ROOT, *ordered[1:]]:
        toolkit = folder == ROOT
        steps = [] if toolkit else ["examples", "page", "quick benchmarks"]
        for step in [*steps, *(f"tests under {one}" for one in wanted)]:
            what = f"{'velvet' if toolkit else folder.name}: {step}"
            if not run.within_budget():
                run.left_out.append(what)
                continue
            run.say(what)
            if step == "examples":
                run.check(what, "velvet", "run", folder.name)
            elif step == "page":
                visit(run, what, folder)
            elif step == "quick benchmarks":
                claims(run, what, folder)
            else:
                under(run, what, folder, step.split()[-1], wanted, pythons)


def visit(run: Run, what: str, folder: Path) -> None:
    """Visit each tab of a module's page with a browser, at every width in both themes."""
    began = run.seconds
    words = ("-m", "pytest", "-q", "tests/test_browser.py", "-k", folder.name)
    fine = run.call(PYTHON, *words, VELVET_PAGES=folder.name, VELVET_TEST_REPORTS=str(run.reports))
    run.spent.append((what, run.seconds - began))
    run.tested(PYTHON, what, fine)


def claims(run: Run, what: str, folder: Path) -> None:
    """Measure a module; a claim that fails is measured once more before it fails the run."""
    began = run.seconds
    words = (PYTHON, "benchmarks/measure.py", "--quick")
    if not run.call(*words, folder=folder):
        run.say(f"{what}: a second look")
        if run.call(*words, folder=folder):
            run.flaky.append(what)
        else:
            run.failed.append(what)
    run.spent.append((what, run.seconds - began))


def under(
    run: Run,
    what: str,
    folder: Path,
    version: str,
    wanted: dict[str, Path],
    made: dict[str, Path],
) -> None:
    """Run a module's tests under another Python, whose environment is made once."""
    if version not in made:
        place = run.reports / f"python{version}"
        made[version] = place / PYTHON.parent.name / PYTHON.name
        uv = PYTHON.with_name("uv")
        run.check(what, uv, "venv", "-q", "--seed", "--python", wanted[version], place)
        install(run, made[version])
    began = run.seconds
    words = ["-m", "pytest", "tests/", "-q"]
    words += ["-m", "not slow", "-n", "2"] if folder == ROOT else []
    fine = run.call(made[version], *words, folder=folder, VELVET_TEST_REPORTS=str(run.reports))
    run.spent.append((what, run.seconds - began))
    run.tested(made[version], what, fine)


def summary(run: Run) -> int:
    """Say how it went, the most important last; returns the exit code."""
    run.say("where the time went")
    for what, seconds in sorted(run.spent, key=lambda item: -item[1])[:12]:
        print(f"{seconds:7.0f} s  {what}")
    if run.left_out:
        print(f"\nleft out, for want of time ({len(run.left_out)}):")
        print("\n".join(f"  {what}" for what in run.left_out))
    if run.flaky:
        print("\nflaky, passed only at a second look (each is a defect to mend):")
        print("\n".join(f"  {what}" for what in run.flaky))
    if run.failed:
        print("\nFAILED:")
        print("\n".join(f"  {what}" for what in run.failed))
    print(f"\n{'FAILED' if run.failed else 'all of it holds'} after {run.seconds:.0f} s")
    print(", ".join(f"{number} {name}" for name, number in run.counts.items()), flush=True)
    return 1 if run.failed else 0


def main(arguments: Sequence[str]) -> int:
    """Run everything; 0 when it holds, 1 when something does not."""
    if set(arguments) - {"--all"}:
        sys.stderr.write("usage: .ci/run [--all]\n")
        return 2
    os.environ.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUNBUFFERED="1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run = Run(everything="--all" in arguments)
    folders = modules()
    try:
        run.say("programs that no wheel brings")
        programs(run)
        run.say("a clean environment from the project's own files")
        environment(run)
        fixed(run, folders)
        try:
            budgeted(run, folders)
        except OutOfTime as reached:
            run.left_out.append(f"everything after: {reached}")
        run.budget_began = float("inf")  # what follows has the time of what is checked always
        run.say("nothing left behind")
        run.check("services", "velvet", "services", "status")
    except OutOfTime as reached:
        run.failed.append(f"not done within {DEADLINE_S // 60} minutes: {reached}")
    finally:
        shutil.rmtree(run.reports, ignore_errors=True)
    return summary(run)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
