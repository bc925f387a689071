"""Who is right: the matrix, every zone at 26 instants, parsers; and what an import costs."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from velvet.bench import Absent, Command, Metric, Suite, ratio, value
from velvet_datetime.comparisons import NEEDS
from velvet_datetime.comparisons.single import PARSERS
from velvet_datetime.samples.cases import categories

# The metric's name of each category; the longest table in RESULTS.md has one column each.
WORDS = {
    "right": "right",
    "refused": "refused",
    "silently wrong": "wrong",
    "unsupported": "unsupported",
}
IMPORTS = {
    "interpreter": ("pass", ()),
    "datetime and zoneinfo": ("import datetime, zoneinfo", ()),
    "pytz": ("import pytz", ("pytz",)),
    "dateutil": ("import dateutil.parser, dateutil.tz", ("python-dateutil",)),
    "pendulum": ("import pendulum", ("pendulum",)),
    "arrow": ("import arrow", ("arrow",)),
    "whenever": ("import whenever", ("whenever",)),
    "pandas": ("import pandas", ("pandas",)),
}


def slug(category: str) -> str:
    """Return a category's name as a metric's name."""
    return category.replace(" ", "_")


def _matrix(name: str) -> Any:
    from velvet_datetime.contenders import load
    from velvet_datetime.matrix import Verdict, run_matrix
    from velvet_datetime.truth import only_tzdata

    engine = load(name)

    def measure() -> dict[str, float]:
        with only_tzdata():
            score = run_matrix({name: engine}).score(name)
        return {WORDS[verdict.value]: float(score[verdict]) for verdict in Verdict}

    return measure


def _by_category(name: str) -> Any:
    from velvet_datetime.contenders import load
    from velvet_datetime.matrix import Verdict, run_matrix
    from velvet_datetime.truth import only_tzdata

    engine = load(name)

    def measure() -> dict[str, Any]:
        with only_tzdata():
            matrix = run_matrix({name: engine})
        found: dict[str, Any] = {}
        for category in categories():
            score = matrix.score(name, category)
            answered = score.total() - score[Verdict.UNSUPPORTED]
            wrong = score[Verdict.SILENTLY_WRONG]
            found[slug(category)] = f"{wrong} of {answered}" if answered else "-"
        return found

    return measure


def _divergence(name: str) -> Any:
    from velvet_datetime.contenders import load
    from velvet_datetime.environment import tz_report
    from velvet_datetime.truth import divergence, only_tzdata

    engine = load(name)

    def measure() -> dict[str, float]:
        with only_tzdata():
            versions = tz_report().versions
            if name == "pytz" and versions["pytz"] != versions["tzdata"]:
                raise Absent(f"pytz has {versions['pytz']}, tzdata {versions['tzdata']}")
            found = divergence(engine)
        return {
            "after_2037": float(found.zones_after(2037)),
            "zones": float(found.zones),
            "conversions": float(found.zones * 26),
        }

    return measure


def _accepts(name: str) -> Any:
    from velvet_datetime.matrix import written
    from velvet_datetime.parsers import instant_of, parser
    from velvet_datetime.samples.cases import texts

    parser(name)

    def measure() -> dict[str, float]:
        counts = {"lenient": 0, "refuses_valid": 0, "other_instant": 0, "texts": len(texts())}
        for text, expected in texts().items():
            try:
                got = written(instant_of(name, text))
            except Exception:  # noqa: BLE001 - each parser has its own types
                counts["refuses_valid"] += expected is not None
                continue
            counts["lenient"] += expected is None
            counts["other_instant"] += expected not in (None, got)
        return {name: float(count) for name, count in counts.items()}

    return measure


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    rows = suite.comparison(
        "matrix",
        title="Cases by verdict",
        kind="value",
        unit="cases",
        metrics={
            "wrong": Metric("cases"),
            "right": Metric("cases", "higher"),
            "refused": Metric("cases"),
            "unsupported": Metric("cases"),
        },
    )
    for name, needs in NEEDS.items():
        rows.add(name, partial(_matrix, name), needs=needs, baseline=name == "zoneinfo_wall")
    suite.claim(
        "adding on the wall is silently wrong in twenty cases or more, whenever in two at most",
        (value("matrix", "zoneinfo_wall", "wrong") >= 20)
        & (value("matrix", "whenever", "wrong") <= 2),
    )
    rows = suite.comparison(
        "matrix_by_category",
        title="Silently wrong answers, of those that an engine has a word for",
        kind="value",
        unit="label",
        metrics={slug(category): Metric("label") for category in categories()},
    )
    for name, needs in NEEDS.items():
        rows.add(name, partial(_by_category, name), needs=needs, baseline=name == "zoneinfo_wall")

    rows = suite.comparison(
        "db_divergence",
        title="Zones that differ from zoneinfo in the worst year after 2037",
        kind="value",
        unit="zones",
        metrics={"after_2037": "zones", "zones": "zones", "conversions": "conversions"},
    )
    for name, needs in NEEDS.items():
        if name not in ("zoneinfo_wall", "zoneinfo_utc", "pytz_misused"):
            rows.add(name, partial(_divergence, name), needs=needs, baseline=name == "pytz")
    suite.claim(
        "pytz is wrong in at least 100 zones after 2037, whenever in none, on one IANA version",
        (value("db_divergence", "pytz", "after_2037") >= 100)
        & (value("db_divergence", "whenever", "after_2037") <= 0),
    )

    rows = suite.comparison(
        "parser_acceptance",
        title="Texts that RFC 3339 forbids and a parser accepts",
        kind="value",
        unit="texts",
        metrics={
            "lenient": "texts",
            "refuses_valid": "texts",
            "other_instant": "texts",
            "texts": "texts",
        },
    )
    for name, needs in PARSERS.items():
        plain = [one for one in needs if ">=" not in one]
        rows.add(name, partial(_accepts, name), needs=plain, baseline=name == "ours")
    suite.claim(
        "our parser accepts no text that RFC 3339 forbids and refuses none that it allows",
        (value("parser_acceptance", "ours", "lenient") <= 0)
        & (value("parser_acceptance", "ours", "refuses_valid") <= 0),
    )

    rows = suite.comparison(
        "import_library",
        title="import in a fresh process",
        unit="ms",
        kind="run",
        floor=False,
        rounds={"quick": 2, "default": 5, "full": 7},
    )
    for label, (program, needs) in IMPORTS.items():
        rows.add(
            label,
            lambda program=program: Command([sys.executable, "-c", program]),
            needs=needs,
            baseline=label == "interpreter",
        )
    suite.claim(
        "importing arrow takes a fresh process longer than importing whenever",
        ratio("import_library", "arrow", "whenever") >= 1.4,
    )
