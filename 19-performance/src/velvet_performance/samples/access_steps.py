"""The access log in six steps: each changes what the profiler pointed at, and nothing else."""

from __future__ import annotations

import copy
import re
import time
from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from velvet_performance.samples.access_data import Answer, networks
from velvet_performance.samples.programs import access_log

_LINE = re.compile(access_log.LINE)
_FORMAT = "%d/%b/%Y:%H:%M:%S %z"


def _number(ip: str) -> int:
    a, b, c, d = ip.split(".")
    return int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)


@lru_cache(maxsize=1)
def _table() -> tuple[list[int], list[int], list[str]]:
    rows = []
    for name, block in networks():
        first, _, bits = block.partition("/")
        start = _number(first)
        rows.append((start, start + (1 << 32 - int(bits)), name))
    rows.sort()
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def network_of(ip: str) -> str:
    """Return the name of the network of an address by bisection over integers."""
    starts, ends, names = _table()
    number = _number(ip)
    place = bisect_right(starts, number) - 1
    return names[place] if place >= 0 and number < ends[place] else "elsewhere"


def _answer(requests: dict[str, int], volume: dict[str, int], addresses: int) -> Answer:
    return Answer(dict(sorted(requests.items())), dict(sorted(volume.items())), addresses)


def bisect_networks(lines: list[str]) -> Answer:
    """Look networks up by bisection."""
    find = lru_cache(maxsize=None)(network_of)  # a cache of this run, not of the process
    seen: list[str] = []
    requests: dict[str, int] = {}
    volume: dict[str, int] = {}
    for line in lines:
        record: dict[str, Any] = copy.deepcopy(access_log.parse(line))
        ip = record["ip"]
        if ip not in seen:
            seen.append(ip)
        hour = datetime.strptime(record["when"], _FORMAT).astimezone(timezone.utc).hour
        key = f"{find(ip)} {hour:02d}"
        requests[key] = requests.get(key, 0) + 1
        volume[key] = volume.get(key, 0) + record["bytes"]
    return _answer(requests, volume, len(seen))


def set_of_addresses(lines: list[str]) -> Answer:
    """Keep the addresses in a set."""
    find = lru_cache(maxsize=None)(network_of)  # a cache of this run, not of the process
    seen: set[str] = set()
    requests: dict[str, int] = {}
    volume: dict[str, int] = {}
    for line in lines:
        record: dict[str, Any] = copy.deepcopy(access_log.parse(line))
        ip = record["ip"]
        seen.add(ip)
        hour = datetime.strptime(record["when"], _FORMAT).astimezone(timezone.utc).hour
        key = f"{find(ip)} {hour:02d}"
        requests[key] = requests.get(key, 0) + 1
        volume[key] = volume.get(key, 0) + record["bytes"]
    return _answer(requests, volume, len(seen))


def slice_the_hour(lines: list[str]) -> Answer:
    """Cut the hour out of the text: the log is written in UTC."""
    find = lru_cache(maxsize=None)(network_of)  # a cache of this run, not of the process
    seen: set[str] = set()
    requests: dict[str, int] = {}
    volume: dict[str, int] = {}
    for line in lines:
        record: dict[str, Any] = copy.deepcopy(access_log.parse(line))
        ip = record["ip"]
        seen.add(ip)
        key = f"{find(ip)} {_hour(record['when'])}"
        requests[key] = requests.get(key, 0) + 1
        volume[key] = volume.get(key, 0) + record["bytes"]
    return _answer(requests, volume, len(seen))


def _hour(when: str) -> str:
    if not when.endswith("+0000"):
        return f"{datetime.strptime(when, _FORMAT).astimezone(timezone.utc).hour:02d}"
    return when[12:14]


def no_copy(lines: list[str]) -> Answer:
    """Leave out the copy: nothing else holds the record."""
    find = lru_cache(maxsize=None)(network_of)  # a cache of this run, not of the process
    seen: set[str] = set()
    requests: dict[str, int] = {}
    volume: dict[str, int] = {}
    for line in lines:
        record = access_log.parse(line)
        ip = record["ip"]
        seen.add(ip)
        key = f"{find(ip)} {_hour(record['when'])}"
        requests[key] = requests.get(key, 0) + 1
        volume[key] = volume.get(key, 0) + record["bytes"]
    return _answer(requests, volume, len(seen))


def unpacked(lines: list[str]) -> Answer:
    """Compile the pattern once, and unpack what is used instead of building a record."""
    find = lru_cache(maxsize=None)(network_of)  # a cache of this run, not of the process
    seen: set[str] = set()
    requests: dict[str, int] = {}
    volume: dict[str, int] = {}
    match = _LINE.match
    for line in lines:
        found = match(line)
        assert found is not None
        ip, when, size = found.group(1, 2, 6)
        seen.add(ip)
        key = f"{find(ip)} {_hour(when)}"
        requests[key] = requests.get(key, 0) + 1
        volume[key] = volume.get(key, 0) + int(size)
    return _answer(requests, volume, len(seen))


def _over(items: list[Any], call: Callable[[Any], Any]) -> float:
    begun = time.process_time()
    for item in items:
        call(item)
    return time.process_time() - begun


def _membership(ips: list[str]) -> float:
    seen: list[str] = []
    begun = time.process_time()
    for ip in ips:
        if ip not in seen:
            seen.append(ip)
    return time.process_time() - begun


def costs(step: str, lines: list[str]) -> tuple[float, float]:
    """Return the CPU seconds of the part that a step replaces, in its old form and its new one."""
    records = [access_log.parse(line) for line in lines]
    ips = [record["ip"] for record in records]
    whens = [record["when"] for record in records]
    if step == "bisect_networks":
        return _over(ips, access_log.network_of), _over(ips, lru_cache(maxsize=None)(network_of))
    if step == "set_of_addresses":
        return _membership(ips), _over(ips, set().add)
    if step == "slice_the_hour":
        return _over(whens, access_log.hour_of), _over(whens, _hour)
    if step == "no_copy":
        return _over(records, copy.deepcopy), 0.0
    if step == "unpacked":

        def new(line: str) -> int:
            found = _LINE.match(line)
            assert found is not None
            return int(found.group(1, 2, 6)[2])

        return _over(lines, access_log.parse), _over(lines, new)
    raise ValueError(f"no step is called {step!r}")
