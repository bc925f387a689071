"""The spine: requests of an access log counted by network and hour, written the obvious way."""

from __future__ import annotations

import copy
import ipaddress
import re
from datetime import datetime, timezone
from typing import Any

from velvet_performance.samples.access_data import Answer, log_lines, networks

HOT = "network_of"
WHERE = "python"
MEASURE = "cpu"
SIZE = 2_000
LINE = r'(\S+) - - \[([^\]]+)\] "(\S+) (\S+) [^"]*" (\d{3}) (\d+)'
STUBS = {
    "network_of": lambda _ip: "n0",
    "parse": lambda _line: {"ip": "127.0.0.1", "when": "01/Nov/2026:00:00:00 +0000", "bytes": 1},
    "hour_of": lambda _when: 0,
    "is_new": lambda _ip, _seen: False,
    "keep_apart": lambda record: record,
}


def build(size: int, seed: int) -> list[str]:
    """Return the lines of a log."""
    return log_lines(size, seed)


def parse(line: str) -> dict[str, Any]:
    """Return the fields of a line."""
    found = re.match(LINE, line)
    assert found is not None
    ip, when, method, path, status, size = found.groups()
    return {
        "ip": ip,
        "when": when,
        "request": {"method": method, "path": path},
        "status": int(status),
        "bytes": int(size),
    }


def network_of(ip: str) -> str:
    """Return the name of the network that an address belongs to."""
    address = ipaddress.ip_address(ip)
    for name, block in networks():
        if address in ipaddress.ip_network(block):
            return name
    return "elsewhere"


def hour_of(when: str) -> int:
    """Return the hour of the day in UTC."""
    return datetime.strptime(when, "%d/%b/%Y:%H:%M:%S %z").astimezone(timezone.utc).hour


def is_new(ip: str, seen: list[str]) -> bool:
    """Whether an address was not met before."""
    return ip not in seen


def keep_apart(record: dict[str, Any]) -> dict[str, Any]:
    """Return a copy that nothing else can change."""
    return copy.deepcopy(record)


def run(lines: list[str]) -> Answer:
    """Return requests and bytes by network and hour, and how many addresses there were."""
    seen: list[str] = []
    requests: dict[str, int] = {}
    volume: dict[str, int] = {}
    for line in lines:
        record = keep_apart(parse(line))
        ip = record["ip"]
        if is_new(ip, seen):
            seen.append(ip)
        key = f"{network_of(ip)} {hour_of(record['when']):02d}"
        requests[key] = requests.get(key, 0) + 1
        volume[key] = volume.get(key, 0) + record["bytes"]
    return Answer(dict(sorted(requests.items())), dict(sorted(volume.items())), len(seen))
