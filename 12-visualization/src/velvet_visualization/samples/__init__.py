"""The data that is drawn: the same rows for every library, example, benchmark and test."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from velvet_visualization.spec import Channel, ChartSpec, Kind

SERIES = ("north", "centre", "south")
HOUR = np.timedelta64(1, "h")
HOSTILE = {
    "script": '</script><script>document.title="taken"</script>',
    "tex": r"$\frac{$ and $$x^2$$ and \(y\)",
    "html": '<img src=x onerror="document.title=1"> <b>bold</b> &amp; &lt;',
    "right_to_left": "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u202eabc",
    "emoji": "e\u0301 \U0001f469\u200d\U0001f52c \u0928\u092e\u0938\u094d\u0924\u0947",
    "long": "wide " * 2000,
    "control": "a\x00b\x07\nc\ud800\ufffe\uffff",
    "field": "a.b[0]:Q",
    "underscore": "_hidden",
    "empty": "",
}


def cloud(n: int, *, log: bool = True) -> ChartSpec:
    """Return a scatter plot of n points in three series."""
    random = np.random.default_rng(12)
    x = random.normal(5, 2, n)
    y = np.exp(0.3 * x + random.normal(0, 0.6, n))
    names = np.array(SERIES)[np.arange(n) % len(SERIES)]
    return ChartSpec(
        "scatter",
        {"speed": x, "cost": y, "region": names},
        Channel("speed", "speed (m/s)"),
        Channel("cost", "cost (EUR)", scale="log" if log else "linear"),
        "region",
        title="Cost by speed",
    )


def walk(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a noisy line of n points with one spike of a single point."""
    random = np.random.default_rng(7)
    x = np.arange(n, dtype=float)
    y = np.cumsum(random.normal(0, 1, n)) / np.sqrt(n) + random.normal(0, 0.05, n)
    y[int(n * 0.618)] += 4
    return x, y


def line(n: int) -> ChartSpec:
    """Return that line as a chart."""
    x, y = walk(n)
    return ChartSpec(
        "line",
        {"second": x, "load": y},
        Channel("second", "second"),
        Channel("load", "load"),
        title="Load with one spike",
    )


def example(kind: Kind, rows: int = 90) -> ChartSpec:
    """Return a small chart of any kind, readable at a glance."""
    random = np.random.default_rng(3)
    hours = np.datetime64("2026-03-01T00:00") + np.arange(rows) // 3 * HOUR
    region = np.array(SERIES)[np.arange(rows) % 3]
    level = np.array([4.0, 6.0, 9.0])[np.arange(rows) % 3]
    wave = np.sin(np.arange(rows) // 3 / 4 + np.arange(rows) % 3)
    data: dict[str, Any] = {"hour": hours, "load": level + wave, "region": region}
    if kind == "scatter":
        return cloud(rows)
    if kind in ("line", "area"):
        axes = Channel("hour", "hour (UTC)", scale="time"), Channel("load", "load (kW)")
        return ChartSpec(kind, data, *axes, "region", title="Load by hour")
    if kind == "histogram":
        values = {"delay": random.gamma(3, 20, rows * 5)}
        return ChartSpec(kind, values, Channel("delay", "delay (ms)"), title="Delays")
    days = ["Mon", "Tue", "Wed", "Thu", "Fri"]
    grid = {
        "day": [day for day in days for _ in SERIES],
        "region": list(SERIES) * len(days),
        "orders": random.integers(20, 90, len(days) * 3),
    }
    day, orders = Channel("day", "day", scale="category"), Channel("orders", "orders")
    if kind == "bar":
        return ChartSpec(kind, grid, day, orders, "region", title="Orders by day")
    place = Channel("region", "region", scale="category")
    return ChartSpec(kind, grid, day, place, "orders", title="Orders by day and region")
