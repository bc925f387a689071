"""Access logs line by line, whole files in one and more processes, and template mining."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Metric, Suite, Timed, ratio, speedup
from velvet_text import logs
from velvet_text.drain import Drain
from velvet_text.samples.texts import access_log, json_lines, messages

NEEDS = {"re2": ("google-re2",), "orjson": ("orjson",)}
LINES = 400
FILE_LINES = 20_000


def _parse(name: str) -> Callable[[], list[Any]]:
    parse, lines = logs.parser(name), access_log(LINES)
    if name in ("json", "orjson"):
        lines = json_lines(lines)
    return lambda: list(map(parse, lines))


def _file(name: str, lines: int) -> Iterator[Callable[[], int]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        block = "\n".join(access_log(FILE_LINES)) + "\n"
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for _ in range(lines // FILE_LINES):
                file.write(block)
        if name.startswith("workers_"):
            workers = int(name[-1])
            yield lambda: len(logs.parse_parallel(path, "negated", workers=workers)[0])
        else:
            yield lambda: sum(1 for _ in logs.parse_file(path, logs.parser(name)))


def _mine(name: str, lines: int) -> Timed:
    texts = messages(lines)

    def clusters() -> int:
        if name == "exact":
            return len(set(texts))
        if name == "masks_only":
            return len({drain_words(text) for text in texts})
        drain = Drain(depth=3 if name == "drain_depth_3" else 4)
        for text in texts:
            drain.add(text)
        return len(drain.templates())

    drain_words = Drain().words
    return Timed(clusters, metrics=lambda: {"clusters": float(clusters())})


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    parsing = suite.comparison(
        "log_lines",
        title="Parse 400 lines of an access log into the same objects",
        unit="ms",
        rounds={"quick": 5, "default": 10},
    )
    for name in logs.PARSERS:
        note = {"greedy": "the wrong way", "json": "JSON lines", "orjson": "JSON lines"}.get(
            name, ""
        )
        parsing.add(
            name,
            partial(_parse, name),
            needs=NEEDS.get(name, ()),
            note=note,
            baseline=name == "negated",
        )
    files = suite.comparison(
        "log_file",
        title="A log of 36 MB (200,000 lines), from the disk, counted",
        unit="s",
        kind="run",
        tier="default",
        sizes={"lines": [20_000, 200_000]},
        rounds={"default": 3},
        floor=True,
        limit=300,
    )
    for name in ("negated", "split", "workers_1", "workers_2"):
        files.add(
            name,
            partial(_file, name),
            baseline=name == "negated",
            needs=("cores>=2",) if name == "workers_2" else (),
            note="lines come back to the parent" if name.startswith("workers") else "",
        )
    mining = suite.comparison(
        "drain",
        title="Messages of ten templates: what remains of them",
        unit="messages/s",
        sizes={"lines": [1000, 8000]},
        items=lambda lines: lines,
        quick=lambda lines: lines == 1000,
        metrics={"clusters": Metric("templates")},
        rounds={"quick": 5, "default": 8},
    )
    for name in ("exact", "masks_only", "drain_depth_3", "drain_depth_4"):
        mining.add(name, partial(_mine, name), baseline=name == "masks_only")
    mining.check(lambda found: found > 0)
    parsing.same_result()
    files.same_result()

    suite.claim(
        "greedy repeats make a log parser fifteen times slower",
        speedup("log_lines", "negated", "greedy") >= 15,
    )
    suite.claim(
        "RE2 with ten groups on str is slower than re: linear is not the same as fast",
        speedup("log_lines", "negated", "re2") >= 3,
    )
    suite.claim(
        "orjson reads JSON lines faster than json", speedup("log_lines", "orjson", "json") >= 1.25
    )
    suite.claim(
        "masks alone leave many times the templates that Drain finds",
        ratio("drain", "masks_only", "drain_depth_3", "clusters", lines=1000) >= 3,
    )
