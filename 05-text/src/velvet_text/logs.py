"""Access logs: six parsers of one format, one that is 100 times slower, and a file in parts.

The format is the combined log format of web servers, one line a request. Every parser returns the
same `AccessLine` or None for what is no such line, so a diff of two is the difference in speed.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

from velvet_text.errors import TextError, WorkerFailed

SAMPLES = 5  # bad lines that are kept to be looked at


@dataclass(frozen=True)
class AccessLine:
    """One request; `size` is 0 where the server wrote a dash."""

    host: str
    user: str
    time: str
    method: str
    path: str
    status: int
    size: int
    referer: str
    agent: str


LineParser = Callable[[str], "AccessLine | None"]
_FIELDS = (
    "host", "user", "time", "method", "path", "protocol", "status", "size", "referer", "agent",
)  # fmt: skip
_TIGHT = (
    r'(\S+) \S+ (\S+) \[([^\]]+)\] "([A-Z]+) (\S+) (HTTP/[0-9.]+)" ([0-9]{3}) ([0-9]+|-)'
    r' "([^"]*)" "([^"]*)"'
)
_GREEDY = r'(.*) .* (.*) \[(.*)\] "(.*) (.*) (HTTP/.*)" (.*) (.*) "(.*)" "(.*)"'


def _line(fields: tuple[Any, ...]) -> AccessLine:
    host, user, time, method, path, _, status, size, referer, agent = fields
    count = 0 if size == "-" else int(size)
    return AccessLine(host, user, time, method, path, int(status), count, referer, agent)


def _by_re(pattern: str, *, named: bool = False) -> LineParser:
    names = iter(_FIELDS)
    if named:
        pattern = re.sub(r"\((?!\?)", lambda _: f"(?P<{next(names)}>", pattern)
    return _matched(re.compile(pattern).fullmatch, named=named)


def _matched(match: Callable[[str], Any], *, named: bool = False) -> LineParser:
    def parse(line: str) -> AccessLine | None:
        found = match(line)
        if found is None:
            return None
        return _line(tuple(found.groupdict().values()) if named else found.groups())

    return parse


def _split(line: str) -> AccessLine | None:
    """Cut at the quotes, then at the spaces; checks what the pattern checks."""
    try:
        head, request, middle, referer, gap, agent, tail = line.split('"')
        host, _, user, rest = head.split(" ", 3)
        method, path, protocol = request.split(" ")
        _, status, size, _ = middle.split(" ")
    except ValueError:
        return None
    good = rest[:1] == "[" and rest[-2:] == "] " and gap == " " and not tail
    good = good and method.isascii() and method.isupper() and protocol.startswith("HTTP/")
    good = good and len(status) == 3 and status.isdecimal() and (size == "-" or size.isdecimal())
    if not good or not status.isascii() or not size.isascii() or not (host and user and path):
        return None
    return _line((host, user, rest[1:-2], method, path, protocol, status, size, referer, agent))


def _re2() -> LineParser:
    import re2  # type: ignore[import-untyped]

    from velvet_text.contenders.engines.re2 import options

    return _matched(re2.compile(_TIGHT, options()).fullmatch)


def _by_json(library: str) -> LineParser:
    loads = importlib.import_module(library).loads

    def parse(line: str) -> AccessLine | None:
        try:
            return AccessLine(**loads(line))
        except (TypeError, ValueError, RecursionError):
            return None

    return parse


PARSERS: dict[str, Callable[[], LineParser]] = {
    "greedy": partial(_by_re, _GREEDY),  # the wrong way
    "negated": partial(_by_re, _TIGHT),
    "named": partial(_by_re, _TIGHT, named=True),
    "split": lambda: _split,
    "re2": _re2,
    "json": partial(_by_json, "json"),
    "orjson": partial(_by_json, "orjson"),
}


def parser(name: str) -> LineParser:
    """Return a parser by name; an ImportError where its library is absent.

    That of RE2 raises a UnicodeEncodeError for a line with a lone surrogate.

    >>> parser("negated")('h - - [t] "GET / HTTP/1.1" 200 - "-" "x"').status
    200
    """
    if name not in PARSERS:
        raise TextError(f"unknown parser {name!r}: choose one of {', '.join(PARSERS)}")
    return PARSERS[name]()


@dataclass
class ParseStats:
    """What a file held; `lines == ok + bad` always.

    Attributes:
        samples: the first bad lines.
    """

    lines: int = 0
    ok: int = 0
    bad: int = 0
    bytes: int = 0
    samples: list[str] = field(default_factory=list)

    def add(self, other: ParseStats) -> None:
        """Add the counts of another part of the file."""
        for name in ("lines", "ok", "bad", "bytes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.samples = [*self.samples, *other.samples][:SAMPLES]


def parse_file(
    path: Path,
    parse: LineParser,
    *,
    stats: ParseStats | None = None,
    on_error: Literal["count", "raise", "collect"] = "count",
    start: int = 0,
    end: int | None = None,
) -> Iterator[AccessLine]:
    """Yield the lines of a file that parse, in constant memory.

    Args:
        stats: filled while the lines are taken.
        on_error: count bad lines, raise at the first, or keep the first few in `stats.samples`.
        start, end: a byte range whose ends lie behind line ends.

    Raises:
        TextError: a bad line, with its number, where `on_error` is ``raise``.
    """
    if on_error not in ("count", "raise", "collect"):
        raise TextError(f"on_error={on_error!r} is unknown: count, raise or collect")
    stats = ParseStats() if stats is None else stats
    with path.open("rb") as file:
        file.seek(start)
        left = (path.stat().st_size if end is None else end) - start
        for raw in file:
            if left <= 0:
                return
            left -= len(raw)
            stats.lines += 1
            stats.bytes += len(raw)
            line = raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
            found = parse(line)
            if found is not None:
                stats.ok += 1
                yield found
                continue
            stats.bad += 1
            if on_error == "raise":
                raise TextError(f"{path.name}, line {stats.lines} is no access line: {line[:80]!r}")
            if on_error == "collect" and len(stats.samples) < SAMPLES:
                stats.samples.append(line[:200])


def parts(path: Path, count: int) -> list[tuple[int, int]]:
    """Return byte ranges of about equal size that begin and end at line ends."""
    size = path.stat().st_size
    cuts = [0]
    with path.open("rb") as file:
        for number in range(1, count):
            file.seek(max(size * number // count, cuts[-1]))
            file.readline()
            cuts.append(min(file.tell(), size))
    return list(zip(cuts, [*cuts[1:], size], strict=True))


def _part(path: str, name: str, start: int, end: int) -> tuple[list[AccessLine], ParseStats]:
    stats = ParseStats()
    found = parse_file(
        Path(path), parser(name), stats=stats, on_error="collect", start=start, end=end
    )
    return list(found), stats


def parse_parallel(
    path: Path, name: str, *, workers: int = os.cpu_count() or 1
) -> tuple[list[AccessLine], ParseStats]:
    """Parse a file in several processes: the same lines in the same order as one.

    Raises:
        TextError: fewer than one worker.
        WorkerFailed: a worker died; the error names the first bytes that did not come back.
    """
    if workers < 1:
        raise TextError(f"workers must be at least 1, not {workers}")
    ranges = parts(path, workers)
    lines: list[AccessLine] = []
    stats = ParseStats()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_part, str(path), name, *one) for one in ranges]
        for (start, end), future in zip(ranges, futures, strict=True):
            try:
                found, part = future.result()
            except BrokenProcessPool as error:
                raise WorkerFailed(path.name, start, end, "it died") from error
            lines += found
            stats.add(part)
    return lines, stats
