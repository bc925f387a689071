"""Advanced examples: a real browser, seven bugs in a chart, sessions, and code size."""

from __future__ import annotations

import ast
import inspect
import time

from velvet.examples import example, main
from velvet_visualization.browser import BrowserSession, find_browser
from velvet_visualization.chart_test import BUGS, compare, problems
from velvet_visualization.contenders import NAMES, load
from velvet_visualization.export import export
from velvet_visualization.samples import cloud
from velvet_visualization.scene import prepare

NO_BROWSER = "no Chromium, Chrome or Edge here; Debian: apt install chromium"


@example("browser_truth")
def browser_truth() -> None:
    """What a page costs its reader, asked of a real browser."""
    if find_browser() is None:
        print(NO_BROWSER)
        return
    scene = prepare(cloud(5000))
    print(f"{'5,000 points':16}{'ready':>9}{'elements':>10}{'heap':>9}")
    with BrowserSession() as session:
        for name in NAMES:
            library = load(name)
            page = library.html(library.build(scene))
            cost = session.render_timing(page, library.READY)
            row = f"{cost.ready_ms:6.0f} ms{cost.dom_nodes:10,}{cost.heap_mb:6.1f} MB"
            print(f"{library.LABEL:16}{row}")
    print("\nwhy: SVG makes an element of every mark, which the browser lays out and")
    print("     searches at every hover; canvas and WebGL make pixels.")


@example("seven_bugs")
def seven_bugs() -> None:
    """Seven bugs in a chart: what a picture test sees, and what the facts say."""
    scene, library = prepare(cloud(300)), load("matplotlib")
    right = library.export(library.build(scene), "png")
    found = 0
    print(f"{'bug':26}{'pixels':>7}  what the facts say")
    for name, bug in BUGS.items():
        figure = library.build(bug(scene))
        changed = compare(right, library.export(figure, "png")).changed
        said = problems("matplotlib", scene, figure)
        found += bool(said)
        print(f"{name:26}{changed:7.2%}  {said[0][:44] if said else 'not found'}")
    print(f"\n{found} of {len(BUGS)} found without a stored picture")
    print("why: labels, domains, scales, colours and positions are read back from the")
    print("     library's own objects; fonts and smoothing do not change them.")


@example("session_exports")
def session_exports() -> None:
    """Plotly PNGs by Kaleido: a browser for each, and one browser for all."""
    if find_browser() is None:
        print(NO_BROWSER)
        return
    scene = prepare(cloud(300))
    begun = time.perf_counter()
    export(scene, "plotly", "png")
    once = time.perf_counter() - begun
    with BrowserSession() as session:
        export(scene, "plotly", "png", session=session)
        begun = time.perf_counter()
        for _ in range(5):
            export(scene, "plotly", "png", session=session)
        each = (time.perf_counter() - begun) / 5
    print(f"one-shot  {once:6.2f} s an image\nsession   {each:6.2f} s an image")
    print(f"the session is faster: {each < once}")
    print("why: starting a browser costs more than drawing a chart in it.")


@example("code_size")
def code_size() -> None:
    """How much code each library needs for the six kinds of chart."""
    print(f"{'':12}{'lines':>7}{'nodes':>7}{'keywords':>10}")
    for name in NAMES:
        module = load(name)
        wanted = {"build", "_axis", *(one.__name__ for one in vars(module)["_DRAW"].values())}
        tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
        parts = [one for one in tree.body if getattr(one, "name", "") in wanted]
        lines = sum((one.end_lineno or 0) - one.lineno + 1 for one in parts)
        nodes = [node for one in parts for node in ast.walk(one)]
        named = sum(isinstance(node, ast.keyword) for node in nodes)
        print(f"{module.LABEL:12}{lines:7}{len(nodes):7}{named:10}")
    print("\nnodes of the syntax tree do not depend on line breaks; keywords are settings")
    print("why: the libraries differ little here; they differ in what the code gets you.")


if __name__ == "__main__":
    main()
