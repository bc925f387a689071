"""Basic examples: what an environment is, four ways to make one, the guard rails, who needs whom."""

from __future__ import annotations

import sysconfig
import time
from pathlib import Path

from velvet.examples import example, main
from velvet_environments.contenders import load, uv_pip, venv_pip
from velvet_environments.depgraph import DependencyGraph
from velvet_environments.inspector import Environment, disk, externally_managed, is_virtual
from velvet_environments.samples import graphs
from velvet_environments.toolbox import Toolbox
from velvet_environments.workspace import Workspace, available, perform, workspace


@example("anatomy")
def anatomy() -> None:
    """What a virtual environment is made of, and why activating one is optional."""
    with workspace(graphs.diamond()) as work:
        env = work.blank()
        print((env / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()[1:3])
        for path in sorted(env.iterdir()):
            print(f"  {path.name}{'/' if path.is_dir() else ''}")
        code = "import sys; print(sys.prefix == sys.base_prefix, len(sys.path))"
        inside = work.run([work.env_python, "-c", code]).demand().stdout.split()
        outside = work.run([work.python, "-c", code]).demand().stdout.split()
        told = Environment.read(env)
    print(f"\n{'':24}{'inside':>10}{'outside':>10}")
    print(f"{'prefix is the base':24}{inside[0]:>10}{outside[0]:>10}")
    print(f"{'entries of sys.path':24}{inside[1]:>10}{outside[1]:>10}")
    print(f"sees the system's packages: {told.system_site}; Python {told.python}")
    print("why: the interpreter finds pyvenv.cfg beside its own path. Activation only puts")
    print("     bin/ first on PATH; calling .venv/bin/python does the same.")


@example("four_ways")
def four_ways() -> None:
    """One empty environment from each creator that is installed here: seconds, files, room."""

    def without_pip(work: Workspace) -> float:
        begun = time.perf_counter()
        work.run([work.python, "-m", "venv", "--without-pip", work.env]).demand()
        return time.perf_counter() - begun

    print(f"{'':24}{'seconds':>9}{'files':>8}{'MiB':>7}")
    with workspace(graphs.diamond()) as work:
        for name in ("venv --without-pip", "virtualenv_pip", "uv_pip"):
            tool = None if " " in name else load(name)
            if tool and not available(tool).present:
                print(f"{name:24} absent: {available(tool).reason}")
                continue
            seconds = perform(tool, "create", work).demand().wall_s if tool else without_pip(work)
            files = sum(path.is_file() for path in work.env.rglob("*"))
            room = disk([work.env]).apparent / 2**20
            print(f"{tool.label if tool else name:24}{seconds:9.2f}{files:8}{room:7.1f}")
            work.blank()
    print("python -m venv with pip is left out here: it unpacks pip and compiles it, see")
    print("velvet bench 01 --filter create")
    print("why: an environment is a few links and a text file; what costs is the pip in it.")


# What runs in a child: the base interpreter, told that its standard library lies in a folder with
# the marker, and the real pip. The project asked for does not exist, so nothing can be installed.
_MARKED = """
import runpy, sys, sysconfig
stdlib, site, index = sys.argv[1:]
real = sysconfig.get_path
sysconfig.get_path = lambda name, *a, **k: stdlib if name == "stdlib" else real(name, *a, **k)
sys.path.insert(0, site)
sys.argv = ["pip", "install", "--index-url", index, "no-such-project"]
runpy.run_module("pip", run_name="__main__")
"""


@example("guard_rails")
def guard_rails() -> None:
    """The marker of PEP 668: who refuses to install into a system's Python, and the right fix."""
    pip = Toolbox().locate("pip").demand()
    with workspace(graphs.diamond()) as work:
        stdlib = work.project / "distribution"
        stdlib.mkdir()
        words = "[externally-managed]\nError=Use the distribution's packages, or a venv.\n"
        (stdlib / "EXTERNALLY-MANAGED").write_text(words, encoding="utf-8")
        print(f"the marker says:  {externally_managed(stdlib)}")
        home = pip.parent.parent
        site = Environment.read(home).site_packages if is_virtual(home) else home
        done = work.run([work.python, "-c", _MARKED, stdlib, site, work.index_url])
        first = next(line for line in done.text.splitlines() if "error" in line)
        print(f"pip, exit {done.rc}:      {first.strip()}")
        system = Path("/usr/bin/python3")
        marked = list(Path("/usr/lib").glob("python3*/EXTERNALLY-MANAGED"))
        if system.exists() and marked and available(uv_pip).present:
            words = ("--default-index", work.index_url, "--python", system, "no-such-project")
            refused = uv_pip.uv(work, "pip", "install", *words)
            print(f"uv, exit {refused.rc}:       {refused.stderr.splitlines()[-1].strip()[:50]}")
        else:
            print("uv:               no marked interpreter here to show it (Debian has one)")
        env = work.blank()
        print(f"the fix:          an environment; is_virtual = {is_virtual(env)}")
    here = externally_managed(Path(sysconfig.get_path("stdlib")))
    print(f"this Python itself is marked: {here is not None}")
    print("why: two package managers in one folder overwrite each other's files, so never")
    print("     --break-system-packages.")


@example("who_brought_this")
def who_brought_this() -> None:
    """The tree of what is installed, and the paths that lead to one package."""
    with workspace(graphs.layered(15)) as work:
        tool = uv_pip if available(uv_pip).present else venv_pip
        tool.prepare(work)
        work.blank()
        tool.lock(work).demand()
        tool.sync(work).demand()
        made = Environment.read(work.env)
        graph = DependencyGraph.from_environment(made)
        problems = made.check()
    print(graph.render(depth=3))
    deepest = max(graph.edges, key=lambda name: len(next(graph.why(name))))
    print(f"\nwhy is {deepest} here?")
    for path in list(graph.why(deepest))[:3]:
        print("  " + " -> ".join(path))
    print(f"layers: {[len(row) for row in graph.layers()]}, cycles: {graph.cycles()}")
    print(f"problems: {problems}")
    print("why: most of what is installed was asked for by packages; a path names them.")


if __name__ == "__main__":
    main()
