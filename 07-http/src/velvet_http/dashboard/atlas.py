"""What each client does with each fault, found by running it.

A cell is an exception and the seconds it took, or "accepted n of m bytes", which is the dangerous
one: the library returned normally what was not the body.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from velvet_http.comparisons.bare import bare as _bare
from velvet_http.contenders import connect, names
from velvet_http.faults import FAULTS, FaultServer, fault
from velvet_http.model import Deadline, Request, Timeouts

SILENCE_SECONDS = 0.5  # the read timeout; the faults of the atlas that drip take 1.2 s
MAX_BODY = 1_000_000
Kind = Literal["correct", "accepted", "refused", "hung"]


@dataclass(frozen=True)
class Cell:
    """One client on one fault.

    Attributes:
        kind: `correct` for the whole body, `accepted` for bytes that are not the body, `refused`
            for an error, `hung` for an answer of any kind that took over twice the timeout.
        seconds: until the call returned.
        text: what happened, in words.
    """

    client: str
    fault: str
    bare: bool
    kind: Kind
    seconds: float
    text: str


def run_atlas(
    clients: Sequence[str], faults: Sequence[str], *, bare: Sequence[bool] = (True, False)
) -> Iterator[Cell]:
    """Yield a cell for each fault, client and way: the bare library, and ours above it.

    Raises:
        ValueError: a fault of that name does not exist.
    """
    unknown = set(faults) - set(FAULTS)
    if unknown:
        raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}")
    with FaultServer() as server:
        for name in faults:
            url = server.script("/fault", [fault(name)])
            expected = fault(name).size
            for client in clients:
                for way in bare:
                    if not way and client not in names():
                        continue
                    yield _cell(client, name, url, expected, bare=way)


def _cell(client: str, name: str, url: str, expected: int, *, bare: bool) -> Cell:
    began = time.monotonic()
    try:
        got = _bare(client)(url, SILENCE_SECONDS) if bare else _ours(client, url)
    except Exception as error:  # noqa: BLE001 - which one it is, is what is asked
        took = time.monotonic() - began
        kind: Kind = "refused"
        text = type(getattr(error, "reason", None) or error).__name__  # urllib3 wraps it
        if text == "error":  # pycurl has one exception for everything
            text = f"curl error {error.args[0]}"
    else:
        took = time.monotonic() - began
        kind = "correct" if got == expected else "accepted"
        text = "correct" if got == expected else f"accepted {got:,} of {expected:,} bytes"
    if took > 2 * SILENCE_SECONDS:
        kind, text = "hung", f"{text} after {took:.1f} s"
    return Cell(client, name, bare, kind, took, text)


def _ours(client: str, url: str) -> int:
    with connect(client) as connection:
        timeouts = Timeouts(SILENCE_SECONDS, SILENCE_SECONDS, SILENCE_SECONDS)
        response = connection.request(
            Request("GET", url),
            timeouts=timeouts,
            deadline=Deadline.after(1.5 * SILENCE_SECONDS),
            max_body=MAX_BODY,
        )
        if response.status == 200:
            response.text  # noqa: B018 - a charset that is wrong is a body that is wrong
        return len(response.body)
