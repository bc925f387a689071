"""Advanced examples: the requests of each tool on one time axis, a conflict clinic, a flaky index."""

from __future__ import annotations

import textwrap

from velvet.examples import example, main
from velvet_environments.conflicts import minimal_core
from velvet_environments.contenders import load, uv_pip, venv_pip
from velvet_environments.errors import ToolTimeout
from velvet_environments.indexserver import FaultPlan, Request
from velvet_environments.resolve import Conflict, resolve
from velvet_environments.samples import graphs
from velvet_environments.sandbox import Outcome
from velvet_environments.workspace import Workspace, available, workspace

WIDTH = 56
MARKS = {"index": "i", "metadata": "m", "wheel": "w", "range": "r", "other": "?"}


def staircase(requests: tuple[Request, ...], rows: int = 9) -> list[str]:
    """Draw requests as lines of marks over time, as many on a line as fit."""
    first, last = requests[0].t_start, max(one.t_end for one in requests)
    scale = (WIDTH - 1) / max(last - first, 1e-9)
    lines = []
    step = max(1, len(requests) // rows)
    for start in range(0, len(requests), step):
        line = [" "] * WIDTH
        for one in requests[start : start + step]:
            for at in range(
                int((one.t_start - first) * scale), int((one.t_end - first) * scale) + 1
            ):
                line[min(at, WIDTH - 1)] = MARKS[one.kind]
        lines.append("".join(line))
    return lines


@example("request_staircase")
def request_staircase() -> None:
    """Every HTTP request of two tools that lock the same graph, drawn over time."""
    for name in ("pip_lock", "uv_project"):
        tool = load(name)
        if not available(tool).present:
            print(f"{tool.label} is absent: {available(tool).reason}")
            continue
        with workspace(graphs.layered(40), latency_s=0.02) as work:
            tool.prepare(work)
            work.blank()
            done = tool.lock(work).demand()
        told = done.stats
        ports = len({one.client_port for one in done.requests})
        asked = sorted(done.requests, key=lambda one: one.t_start)
        seconds = max(one.t_end for one in asked) - asked[0].t_start
        print(f"{tool.label}: {told.requests} requests in {seconds:.2f} s, {ports} connections")
        for line in staircase(tuple(asked)):
            print(f"  |{line}|")
    print("each request waits 20 ms, as a near server would make it; i index, m metadata")
    print("why: pip asks, waits, asks; uv asks for all that it knows by name at once.")
    print("     Both ask the same questions.")


@example("conflict_clinic")
def conflict_clinic() -> None:
    """Two parents that need two versions: what each tool says, and what our resolver says."""
    graph = graphs.diamond()
    print(f"{'':14}{'exit':>5}{'requests':>10}  names d-left, d-right, d-base")
    for name in ("pip_lock", "uv_project", "poetry"):
        tool = load(name)
        if not available(tool).present:
            print(f"{tool.label:14} absent: {available(tool).reason}")
            continue
        with workspace(graph) as work:
            tool.prepare(work)
            work.blank()
            done = tool.lock(work)
        named = [word in done.text for word in ("d-left", "d-right", "d-base")]
        print(f"{tool.label:14}{done.rc:5}{done.stats.requests:10}  {named}")
    try:
        resolve(graph)
    except Conflict as conflict:
        print(textwrap.fill(f"ours: {conflict}", 78, subsequent_indent="  "))
    core = minimal_core(graph.root_requires, graph.packages)
    print(f"smallest set that cannot live together: {core}")
    walk = resolve(graphs.staircase(12))
    print(f"\na staircase of 12: {walk.backtracks} releases rejected, {walk.metadata_reads} read")
    print("why: an error helps when it names both parents and what they share; the core")
    print("     leaves out the bystander.")


@example("flaky_index")
def flaky_index() -> None:
    """An index that fails once, cuts a body, stalls or sends wrong bytes: who retries, who stops."""
    wheel = "*flat000*.whl"
    faults = {
        "503 once": lambda: FaultPlan().status(wheel, 503, times=1),
        "cut body": lambda: FaultPlan().close_after(wheel, 150, times=1),
        "wrong bytes": lambda: FaultPlan().corrupt(wheel),
        "stalled": lambda: FaultPlan().stall(wheel, 30),
    }

    def by_pip(work: Workspace) -> Outcome:
        return venv_pip.install(work, "-r", "requirements.in")

    def by_uv(work: Workspace) -> Outcome:
        words = ["pip", "install", "--default-index", work.index_url, "-r", "requirements.in"]
        # Its own number of retries, with longer and longer pauses, takes twenty seconds.
        once = {"UV_HTTP_RETRIES": "1", "VIRTUAL_ENV": str(work.env)}
        return work.run([work.program(uv_pip.tool), *words], env=once)

    ways = {"pip": by_pip, "uv": by_uv}
    print(f"{'':14}{'pip':>28}{'uv, one retry':>28}")
    for fault, plan in faults.items():
        row = []
        for name, install in ways.items():
            if not available(load(f"{'venv' if name == 'pip' else name}_pip")).present:
                row.append("absent")
                continue
            limit = 1.5 if fault == "stalled" else 60
            with workspace(graphs.flat(1, files=2), faults=plan(), timeout_s=limit) as work:
                venv_pip.prepare(work)
                work.blank()
                try:
                    done = install(work)
                except ToolTimeout:
                    row.append(f"ended by us after {limit} s")
                    continue
            tries = sum(one.path.endswith(".whl") for one in done.requests)
            row.append(f"exit {done.rc}, asked {tries} times")
        print(f"{fault:14}{row[0]:>28}{row[1]:>28}")
    print("why: a retry belongs to what may pass (503); wrong bytes are refused without")
    print("     a lock, because the index page has a hash of its own.")


if __name__ == "__main__":
    main()
