"""Documents that are made to hurt a parser, and what each parser does with them.

Every document is tried in a child process with a time limit: a native stack overflow kills the
interpreter, and a pattern may never come back.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from velvet_validation import guard

PARSERS = ("json", "orjson", "msgspec", "pydantic", "ijson", "guard")

DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "100 000 nested arrays": lambda: b"[" * 100_000 + b"]" * 100_000,
    "100 000 nested objects": lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "5 000-digit integer": lambda: b"9" * 5000,
    "equal keys": lambda: b'{"role":"user","role":"admin"}',
    "NaN": lambda: b'{"weight":NaN}',
    "Infinity": lambda: b'{"weight":Infinity}',
    "overflow 1e999": lambda: b'{"weight":1e999}',
    "lone surrogate": lambda: b'{"name":"\\ud800"}',
    "byte order mark": lambda: b"\xef\xbb\xbf{}",
    "trailing data": lambda: b'{"a":1}{"b":2}',
    "empty body": lambda: b"",
    "invalid UTF-8": lambda: b'{"name":"\xff"}',
    "million members": lambda: b"{%s}" % b",".join(b'"%d":0' % n for n in range(1_000_000)),
    "2 MB of one string": lambda: b'"' + b"a" * (2 << 20) + b'"',
}


def parser(name: str) -> Callable[[bytes], Any]:
    """Return a parser by name; raises ImportError where it is not installed."""
    if name == "json":
        return json.loads
    if name == "guard":
        return guard.safe_loads
    if name == "orjson":
        import orjson

        return orjson.loads
    if name == "msgspec":
        import msgspec

        return msgspec.json.decode
    if name == "pydantic":
        import pydantic_core

        return pydantic_core.from_json
    if name == "ijson":
        import io

        import ijson  # type: ignore[import-untyped,unused-ignore]

        return lambda data: next(ijson.items(io.BytesIO(data), ""))
    raise ValueError(f"unknown parser {name!r}: choose one of {', '.join(PARSERS)}")


def attempt(name: str, document: str) -> dict[str, Any]:
    """Return what a parser does with a document, in this process: outcome, milliseconds, detail."""
    data, parse = DOCUMENTS[document](), parser(name)
    begun = time.perf_counter()
    try:
        made = parse(data)
    except Exception as error:  # noqa: BLE001 - each parser has its own type
        outcome, detail = "rejected", type(error).__name__
    else:
        outcome, detail = "accepted", repr(made)[:40] if len(data) < 100 else type(made).__name__
    return {"outcome": outcome, "detail": detail, "ms": (time.perf_counter() - begun) * 1000}


def survey(names: tuple[str, ...] = PARSERS, *, limit_s: float = 30) -> dict[str, dict[str, Any]]:
    """Return {"parser": {"document": attempt}}, each parser in one child process.

    A document that kills the child is "crashed", one that needs longer than ``limit_s`` "slow";
    the child is started again for what is left.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        left = list(DOCUMENTS)
        found[name] = {}
        while left:
            done = _child(name, left, limit_s)
            found[name].update(done)
            rest = [document for document in left if document not in done]
            if "" in done:  # the parser is not installed
                found[name] = dict.fromkeys(DOCUMENTS, done[""])
                break
            if rest and len(rest) == len(left):
                raise RuntimeError(f"the child of {name} answers nothing")
            left = rest
    return found


def _child(name: str, documents: list[str], limit_s: float) -> dict[str, Any]:
    words = [sys.executable, "-m", "velvet_validation.hostile", name, *documents]
    ended = "crashed"
    try:
        run = subprocess.run(words, capture_output=True, timeout=limit_s, check=False)
        out = run.stdout
        if run.returncode == 0:
            ended = ""
    except subprocess.TimeoutExpired as error:
        out, ended = error.stdout or b"", "slow"
    done = {}
    for line in out.decode("utf-8").splitlines():
        answer = json.loads(line)
        done[answer.pop("document")] = answer
    if ended and "" not in done:
        guilty = next(document for document in documents if document not in done)
        done[guilty] = {"outcome": ended, "detail": "", "ms": limit_s * 1000}
    return done


def _main(name: str, documents: list[str]) -> None:
    try:
        parser(name)
    except ImportError:
        answer = {"document": "", "outcome": "not installed", "detail": "", "ms": 0.0}
        sys.stdout.write(json.dumps(answer) + "\n")
        return
    for document in documents:
        answer = {"document": document, **attempt(name, document)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
