"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_environments.contenders import load
from velvet_environments.dashboard import inspect_tab, race, resolver, same, tasks, xray
from velvet_environments.depgraph import DependencyGraph
from velvet_environments.errors import BadSpec
from velvet_environments.workspace import available


def tool(name: str, *requests: tuple[float, float, str, int]) -> dict[str, Any]:
    rows = [list(one) for one in requests]
    return {"type": "tool", "name": name, "seconds": 1.0, "kb": 3.0, "requests": rows}


PIP = tool("pip lock", (0, 1, "index", 0), (1, 2, "metadata", 0))
UV = tool("uv", (0, 1, "index", 0), (0, 1, "metadata", 1))


def test_the_x_ray_tells_a_staircase_from_a_burst() -> None:
    seen = Seen([PIP, UV])
    figure = xray.figure_of(seen.of("tool"))

    assert [xray.at_once(one["requests"]) for one in (PIP, UV)] == [1, 2]
    assert "asks **2** times, at most 1 at once" in xray.finding(seen)
    assert xray.finding(Seen([PIP])) == ""
    assert {trace.name for trace in figure.data} == {"page of a project", "metadata"}
    assert [trace.showlegend for trace in figure.data] == [True, True, False, False]
    assert xray.rows_of([UV])[0]["pages, metadata, wheels"] == "1, 1, 0"


def test_the_x_ray_of_a_small_graph_has_all_requests() -> None:
    for name in ("uv_project", "pip_lock"):
        if not available(load(name)).present:
            pytest.skip(available(load(name)).reason)
    told = tasks.xray(9, 0)
    assert next(told) == {"type": "plan", "total": len(tasks.LOCKERS)}
    uv, pip = next(told), next(told)
    told.close()

    assert [one["name"] for one in (uv, pip)] == ["uv", "pip lock"]
    assert len(uv["requests"]) == len(pip["requests"]) == 12
    assert uv["requests"][0][0] == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda: tasks.xray(1),
        lambda: tasks.xray(9, 999),
        lambda: tasks.race(0),
        lambda: tasks.race(10, 999),
        lambda: tasks.race(link="clone"),
        lambda: tasks.same("hatch"),
    ],
)
def test_settings_out_of_range_are_refused_with_the_range(ask: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="choose"):
        next(ask())


def test_an_absent_tool_is_an_event_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LOCKERS", ("conda_cli",))
    monkeypatch.setenv("VELVET_TOOL_CONDA", "/nowhere")
    _, event = tasks.xray(9, 0)

    assert (event["type"], event["name"]) == ("absent", "conda_cli")
    assert "/nowhere" in event["reason"]


def test_the_race_says_what_was_taken_away() -> None:
    rows = [
        {"type": "tool", "name": "uv pip", "lock": 0.1, "install": 0.2},
        {"type": "tool", "name": "pip lock", "lock": 1.0, "install": 1.0},
    ]
    said = race.finding(Seen(rows, options={"bytecode": True, "link": "copy", "warm": True}))

    assert said.startswith("With full caches, both compile and uv copies as pip does")
    assert "locks **10.0x** and installs **5.0x**" in said
    assert "with uv's defaults" in race.finding(Seen(rows))
    assert race.finding(Seen(rows[:1])) == ""
    assert [list(trace.x) for trace in race.figure_of(rows).data] == [[1.0, 0.1], [1.0, 0.2]]


def options(graph: str, also: str = "", greedy: bool = False) -> dict[str, Any]:
    return {"graph": graph, "also": also, "greedy": greedy}


def test_the_playground_is_solved_by_a_release_of_the_reader() -> None:
    _, told, rows = resolver.solved(options("diamond"))
    assert "**No solution.**" in told
    assert [row["in the core"] for row in rows] == ["no", "yes", "yes"]

    steps, told, rows = resolver.solved(options("diamond", "d-left 2.0: d-base>=2"))
    assert "rejected" in told
    assert {"project": "d-left", "version": "2.0"} in rows
    assert len(resolver.figure_of(steps, 2).data[0].x) == 2

    assert "**Broken:**" in resolver.solved(options("random", greedy=True))[1]
    with pytest.raises(BadSpec, match="name version"):
        resolver.added("nonsense")
    said = resolver.finding(Seen(wanted=options("diamond", "d-left 2.0: >>")))
    assert "invalid requirement" in said


def test_the_bar_holds_every_file_once() -> None:
    event = {
        "type": "difference",
        "causes": {"bytecode": 3, "INSTALLER": 1},
        "total": 10,
        "examples": {"bytecode": "a.pyc", "INSTALLER": "b"},
    }

    assert sum(trace.x[0] for trace in same.figure_of(event).data) == 10
    assert "3 by bytecode" in same.finding(Seen([event]))
    assert "Equal, byte for byte" in same.finding(Seen([{**event, "causes": {}}]))
    assert same.finding(Seen([])) == ""


def test_without_bytecode_two_installs_by_uv_are_equal() -> None:
    if not available(load("uv_pip")).present:
        pytest.skip(available(load("uv_pip")).reason)

    *_, event = tasks.same("uv", "uv", bytecode=False)

    assert event["causes"] == {}


def test_an_environment_is_inspected_and_a_folder_refused(tmp_path: Path) -> None:
    graph = DependencyGraph({"a": ["c"], "b": ["c"]})
    wanted = {"path": sys.prefix, "name": "x", "lock": "", "disk": False}

    assert list(inspect_tab.figure_of(graph).data[0].x)[-1] == 2
    assert (
        "distributions" in inspect_tab.finding(Seen(wanted=wanted))
        or not Path(sys.prefix, "pyvenv.cfg").exists()
    )
    assert inspect_tab.finding(Seen(wanted={**wanted, "path": str(tmp_path)})) == ""
    assert "unknown kind of lock" in inspect_tab.audited(str(tmp_path / "x"))
    assert "null" in inspect_tab.audited("a\0b.txt")
    assert inspect_tab.finding(Seen(wanted={**wanted, "path": "a\0b"})) == ""
    assert "No such file" in inspect_tab.audited(str(tmp_path / "uv.lock"))
