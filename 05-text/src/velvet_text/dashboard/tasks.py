"""What the page computes, in a child: generators with JSON options that yield JSON events.

A pattern that a reader types runs in a child of this child, which ends itself at its budget; the
page never compiles it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from velvet_text import _child, deadline
from velvet_text.audit import audit
from velvet_text.engines import ENGINES
from velvet_text.errors import TextError

ROUNDS = 3
MAX_PUMPS = 200_000


def lab(pattern: str, pump: str, budget: float) -> Iterator[dict[str, Any]]:
    """Audit a pattern, then time one search on a growing attack in each engine."""
    if not pattern:
        raise ValueError("type a pattern; an empty one matches everywhere")
    found = audit(pattern)
    own = bool(pump) or not found.pump
    prefix, suffix = ("", "!") if own else (found.prefix, found.suffix)
    word = pump or found.pump or "a"
    exponential = found.risk == "exponential" and not own
    sizes = [n for n in deadline.sizes_for(exponential=exponential) if n * len(word) <= MAX_PUMPS]
    yield {"type": "plan", "total": len(ENGINES) * len(sizes) + 1}
    shown = {"prefix": prefix, "pump": word, "suffix": suffix}
    yield {"type": "audit", **asdict(found), **shown, "own": own}
    for name in ENGINES:
        job = {
            "engine_name": name,
            "pattern": pattern,
            "texts": [prefix, word, suffix],
            "sizes": sizes,
        }
        times: list[tuple[int, float]] = []
        try:
            for line in _child.stream("velvet_text.deadline:timings", job, budget_s=budget):
                if "stopped" in line:
                    after = times[-1][0] if times else 0
                    yield {"type": "stopped", "engine": name, "after": after, "budget": budget}
                else:
                    times.append((line["n"], line["s"]))
                    yield {"type": "point", "engine": name, "n": line["n"], "ms": line["s"] * 1e3}
        except TextError as error:
            yield {"type": "unsupported", "engine": name, "why": str(error)}
            continue
        shape, exponent, r2 = deadline.fit(times)
        yield {"type": "fit", "engine": name, "fit": shape, "exponent": exponent, "r2": r2}


def race(subject: str, size: int) -> Iterator[dict[str, Any]]:
    """Time every contender of a subject at a size: the best of three calls, in CPU time."""
    entries = SUBJECTS[subject](size)
    yield {"type": "plan", "total": len(entries)}
    for name, make in entries.items():
        try:
            call = make()
        except ImportError:
            yield {"type": "absent", "name": name}
            continue
        spent = []
        for _ in range(ROUNDS):
            began = time.process_time()
            call()
            spent.append(time.process_time() - began)
            if sum(spent) > 0.5:
                break
        yield {"type": "time", "name": name, "ms": min(spent) * 1e3}


Entries = dict[str, Callable[[], Callable[[], Any]]]


def _keywords(size: int) -> Entries:
    from velvet_text.keywords import MATCHERS, build
    from velvet_text.samples.texts import keyword_text

    chosen, text = keyword_text(size, 20_000)

    def make(name: str) -> Callable[[], Any]:
        matcher = build(name, chosen)
        return lambda: matcher.find(text)

    return {name: lambda name=name: make(name) for name in MATCHERS}  # type: ignore[misc]


def _logs(size: int) -> Entries:
    from velvet_text.logs import PARSERS, parser
    from velvet_text.samples.texts import access_log, json_lines

    lines = access_log(size)

    def make(name: str) -> Callable[[], Any]:
        parse = parser(name)
        own = json_lines(lines) if name in ("json", "orjson") else lines
        return lambda: list(map(parse, own))

    return {name: lambda name=name: make(name) for name in PARSERS}  # type: ignore[misc]


def _templates(size: int) -> Entries:
    from velvet_text.render import RENDERERS, renderer
    from velvet_text.samples.texts import table

    rows = table(size)

    def make(name: str) -> Callable[[], Any]:
        render = renderer(name)
        return lambda: render(rows)

    return {name: lambda name=name: make(name) for name in RENDERERS}  # type: ignore[misc]


def _html(size: int) -> Entries:
    from velvet_text.html_text import TOOLS, tool
    from velvet_text.samples.texts import page

    document = page(size)

    def make(name: str) -> Callable[[], Any]:
        links = tool(name).links
        return lambda: links(document)

    return {name: lambda name=name: make(name) for name in TOOLS}  # type: ignore[misc]


SUBJECTS: dict[str, Callable[[int], Entries]] = {
    "keywords": _keywords,
    "log lines": _logs,
    "templates": _templates,
    "HTML links": _html,
}
