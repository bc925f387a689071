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


def split(arguments: str) -> tuple[list[str], dict[str, str]]:
    """Split a mark's arguments into words and ``name=value`` pairs, quoted as in a shell."""
    parts = shlex.split(arguments)
    pairs = (part.partition("=") for part in parts if "=" in part)
    return [part for part in parts if "=" not in part], {name: v for name, _, v in pairs}


def nothing_else(*given: object) -> None:
    """Raise ValueError for arguments that a mark does not take."""
    if any(given):
        raise ValueError("it takes no such arguments")


def table(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``table BENCH [metric=M] [more=A,B] [only=A,B] [AXIS=VALUE]``: a comparison's table."""
    results, bench = context.bench(words[0])
    metric = options.pop("metric", None)
    more = [name for name in options.pop("more", "").split(",") if name]
    only = options.pop("only", "")
    lines = views.lines(results, bench, metric=metric, more=more, size=options)
    lines = [line for line in lines if not only or line.contender in only.split(",")]
    if not lines:
        raise VelvetError(f"{context.readme}: no rows of {bench} match {options}")
    sizes = len({line.size for line in lines})
    if context.module and (len(lines) > MAX_ROWS or sizes > 1):
        raise VelvetError(
            f"{context.readme}: the table {bench} has {len(lines)} rows at {sizes} sizes; a README "
            f"holds at most {MAX_ROWS} at one size (choose one by AXIS=VALUE, or rows by only=A,B), "
            "RESULTS.md holds all"
        )
    about = views.comparison(results, bench)
    versus, figure = f"against {about['baseline']}", views.head(about, metric)
    return "\n\n" + views.markdown(lines, versus=versus, figure=figure) + "\n\n"


def claims(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``claims [NN/] [BENCH ...]``: claims (of those comparisons) with verdict and interval."""
    nothing_else(options)
    results, first = context.bench(words[0] if words else "all")
    benches = {word for word in (first, *words[1:]) if word} if words else set()
    found = [c for c in results["claims"] if not benches or benches & set(c.get("benches", ()))]
    rows = sum(len(claim["parts"]) for claim in found)
    if context.module and rows > MAX_ROWS:
        raise VelvetError(
            f"{context.readme}: {rows} rows of claims; a README holds at most {MAX_ROWS} (name the "
            "comparisons that they are about), RESULTS.md holds all"
        )
    return "\n\n" + claim_table(found) + "\n\n"


def verdicts(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``verdicts [NN/]``: how many claims hold, fail and are open, for a sentence."""
    nothing_else(options)
    return views.claim_counts(context.bench(words[0] if words else "all")[0])


def machine(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``machine [NN/]``: the sentence that names the machine of the reference results."""
    nothing_else(options)
    results, _ = context.bench(words[0] if words else "all")
    day = results["created"][:10]
    return f"{sentence(results['machine'])}; {day}; noise index {results['noise']['index']}"


def _entry(context: Context, words: list[str], options: dict[str, str]) -> Mapping[str, Any]:
    results, bench = context.bench(words[0])
    metric = options.pop("metric", None)
    found = [
        entry
        for entry in views.entries(results, bench, metric, **options)
        if entry["contender"] == words[1]
    ]
    if not found or not {"median", "label"} & set(found[-1]):
        known = {entry["contender"] for entry in views.entries(results, bench)}
        hint = nearest(words[1], known)
        raise VelvetError(f"{context.readme}: nothing measured for {' '.join(words)}.{hint}")
    return found[-1]


def figure(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``figure BENCH CONTENDER [metric=M] [AXIS=VALUE]``: one measured figure with its unit."""
    return views.shown(_entry(context, words, options))


def times(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``times BENCH A B [metric=M] [AXIS=VALUE]``: A's figure over B's, rounded for a sentence."""
    _, share, tie = _two(context, words, options)
    return "about 1x" if tie else figures.factor(share)


def _two(
    context: Context, words: list[str], options: dict[str, str]
) -> tuple[Mapping[str, Any], float, bool]:
    """Return A's entry, A's figure over B's, and whether they are a tie."""
    first, second = (_entry(context, [words[0], words[n]], dict(options)) for n in (1, 2))
    results, bench = context.bench(words[0])
    paired, tie = None, False
    if first["size"] == second["size"]:
        at = (first["metric"], first["size"])
        paired, tie = views.share(results, bench, *at, words[1], words[2])
    return first, paired or first["median"] / second["median"], tie


def ratio(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``ratio BENCH A B [| factor]``: how A stands to B, ``49x faster``, or the factor alone."""
    first, share, tie = _two(context, words, options)
    results, bench = context.bench(words[0])
    better = views.better(results, bench, first["metric"])
    if words[3:] != ["|", "factor"]:
        return "a tie" if tie else figures.against(share, better, first["unit"])
    factor = share if better == "higher" else 1 / share
    if tie or factor <= 1:
        raise ValueError(f"{words[1]} is no better than {words[2]}, as a bare factor would say")
    return f"{figures.number(factor)}x"


def headline(module: catalog.Module, results: Mapping[str, Any] | None = None) -> str:
    """Return a module's headline, its marks filled from its results; its question without one.

    They are those of a run on this machine, or by default the reference results.
    """
    context = Context(module.folder / "README.md", results)

    def fill(match: re.Match[str]) -> str:
        return _rendered(context, match.group(1), match.group(2), module.folder / "module.toml")

    return _IN_BRACES.sub(fill, module.headline) or module.question


def badges(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``badges``: the pictures that `velvet report` writes beside it, in one line."""
    nothing_else(words, options)
    shown = sorted(badge_texts(context.root).items())
    return " ".join(f"![{name}: {text}]({BADGES}/{name}.svg)" for name, text in shown)


def cards(context: Context, words: list[str], options: dict[str, str]) -> str:
    """``cards``: a line for each module that works, with its headline."""
    nothing_else(words, options)
    lines = []
    for one in catalog.modules(context.root):
        if one.state == "working":
            more = f"{one.difficulty}, {one.hours:g} h"
            if (one.folder / "RESULTS.md").is_file():
                more += f", [results]({one.slug}/RESULTS.md)"
            name = f"[{one.number:02d} {one.title}]({one.slug}/)"
            lines.append(f"- **{name}**: {headline(one).rstrip('.')}. *{more}*")
    return "\n\n" + "\n".join(lines) + "\n\n"


Renderer = Callable[[Context, list[str], dict[str, str]], str]
_MARKS: tuple[Renderer, ...] = (
    *(badges, cards, claims, figure, machine, ratio, table, times, verdicts),
)
RENDERERS = {mark.__name__: mark for mark in _MARKS}


def _rendered(context: Context, kind: str, arguments: str, where: Path) -> str:
    if kind not in RENDERERS:
        raise VelvetError(f"{where}: unknown mark {kind!r}.{nearest(kind, RENDERERS)}")
    try:
        return RENDERERS[kind](context, *split(arguments))
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
