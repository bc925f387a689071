"""What a library costs before and around the chart: import, session, code, repeatable bytes."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from velvet.bench import Command, Metric, Outcome, Suite, ratio, speedup
from velvet_visualization.browser import BrowserSession, find_browser
from velvet_visualization.comparisons import BROWSER, NEEDS
from velvet_visualization.contender import FORMATS
from velvet_visualization.contenders import load
from velvet_visualization.samples import cloud
from velvet_visualization.scene import prepare

IMPORTS = {
    "python": "pass",
    "matplotlib": "import matplotlib.figure",
    "plotly": "import plotly.graph_objects",
    "altair": "import altair",
    "bokeh": "import bokeh.plotting",
}
TWICE = """
import hashlib, sys
from contextlib import nullcontext
from velvet_visualization.browser import BrowserSession
from velvet_visualization.contenders import load
from velvet_visualization.samples import example
from velvet_visualization.scene import prepare
library = load(sys.argv[1])
needed = any(library.EXPORTS[fmt].browser for fmt in sys.argv[2:])
with BrowserSession(timeout_s=100) if needed else nullcontext() as session:
    for fmt in sys.argv[2:]:
        made = library.export(library.build(prepare(example("line", 30))), fmt, session)
        print(hashlib.sha256(made).hexdigest())
"""
PLAIN = """
import hashlib, io
from matplotlib.figure import Figure
from bokeh.plotting import figure
from bokeh.embed import file_html
from bokeh.resources import CDN
for fmt in ("svg", "pdf"):
    made = Figure(); made.add_subplot().plot([1, 2]); out = io.BytesIO()
    made.savefig(out, format=fmt); print(hashlib.sha256(out.getvalue()).hexdigest())
plot = figure(); plot.line([1, 2], [1, 2])
print(hashlib.sha256(file_html(plot, CDN).encode()).hexdigest())
"""


def _session(images: int, *, warm: bool) -> Iterator[Any]:
    from velvet_visualization.export import export

    scene = prepare(cloud(300))
    if not warm:

        def cold() -> Outcome:
            export(scene, "plotly", "png")
            return Outcome()

        yield cold
        return
    with BrowserSession(timeout_s=100) as session:
        export(scene, "plotly", "png", session=session)

        def each() -> Outcome:
            begun = time.perf_counter()
            for _ in range(images):
                export(scene, "plotly", "png", session=session)
            return Outcome(seconds=(time.perf_counter() - begun) / images)

        yield each


def _code(name: str) -> Any:
    def run() -> dict[str, float]:
        module: Any = load(name)
        tree = ast.parse(inspect.getsource(module))
        wanted = {"build", "_axis", *(one.__name__ for one in module._DRAW.values())}
        found = [
            one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name in wanted
        ]
        lines = sum((one.end_lineno or one.lineno) - one.lineno + 1 for one in found)
        return {
            "lines": float(lines),
            "nodes": float(sum(1 for one in found for _ in ast.walk(one))),
        }

    return run


def _hashes(program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def _same_bytes(name: str) -> Any:
    engines = load(name).EXPORTS
    here = find_browser() is not None
    formats = [fmt for fmt in FORMATS if here or not engines[fmt].browser]

    def run() -> dict[str, Any]:
        first, second = (_hashes(TWICE, name, *formats) for _ in range(2))
        found: dict[str, Any] = dict.fromkeys(map(str, FORMATS), "needs a browser")
        pairs = zip(formats, first, second, strict=True)
        return found | {fmt: "equal" if a == b else "differ" for fmt, a, b in pairs}

    return run


def _same_bytes_plain() -> Any:
    def run() -> dict[str, Any]:
        first, second = (_hashes(PLAIN) for _ in range(2))
        svg, pdf, html = (
            "equal" if a == b else "differ" for a, b in zip(first, second, strict=True)
        )
        return {"png": "-", "svg": f"{svg} (Matplotlib)", "pdf": f"{pdf} (Matplotlib)",
                "html": f"{html} (Bokeh)"}  # fmt: skip

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    session = suite.comparison(
        "export_session",
        title="One PNG of Plotly by Kaleido: a browser each, or one for all",
        kind="run",
        unit="ms",
        rounds={"quick": 2, "default": 3, "full": 10},
    )
    needs = (*NEEDS["plotly"], *BROWSER)
    session.add("one_shot", lambda: _session(1, warm=False), needs=needs, baseline=True)
    session.add("session", lambda: _session(5, warm=True), needs=needs)
    imported = suite.comparison(
        "import_time",
        title="A fresh process until the library is imported",
        kind="run",
        unit="ms",
        rounds={"quick": 2, "default": 5, "full": 15},
    )
    for name, program in IMPORTS.items():
        imported.add(
            name,
            partial(Command, [sys.executable, "-c", program]),
            needs=NEEDS.get(name, ()),
            baseline=name == "matplotlib",
        )
    code = suite.comparison(
        "code_size",
        title="What it takes to draw the six kinds: lines and syntax nodes of our adapter",
        kind="value",
        metrics={"lines": "lines", "nodes": "nodes"},
    )
    same = suite.comparison(
        "same_bytes",
        title="The same chart from two processes: equal bytes?",
        kind="value",
        metrics=dict.fromkeys(FORMATS, Metric("label")),
        tier="default",
    )
    for name, library_needs in NEEDS.items():
        code.add(name, partial(_code, name), needs=library_needs, baseline=name == "matplotlib")
        same.add(name, partial(_same_bytes, name), needs=library_needs)
    same.add(
        "library_defaults",
        _same_bytes_plain,
        needs=("matplotlib", "bokeh"),
        note="without the settings of our adapters",
    )

    suite.claim(
        "one browser for all is faster than a browser each",
        speedup("export_session", "session", "one_shot") >= 2.5,
        needs="browser",
    )
    suite.claim(
        "plotly.graph_objects is imported lazily, altair is not",
        ratio("import_time", "altair", "plotly") >= 1.5,
    )
