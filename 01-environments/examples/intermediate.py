"""Intermediate examples: drift and its cure, a changed wheel, seven lock formats, a script."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from velvet.examples import example, main
from velvet_environments import script
from velvet_environments.comparisons.evolution import attempt
from velvet_environments.contenders import uv_pip, uv_project
from velvet_environments.inspector import Environment
from velvet_environments.lockfiles import load as load_lock
from velvet_environments.locks import Lock, audit, diff, platforms
from velvet_environments.samples import graphs
from velvet_environments.workspace import available, workspace

LOCKS = Path(__file__).parents[1] / "tests" / "data" / "locks"


@example("drift")
def drift() -> None:
    """An environment installed twice while the index moves: by names, and from a universal lock."""
    if not available(uv_project).present:
        print(f"uv is absent: {available(uv_project).reason}")
        return
    print(f"{'':12}{'same bytes':>12}{'for 3.10, 3.12, Windows, macOS':>34}{'lock':>10}")
    for step in ("names", "universal"):
        row = attempt(step, tamper=False)
        same = "equal" if row.same else "DIFFERENT"
        targets = str(list(row.packages)) if row.packages else "decided at each install"
        print(f"{row.step:12}{same:>12}{targets:>34}{row.lock_bytes:8} B")
    print("\nBetween both installs, leaf 2.0 appeared in the index. All four steps, and what")
    print("each refuses, are measured by: velvet bench 01 --filter evolution")
    print("why: a name is a question that the index answers anew each day; a lock is the")
    print("     answer, and a universal one is the answer for every colleague.")


@example("tamper")
def tamper() -> None:
    """A wheel whose bytes changed: accepted without hashes, refused with them."""
    if not available(uv_pip).present:
        print(f"uv is absent: {available(uv_pip).reason}")
        return
    with workspace(graphs.platform_split()) as work:
        uv_pip.prepare(work)
        work.blank()
        uv_pip.lock(work).demand()
        assert work.box.server is not None
        work.box.server.index.tamper("leaf-1.0-py3-none-any.whl")
        work.box.clear_cache()
        where = ("--default-index", work.index_url, "--python", work.env_python)
        named = uv_pip.uv(work, "pip", "install", *where, "-r", "requirements.in").demand()
        changed = [one.subject for one in Environment.read(work.env).verify_records()]
        print(f"by name:   exit {named.rc}, the changed wheel is installed")
        print(f"           and its RECORD was changed as well: {len(changed)} complaints")
        work.blank()
        locked = uv_pip.sync(work)
        print(f"by lock:   exit {locked.rc}")
        for line in locked.stderr.splitlines():
            if "hash" in line.lower() or "sha256" in line:
                print(f"           {line.strip()[:66]}")
    print("why: the page of the index that serves a wheel also serves its hash, so both")
    print("     can be changed. The hash in your lock cannot.")


@example("lock_rosetta")
def lock_rosetta() -> None:
    """One graph locked by eight tools in seven formats, read into one view and compared."""
    found: dict[str, Lock] = {}
    print(f"{'':28}{'universal':>10}{'hashes':>8}{'bytes':>7}  packages for 4 targets")
    for path in sorted(LOCKS.glob("*/*")):
        lock = load_lock(path)
        name = f"{path.parent.name}: {path.name}"
        found[name] = lock
        hashes = sum(len(one.hashes) for one in lock.packages)
        size = path.stat().st_size
        universal = "yes" if lock.universal else "no"
        print(f"{name:32}{universal:>6}{hashes:8}{size:7}  {platforms(lock)}")
    uv, pip = found["uv_project: uv.lock"], found["pip_lock: pylock.toml"]
    print(f"\nfrom pip's lock to uv's: added {', '.join(diff(pip, uv).added)}")
    print(f"from uv's to PDM's: empty = {diff(uv, found['pdm: pdm.lock']).empty}")
    for one in audit(pip)[-2:]:
        print(f"about pip's: {one.kind}: {one.words}")
    print("why: uv.lock, poetry.lock and pdm.lock hold what Windows needs though they were")
    print("     written on Linux; a frozen list and Pipfile.lock hold what Linux had.")


@example("one_file_script")
def one_file_script() -> None:
    """A script that names its own packages (PEP 723), run by uv, and its block edited."""
    if not available(uv_project).present:
        print(f"uv is absent: {available(uv_project).reason}")
        return
    code = "import sys\nimport leaf\nprint('leaf', leaf.__version__)\n"
    with workspace(graphs.platform_split()) as work:
        uv_project.prepare(work)
        meta = script.ScriptMeta(("leaf",), ">=3.10")
        path = work.write("report.py", script.write(code, meta))
        print(path.read_text(encoding="utf-8"))
        for state in ("cold", "warm"):
            done = uv_project.run_script(work, "report.py").demand()
            print(f"{state}: {done.stdout.strip()} after {done.wall_s:.2f} s,", end=" ")
            print(f"{done.stats.requests} requests")
        where = ("--default-index", work.index_url, "--python", work.python)
        uv_project.uv(work, "lock", "--script", "report.py", *where).demand()
        names = [one.name for one in load_lock(_copied(work.project / "report.py.lock")).packages]
    print(f"locked beside it: {names}; the block now asks for Python {meta.requires_python}")
    print(f"why: a script of one file needs no project; here it ran on {sys.version_info[:2]}.")


def _copied(path: Path) -> Path:
    """Return a script's lock under the name by which its format is known."""
    folder = Path(tempfile.mkdtemp(dir=path.parent))
    return Path(path.rename(folder / "uv.lock"))


if __name__ == "__main__":
    main()
