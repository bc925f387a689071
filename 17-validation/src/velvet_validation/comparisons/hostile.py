"""Documents that are made to hurt a parser, and what each parser does with them.

Every document is tried in a child process with a time limit: a native stack overflow kills the
interpreter, and a pattern may never come back.
"""

from __future__ import annotations

import faulthandler
import importlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from velvet_validation.samples.documents import DOCUMENTS

PATIENCE_S = 300  # many times what the slowest machine needs for the documents that end
# Each parser's function as module:name; ijson gives values one by one and has none of its own.
PARSERS = {
    "json": "json:loads",
    "orjson": "orjson:loads",
    "msgspec": "msgspec.json:decode",
    "pydantic": "pydantic_core:from_json",
    "ijson": "ijson:items",
    "guard": "velvet_validation.guard:safe_loads",
}


def parser(name: str) -> Callable[[bytes], Any]:
    """Return a parser by name; raises ImportError where it is not installed."""
    if name not in PARSERS:
        raise ValueError(f"unknown parser {name!r}: choose one of {', '.join(PARSERS)}")
    module, _, function = PARSERS[name].partition(":")
    found: Any = getattr(importlib.import_module(module), function)
    return found if name != "ijson" else lambda data: next(found(io.BytesIO(data), ""))


def attempt(name: str, document: str, limit_s: float = 0) -> dict[str, Any]:
    """Return what a parser does with a document, in this process: outcome, milliseconds, detail.

    With a limit, a parser that is not ready by then ends the process with code 1.
    """
    data, parse = DOCUMENTS[document](), parser(name)
    if limit_s:
        faulthandler.dump_traceback_later(limit_s, exit=True)
    begun = time.perf_counter()
    try:
        made = parse(data)
    except Exception as error:  # noqa: BLE001 - each parser has its own type
        outcome, detail = "rejected", type(error).__name__
    else:
        outcome, detail = "accepted", repr(made)[:40] if len(data) < 100 else type(made).__name__
    faulthandler.cancel_dump_traceback_later()
    return {"outcome": outcome, "detail": detail, "ms": (time.perf_counter() - begun) * 1000}


def survey(names: tuple[str, ...] = tuple(PARSERS), *, limit_s: float = 30) -> dict[str, Any]:
    """Return {"parser": {"document": attempt}}, each parser in one child process.

    A document that kills the child is "crashed", one that needs more than ``limit_s`` is "slow";
    the child is started again for what is left.
    """
    found: dict[str, Any] = {}
    for name in names:
        found[name] = {}
        while left := [document for document in DOCUMENTS if document not in found[name]]:
            done, ended = _child(name, left, limit_s)
            if not done and not ended:
                absent = {"outcome": "not installed", "detail": ""}
                found[name] = dict.fromkeys(DOCUMENTS, absent)
                break
            found[name].update(done)
            guilty = next((document for document in left if document not in done), "")
            if ended and guilty:  # a child that answered everything may still end badly
                found[name][guilty] = {"outcome": ended, "detail": "", "ms": limit_s * 1000}
    return found


def _child(name: str, documents: list[str], limit_s: float) -> tuple[dict[str, Any], str]:
    """Return the attempts that came back, and how the child ended if not by itself."""
    module = "velvet_validation.comparisons.hostile"
    words = [sys.executable, "-m", module, name, str(limit_s), *documents]
    run = subprocess.run(words, capture_output=True, timeout=PATIENCE_S, check=False)
    ended = {0: "", 1: "slow"}.get(run.returncode, "crashed")
    answers = [json.loads(line) for line in run.stdout.decode("utf-8").splitlines()]
    return {answer.pop("document"): answer for answer in answers}, ended


def _main(name: str, limit_s: str, *documents: str) -> None:
    try:
        parser(name)
    except ImportError:
        return  # no answer says that it is not installed
    for document in documents:
        answer = {"document": document, **attempt(name, document, float(limit_s))}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main(*sys.argv[1:])
