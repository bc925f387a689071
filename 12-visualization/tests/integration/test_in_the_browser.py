"""The same charts in a real browser: exports, pages without a network, and a browser that dies."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from defusedxml import ElementTree

from velvet_visualization import browser
from velvet_visualization.browser import BrowserSession, find_browser
from velvet_visualization.chart_test import pixels
from velvet_visualization.comparisons import pages
from velvet_visualization.contender import Contender
from velvet_visualization.contenders import load
from velvet_visualization.dashboard.four import page_of
from velvet_visualization.errors import BrowserUnavailable, PageTimeout
from velvet_visualization.export import export, export_many
from velvet_visualization.samples import HOSTILE, cloud, example
from velvet_visualization.scene import prepare
from velvet_visualization.spec import Channel, ChartSpec

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.leaves("one browser serves all tests of this file"),
]


@pytest.mark.parametrize("fmt", ["png", "svg", "pdf"])
@pytest.mark.parametrize("which", ["plotly", "bokeh"])
def test_browser_engines_write_files(session: BrowserSession, which: str, fmt: str) -> None:
    made = export(example("line", 30), which, fmt, session=session)  # type: ignore[arg-type]

    if fmt == "png":
        assert pixels(made).shape == (480, 640, 3)
    elif fmt == "svg":
        root = ElementTree.fromstring(made)
        assert root.get("role") == "img"
    else:
        assert made.startswith(b"%PDF-")


def test_two_browsers_draw_the_same_png(session: BrowserSession) -> None:
    with BrowserSession() as other:
        for which in ("plotly", "bokeh"):
            assert load(which).EXPORTS["png"].deterministic
            chart = example("line", 30)
            assert len({export(chart, which, "png", session=one) for one in (session, other)}) == 1


def test_pages_are_ready_without_a_network(
    session: BrowserSession, name: str, library: Contender
) -> None:
    page = export(prepare(cloud(50)), name, "html").decode()

    with session.page(page, library.READY) as opened:
        assert opened.timing.ready_ms > 0
        assert opened.timing.dom_nodes > 20
        assert opened.eval(
            "fetch('http://example.invalid/').then(() => 'out', () => 'kept in')"
        ) == ("kept in")
        assert opened.eval("document.querySelector('figure').getAttribute('role')") == "img"


# What stands in the page itself: the marks, and both ends of the x axis.
DRAWN = {
    "plotly": "[document.querySelectorAll('.scatterlayer .point').length, "
    "...document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range]",
    "bokeh": "(one => [one.renderers.reduce((n, r) => n + r.data_source.get_length(), 0), "
    "one.x_range.start, one.x_range.end])(Bokeh.documents[0].roots()[0])",
}


@pytest.mark.parametrize("which", DRAWN)
def test_a_page_holds_the_marks_and_the_domain_of_its_scene(
    session: BrowserSession, which: str
) -> None:
    scene, library = prepare(cloud(90)), load(which)

    with session.page(library.html(library.build(scene)), library.READY) as opened:
        shown = opened.eval(DRAWN[which])

    assert shown == pytest.approx([90, *scene.x.domain])


def test_hostile_titles_run_nothing(session: BrowserSession, name: str, library: Contender) -> None:
    axes = Channel("x", HOSTILE["html"]), Channel("y", HOSTILE["tex"])
    spec = ChartSpec("line", {"x": [1, 2], "y": [1, 2]}, *axes, title=HOSTILE["script"])
    page = library.html(library.build(prepare(spec)))

    with session.page(page, library.READY) as opened:
        assert opened.eval("document.title") not in ("taken", "1")
        assert opened.eval("document.querySelectorAll('img[src=x]').length") == 0


@pytest.mark.parametrize(("which", "webgl"), [("plotly", True), ("bokeh", True)])
def test_webgl_is_drawn_too(session: BrowserSession, which: str, webgl: bool) -> None:
    module = load(which)
    figure = module.build(prepare(cloud(200)), webgl=webgl)  # type: ignore[call-arg]

    with session.page(module.html(figure), module.READY) as opened:
        assert opened.timing.dom_nodes < 1000


@pytest.mark.parametrize(("interactive", "answer"), [(False, False), (True, True)])
def test_a_page_that_scrolls_is_no_answer_of_the_chart(
    session: BrowserSession, interactive: bool, answer: bool
) -> None:
    module = load("plotly")  # its wheel zooms only when it is asked to
    figure = module.build(prepare(cloud(300)))
    page = module.html(figure, interactive=interactive)

    with session.page(page, module.READY, height=300) as opened:
        assert pages.wheel(opened) > 0
        assert pages.answers(opened, "wheel") is answer
    assert figure.layout.dragmode is None  # the caller's figure is left alone


@pytest.mark.parametrize("width", [330, 800])
def test_a_live_chart_becomes_as_narrow_as_a_phone(
    session: BrowserSession, name: str, library: Contender, width: int
) -> None:
    fits = "document.documentElement.scrollWidth <= innerWidth"
    waits = f"new Promise(ok => {{ const t = setInterval(() => {fits} && ok(true, clearInterval(t)), 20) }})"

    with session.page(page_of(name, "bar", 300, False), library.READY, width=width) as opened:
        assert opened.eval("innerWidth") == width
        size = {"width": 330, "height": 400, "deviceScaleFactor": 1, "mobile": False}
        opened.send("Emulation.setDeviceMetricsOverride", **size)
        assert opened.eval("innerWidth") == 330
        assert opened.eval(waits)


def test_a_page_that_is_never_ready_times_out_and_the_browser_lives_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if find_browser() is None:
        pytest.skip("no browser: apt install chromium")
    with BrowserSession(timeout_s=1.0) as short:
        with pytest.raises(PageTimeout, match="within 1 s"):
            short.render_timing("<p>never", "window.never")
        with monkeypatch.context() as patch, short.page("<p>frozen") as opened:
            patch.setattr(browser, "_GRACE_S", 0.1)
            with pytest.raises(PageTimeout):
                opened.eval("new Promise(() => 0)")
        with pytest.raises(RuntimeError, match="in the page: ReferenceError"):
            short.render_timing("<p>x", "nothing.there")
        assert short.render_timing("<p>x").dom_nodes > 1


def test_a_killed_browser_is_started_once_more(session: BrowserSession) -> None:
    figure = load("plotly").build(prepare(cloud(5)))
    session.plotly(figure, "png")
    first = session.pid
    assert first is not None
    os.kill(first, getattr(signal, "SIGKILL", signal.SIGTERM))

    assert session.plotly(figure, "png").startswith(b"\x89PNG")
    assert session.pid != first


def test_a_session_works_inside_a_running_loop(session: BrowserSession) -> None:
    async def inside() -> int:
        return session.render_timing("<p>x").dom_nodes

    assert asyncio.run(inside()) >= 4


def test_a_program_that_is_no_browser_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailable, match=r"no browser at .*: install Chromium"):
        BrowserSession(str(tmp_path / "none"))
    with pytest.raises(ValueError, match="timeout_s must be above 0"):
        BrowserSession(__file__, timeout_s=0)
    with pytest.raises(RuntimeError, match="inside its `with`"):
        BrowserSession(__file__).render_timing("")


def test_many_files_share_one_browser(session: BrowserSession, tmp_path: Path) -> None:
    written = export_many([cloud(5), example("bar")], "plotly", "png", tmp_path)

    assert [path.name for path in written] == ["chart-000.png", "chart-001.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_one_shot_starts_and_ends_its_own_browser(session: BrowserSession) -> None:
    assert export(cloud(5), "bokeh", "png").startswith(b"\x89PNG")
