"""Run the official JSON Schema test suite through three Python engines.

The suite's remote documents are registered with every engine, and no engine may reach a network:
a difference between two rows is then a difference between two engines.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Draft = Literal["draft7", "draft2020-12"]
DRAFTS: tuple[Draft, ...] = ("draft7", "draft2020-12")
Check = Callable[[Any], bool]
_REMOTE = "http://localhost:1234/"
_DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@dataclass(frozen=True)
class SuiteResult:
    """What one engine made of one draft's tests.

    Attributes:
        by_file: file name to the number of tests not passed; files without one are absent.
    """

    passed: int
    total: int
    by_file: dict[str, int]


def load_suite(folder: Path, draft: Draft) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the draft's tests by file and the remote documents by address."""
    if draft not in DRAFTS:
        raise ValueError(f"unknown draft {draft!r}: choose one of {', '.join(DRAFTS)}")
    tests = json.loads((folder / f"{draft}.json").read_text(encoding="utf-8"))
    remotes = json.loads((folder / "remotes.json").read_text(encoding="utf-8"))
    return tests, {_REMOTE + name: document for name, document in remotes.items()}


def _jsonschema(draft: Draft, remotes: dict[str, Any]) -> Callable[[Any], Check]:
    from jsonschema.validators import Draft7Validator, Draft202012Validator
    from referencing import Registry
    from referencing.jsonschema import DRAFT7, DRAFT202012

    old = draft == "draft7"
    kind, default = (Draft7Validator, DRAFT7) if old else (Draft202012Validator, DRAFT202012)
    own = {uri: one for uri, one in remotes.items() if f"/{draft}/" in uri or "/draft" not in uri}
    resources = [(uri, default.create_resource(document)) for uri, document in own.items()]
    registry: Any = Registry().with_resources(resources)
    return lambda schema: kind(schema, registry=registry).is_valid


def _jsonschema_rs(draft: Draft, remotes: dict[str, Any]) -> Callable[[Any], Check]:
    import jsonschema_rs as rs

    kind: Any = rs.Draft7Validator if draft == "draft7" else rs.Draft202012Validator
    options = {"retriever": lambda uri: remotes[uri.split("#")[0]], "validate_formats": False}
    return lambda schema: kind(schema, **options).is_valid


def _fastjsonschema(draft: Draft, remotes: dict[str, Any]) -> Callable[[Any], Check]:
    import fastjsonschema

    if draft != "draft7":
        raise ValueError("fastjsonschema knows drafts 4, 6 and 7: choose draft7")
    handlers = dict.fromkeys(("http", "https"), lambda uri: remotes[uri.split("#")[0]])

    def build(schema: Any) -> Check:
        versioned = {"$schema": _DRAFT_7, **schema} if isinstance(schema, dict) else schema
        check = fastjsonschema.compile(versioned, handlers=handlers, use_default=False)

        def is_valid(value: Any) -> bool:
            try:
                check(value)
            except fastjsonschema.JsonSchemaValueException:
                return False
            return True

        return is_valid

    return build


ENGINES: dict[str, Callable[[Draft, dict[str, Any]], Callable[[Any], Check]]] = {
    "jsonschema": _jsonschema,
    "jsonschema_rs": _jsonschema_rs,
    "fastjsonschema": _fastjsonschema,
}


def run_suite(engine: str, folder: Path, draft: Draft) -> SuiteResult:
    """Run every test of a draft through one engine; what it cannot compile or run has failed.

    Raises:
        ValueError: the engine is unknown or does not know the draft.
        ImportError: the engine is not installed.
    """
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}: choose one of {', '.join(ENGINES)}")
    tests, remotes = load_suite(folder, draft)
    build = ENGINES[engine](draft, remotes)
    total, by_file = 0, Counter[str]()
    for file, groups in tests.items():
        for group in groups:
            answers = _answers(build, group["schema"], [test["data"] for test in group["tests"]])
            for test, answer in zip(group["tests"], answers, strict=True):
                total += 1
                by_file[file] += answer is not test["valid"]
    return SuiteResult(total - by_file.total(), total, dict(+by_file))


def _answers(build: Callable[[Any], Check], schema: Any, values: list[Any]) -> list[bool | None]:
    found: list[bool | None] = []
    for value in values:
        try:
            found.append(build(schema)(value))
        except Exception:  # noqa: BLE001 - a crash is an answer, and not the right one
            found.append(None)
    return found
