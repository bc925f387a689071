"""README parts made from results: tables, claims, inline figures, the catalogue.

A README holds ``<!-- velvet:KIND ARGUMENTS -->`` and ``<!-- /velvet -->``; everything between
is rendered here, from the committed reference results alone. Rendering again and comparing
is the check that no number was typed by hand and none is stale. A module's `headline` holds the
same marks in braces: ``{ratio BENCH A B | factor}``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from velvet import catalog
from velvet.bench import figures, views
from velvet.bench.machine import sentence
from velvet.bench.results import reference
from velvet.errors import VelvetError, nearest
from velvet.report.badges import BADGES, badge_texts
from velvet.report.document import claim_table

MARK = re.compile(r"(<!-- velvet:([a-z-]+)((?: [^>]*?)?) -->)(.*?)(<!-- /velvet -->)", re.DOTALL)
_IN_BRACES = re.compile(r"\{([a-z]+) ([^{}]*)\}")
MAX_ROWS = 8


class Context:
    """Where a README stands: its repository, its own module when it has one, and other results."""

    def __init__(self, readme: Path, results: Mapping[str, Any] | None = None) -> None:
        self.readme = readme
        self.results = results
        self.root = catalog.repository(readme.parent)
        self.module = readme.parent if readme.parent != self.root else None

    def bench(self, name: str) -> tuple[Mapping[str, Any], str]:
        """Return results and comparison of ``bench``, or in the root README ``NN/bench``."""
        module, _, bench = name.rpartition("/")
        folder = catalog.find(module, self.root).folder if module else self.module
        if folder is None:
            raise VelvetError(f"{self.readme}: {name!r} needs its module: 'NN/{name}'")
        if self.results is not None and folder == self.module:
            return self.results, bench
        return reference(folder), bench


def table(
    context: Context,
    name: str,
    /,
    *,
    metric: str | None = None,
    more: str = "",
    only: str = "",
    **size: str,
) -> str:
    """``table BENCH [metric=M] [more=A,B] [only=A,B] [AXIS=VALUE]``: a comparison's table."""
    results, bench = context.bench(name)
    beside = [column for column in more.split(",") if column]
    lines = views.lines(results, bench, metric=metric, more=beside, size=size)
    lines = [line for line in lines if not only or line.contender in only.split(",")]
    if not lines:
        raise VelvetError(f"{context.readme}: no rows of {bench} match {size}")
    sizes = len({line.size for line in lines})
    if context.module and (len(lines) > MAX_ROWS or sizes > 1):
        raise VelvetError(
            f"{context.readme}: the table {bench} has {len(lines)} rows at {sizes} sizes; a README "
            f"holds at most {MAX_ROWS} at one size (choose one by AXIS=VALUE, or rows by only=A,B), "
            "RESULTS.md holds all"
        )
    return "\n\n" + views.markdown(lines, views.comparison(results, bench), metric) + "\n\n"


def claims(context: Context, *names: str) -> str:
    """``claims [NN/] [BENCH ...]``: claims (of those comparisons) with verdict and interval."""
    results, first = context.bench(names[0] if names else "")
    benches = {name for name in (first, *names[1:]) if name}
    found = [c for c in results["claims"] if not benches or benches & set(c.get("benches", ()))]
    rows = sum(len(claim["parts"]) for claim in found)
    if context.module and rows > MAX_ROWS:
        raise VelvetError(
            f"{context.readme}: {rows} rows of claims; a README holds at most {MAX_ROWS} (name the "
            "comparisons that they are about), RESULTS.md holds all"
        )
    return "\n\n" + claim_table(found) + "\n\n"


def verdicts(context: Context, name: str = "") -> str:
    """``verdicts [NN/]``: how many claims hold, fail and are open, for a sentence."""
    return views.claim_counts(context.bench(name)[0])


def machine(context: Context, name: str = "") -> str:
    """``machine [NN/]``: the sentence that names the machine of the reference results."""
    results, _ = context.bench(name)
    day = results["created"][:10]
    return f"{sentence(results['machine'])}; {day}; noise index {results['noise']['index']}"


def _entry(
    context: Context, name: str, contender: str, /, *, metric: str | None = None, **size: str
) -> Mapping[str, Any]:
    results, bench = context.bench(name)
    here = views.entries(results, bench, metric, **size)
    found = [entry for entry in here if entry["contender"] == contender]
    if not found or not {"median", "label"} & set(found[-1]):
        hint = nearest(contender, {entry["contender"] for entry in views.entries(results, bench)})
        raise VelvetError(f"{context.readme}: nothing measured for {name} {contender}.{hint}")
    return found[-1]


def figure(context: Context, name: str, contender: str, /, **at: str) -> str:
    """``figure BENCH CONTENDER [metric=M] [AXIS=VALUE]``: one measured figure with its unit."""
    return views.shown(_entry(context, name, contender, **at))


def times(context: Context, name: str, a: str, b: str, /, **at: str) -> str:
    """``times BENCH A B [metric=M] [AXIS=VALUE]``: A's figure over B's, rounded for a sentence."""
    _, share, tie = _two(context, name, a, b, **at)
    return "about 1x" if tie else figures.factor(share)


def _two(
    context: Context, name: str, a: str, b: str, /, **at: str
) -> tuple[Mapping[str, Any], float, bool]:
    """Return A's entry, A's figure over B's, and whether they are a tie."""
    first, second = (_entry(context, name, contender, **at) for contender in (a, b))
    results, bench = context.bench(name)
    paired, tie = None, False
    if first["size"] == second["size"]:
        paired, tie = views.share(results, bench, first["metric"], first["size"], a, b)
    return first, paired or first["median"] / second["median"], tie


def ratio(context: Context, name: str, a: str, b: str, /, *form: str, **at: str) -> str:
    """``ratio BENCH A B [| factor]``: how A stands to B, ``49x faster``, or the factor alone."""
    first, share, tie = _two(context, name, a, b, **at)
    results, bench = context.bench(name)
    better = views.better(results, bench, first["metric"])
    if form != ("|", "factor"):
        return "a tie" if tie else figures.against(share, better, first["unit"])
    factor = share if better == "higher" else 1 / share
    if tie or factor <= 1:
        raise ValueError(f"{a} is no better than {b}, as a bare factor would say")
    return f"{figures.number(factor)}x"


def headline(module: catalog.Module, results: Mapping[str, Any] | None = None) -> str:
    """Return a module's headline, its marks filled from its results; its question without one.

    They are those of a run on this machine, or by default the reference results.
    """
    context = Context(module.folder / "README.md", results)

    def fill(match: re.Match[str]) -> str:
        return _rendered(context, match.group(1), match.group(2), module.folder / "module.toml")

    return _IN_BRACES.sub(fill, module.headline) or module.question


def badges(context: Context) -> str:
    """``badges``: the pictures that `velvet report` writes beside it, in one line."""
    shown = sorted(badge_texts(context.root).items())
    return " ".join(f"![{name}: {text}]({BADGES}/{name}.svg)" for name, text in shown)


def cards(context: Context) -> str:
    """``cards``: a line for each module that works, with its headline."""
    lines = []
    for one in catalog.modules(context.root):
        if one.state == "working":
            more = f"{one.difficulty}, {one.hours:g} h"
            if (one.folder / "RESULTS.md").is_file():
                more += f", [results]({one.slug}/RESULTS.md)"
            name = f"[{one.number:02d} {one.title}]({one.slug}/)"
            lines.append(f"- **{name}**: {headline(one).rstrip('.')}. *{more}*")
    return "\n\n" + "\n".join(lines) + "\n\n"


# A mark's words are its function's arguments, and ``name=value`` its keywords.
_MARKS = (badges, cards, claims, figure, machine, ratio, table, times, verdicts)
RENDERERS: dict[str, Callable[..., str]] = {mark.__name__: mark for mark in _MARKS}


def _rendered(context: Context, kind: str, arguments: str, where: Path) -> str:
    if kind not in RENDERERS:
        raise VelvetError(f"{where}: unknown mark {kind!r}.{nearest(kind, RENDERERS)}")
    try:
        parts = shlex.split(arguments)
        words = [part for part in parts if "=" not in part]
        options = dict(part.split("=", 1) for part in parts if "=" in part)
        return RENDERERS[kind](context, *words, **options)
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError) as error:
        mark = f"{kind} {arguments.strip()}".strip()
        raise VelvetError(f"{where}: mark '{mark}': {error}") from None


def render(readme: Path) -> tuple[str, list[str]]:
    """Return a README's text as it should be, and the marks that differ."""
    text = readme.read_text(encoding="utf-8")
    context = Context(readme)
    stale: list[str] = []
    opened, closed = text.count("<!-- velvet:"), text.count("<!-- /velvet -->")
    if opened != closed or len(MARK.findall(text)) != opened:
        raise VelvetError(f"{readme}: {opened} velvet marks are opened, {closed} closed")

    def replace(match: re.Match[str]) -> str:
        start, kind, arguments, old, end = match.groups()
        new = _rendered(context, kind, arguments, readme)
        if new != old:
            stale.append(f"{kind}{arguments}")
        return f"{start}{new}{end}"

    return MARK.sub(replace, text), stale
