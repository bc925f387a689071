"""What it costs to write rows in a format, and to put the layers of a configuration together.

Seconds are compared between contenders only. How a cost grows is claimed of what can be counted:
peak of traced memory, and calls of functions.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from velvet.bench import Metric, Suite, growth, ratio

FORMATS = ("table", "json", "ndjson", "csv", "tsv")
FIELDS = ("id", "title", "priority", "tags", "done", "created")
RICH_UP_TO = 300  # rows; a thousand take it half a second
# At least five sizes over a factor of thirty, for a slope that can be trusted.
COUNTED = [300, 700, 1500, 4000, 10_000]
KEYS = [10, 30, 100, 300, 1000]


def add_to(suite: Suite) -> None:
    """Declare the comparisons about output formats and configuration."""
    _formats(suite)
    _memory(suite)
    _config(suite)
    _calls(suite)


class Nowhere(io.TextIOBase):
    """A stream that counts lines and keeps nothing."""

    lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)


def _rows(count: int) -> Iterator[dict[str, Any]]:
    for number in range(1, count + 1):
        yield {
            "id": number,
            "title": f"task {number}, to be done",
            "priority": number % 5 + 1,
            "tags": ["home", f"tag{number % 7}"],
            "done": number % 3 == 0,
            "created": 1.7e9 + number,
        }


def _written(format_: str, count: int) -> bool:
    """Write so many rows; true when a line arrived for each."""
    from velvet_cli.streams import Output

    stream: Any = Nowhere()
    Output(stream, stream, format=format_).rows(_rows(count), FIELDS)
    return bool(stream.lines >= count)


def _rich_written(count: int) -> bool:
    from rich.console import Console
    from rich.table import Table

    from velvet_cli.formats import text_of

    stream: Any = Nowhere()
    table = Table(*FIELDS, box=None)
    for row in _rows(count):
        table.add_row(*(text_of(row[field]) for field in FIELDS))
    Console(file=stream, width=120).print(table)
    return bool(stream.lines >= count)


def _formats(suite: Suite) -> None:
    formats = suite.comparison(
        "output_format",
        title="Writing rows of six fields to a stream that keeps nothing",
        unit="rows/s",
        sizes={"rows": [300, 3000, 30_000]},
        items=lambda rows: rows,
        quick=lambda rows: rows == 300,
        rounds={"quick": 3, "default": 8, "full": 20},
    )
    for name in FORMATS:
        formats.add(
            name, lambda rows, name=name: lambda: _written(name, rows), baseline=name == "ndjson"
        )
    formats.add(
        "rich_table", lambda rows: lambda: _rich_written(rows), when=lambda rows: rows <= RICH_UP_TO
    )
    formats.same_result()
    suite.claim(
        "our table is written ten times as fast as Rich's",
        ratio("output_format", "table", "rich_table", "ops", rows=300) >= 10,
    )


def _peak(write: Callable[[int], bool], rows: int) -> Callable[[], dict[str, float]]:
    write(10)  # imports and caches, before memory is traced

    def run() -> dict[str, float]:
        tracemalloc.start()
        try:
            write(rows)
            return {"peak_kb": tracemalloc.get_traced_memory()[1] / 1024}
        finally:
            tracemalloc.stop()

    return run


def _memory(suite: Suite) -> None:
    memory = suite.comparison(
        "output_memory",
        title="Peak of traced memory while rows are written from a generator",
        kind="value",
        unit="KB",
        metrics={"peak_kb": Metric("KB")},
        sizes={"rows": COUNTED},
    )
    for name in FORMATS:
        memory.add(
            name,
            lambda rows, name=name: _peak(lambda count: _written(name, count), rows),
            baseline=name == "ndjson",
        )
    for name in ("json", "ndjson", "csv", "tsv"):
        suite.claim(
            f"{name} is written in constant memory",
            growth("output_memory", name, over="rows") <= 0.2,
        )
    suite.claim(
        "a table has to hold every row", growth("output_memory", "table", over="rows") >= 0.8
    )


def _text(keys: int) -> str:
    return "".join(f"key{number} = {number}  # why\n" for number in range(keys))


def _loader(keys: int, layers: int) -> Iterator[Callable[[], int]]:
    from velvet_cli.config import Files, load
    from velvet_cli.contract import Param

    spec = [Param(f"key{number}", type=int, default=0) for number in range(keys)]
    last = f"key{keys - 1}"
    with tempfile.TemporaryDirectory(prefix="velvet-cli-") as folder:
        paths = tuple(Path(folder) / f"{name}.toml" for name in ("project", "user", "system"))
        profile = "[profile.p]\n" + _text(keys) if layers > 1 else ""
        for number, path in enumerate(paths):
            path.write_text(_text(keys) + (profile if number < 2 else ""), encoding="utf-8")
        if layers == 1:
            yield lambda: int(load(spec, files=Files(paths[0]))[last])
        else:
            yield lambda: int(
                load(spec, cli={"key0": 1}, files=Files(paths[0], paths[1], paths[2]), profile="p")[
                    last
                ]
            )


def _parser(parse: Callable[[str], Any], keys: int) -> Callable[[], int]:
    text = _text(keys)
    return lambda: int(parse(text)[f"key{keys - 1}"])


def _tomllib(keys: int, **_: int) -> Callable[[], int]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return _parser(tomllib.loads, keys)


def _tomlkit(keys: int, **_: int) -> Callable[[], int]:
    import tomlkit

    return _parser(tomlkit.parse, keys)


def _json(keys: int, **_: int) -> Callable[[], int]:
    text = json.dumps({f"key{number}": number for number in range(keys)})
    return lambda: int(json.loads(text)[f"key{keys - 1}"])


def _one_file(layers: int, **_: int) -> bool:
    return layers == 1


def _config(suite: Suite) -> None:
    config = suite.comparison(
        "config_load",
        title="Putting a configuration together: files, layers, types and lines",
        unit="us",
        sizes=[
            {"keys": keys, "layers": layers}
            for layers in (1, 6)
            for keys in KEYS
            if layers == 1 or keys in (10, 100, 1000)
        ],
        quick=lambda keys, **_: keys == 100,
        rounds={"quick": 4, "default": 8, "full": 20},
    )
    config.add("load", _loader, baseline=True, note="ours: all layers, types, lines")
    config.add("tomllib", _tomllib, when=_one_file, note="the values of one file, nothing else")
    config.add("tomlkit", _tomlkit, when=_one_file, needs="tomlkit", note="keeps comments")
    config.add("json", _json, when=_one_file, note="no comments, no lines")
    config.same_result()
    suite.claim(
        "types, lines and layers cost less than what it takes tomlkit to keep the comments",
        ratio("config_load", "tomlkit", "load", "time", keys=100, layers=1) >= 1.5,
        needs="tomlkit",
    )


def _counted(keys: int) -> Iterator[Callable[[], dict[str, float]]]:
    for load in _loader(keys, 6):
        load()  # imports

        def run(load: Callable[[], int] = load) -> dict[str, float]:
            calls = 0

            def count(_: Any, event: str, __: Any) -> None:
                nonlocal calls
                calls += event in ("call", "c_call")

            before = sys.getprofile()
            sys.setprofile(count)
            try:
                load()
            finally:
                sys.setprofile(before)
            return {"calls": float(calls)}

        yield run


def _calls(suite: Suite) -> None:
    calls = suite.comparison(
        "config_calls",
        title="Calls of functions while six layers are put together",
        kind="value",
        unit="calls",
        metrics={"calls": Metric("calls")},
        sizes={"keys": KEYS},
    )
    calls.add("load", _counted)
    suite.claim(
        "the work of loading a configuration grows with its keys, and no faster",
        growth("config_calls", "load", over="keys").between(0.8, 1.1),
    )
