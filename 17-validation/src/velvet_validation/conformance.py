"""Run the official JSON Schema test suite through three Python engines.

The suite's remote documents are registered with every engine, and no engine may reach a network:
a difference between two rows is then a difference between two engines.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Draft = Literal["draft7", "draft2020-12"]
DRAFTS: tuple[Draft, ...] = ("draft7", "draft2020-12")
Check = Callable[[Any], bool]
_REMOTE = "http://localhost:1234/"
_DIALECT = {
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


@dataclass(frozen=True)
class SuiteResult:
    """What one engine made of one draft's tests.

    Attributes:
        failed: answers that differ from the suite's.
        errors: schemas that the engine could not compile or run, counted in tests.
        by_file: file name to the number of tests not passed; files without one are absent.
    """

    passed: int
    failed: int
    errors: int
    by_file: dict[str, int]

    @property
    def total(self) -> int:
        """All tests of the draft."""
        return self.passed + self.failed + self.errors

    @property
    def share(self) -> float:
        """The part that passed, 0 to 1."""
        return self.passed / self.total


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

    kind, default = (
        (Draft7Validator, DRAFT7) if draft == "draft7" else (Draft202012Validator, DRAFT202012)
    )
    resources = [
        (uri, default.create_resource(document))
        for uri, document in remotes.items()
        if _is_of(draft, uri)
    ]
    registry: Any = Registry().with_resources(resources)
    return lambda schema: kind(schema, registry=registry).is_valid


def _jsonschema_rs(draft: Draft, remotes: dict[str, Any]) -> Callable[[Any], Check]:
    import jsonschema_rs

    kind: Any = (
        jsonschema_rs.Draft7Validator if draft == "draft7" else jsonschema_rs.Draft202012Validator
    )

    def retrieve(uri: str) -> Any:
        return remotes[uri.split("#")[0]]

    return lambda schema: kind(schema, retriever=retrieve, validate_formats=False).is_valid


def _fastjsonschema(draft: Draft, remotes: dict[str, Any]) -> Callable[[Any], Check]:
    import fastjsonschema

    if draft != "draft7":
        raise ValueError("fastjsonschema knows drafts 4, 6 and 7: choose draft7")

    def retrieve(uri: str) -> Any:
        return remotes[uri.split("#")[0]]

    def build(schema: Any) -> Check:
        versioned = {"$schema": _DIALECT[draft], **schema} if isinstance(schema, dict) else schema
        check = fastjsonschema.compile(
            versioned, handlers={"http": retrieve, "https": retrieve}, use_default=False
        )

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


def _is_of(draft: Draft, uri: str) -> bool:
    folder = uri.removeprefix(_REMOTE).split("/")[0]
    return folder == draft or not folder.startswith("draft")


def run_suite(engine: str, folder: Path, draft: Draft) -> SuiteResult:
    """Run every test of a draft through one engine.

    Raises:
        ValueError: the engine is unknown or does not know the draft.
        ImportError: the engine is not installed.
    """
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}: choose one of {', '.join(ENGINES)}")
    tests, remotes = load_suite(folder, draft)
    build = ENGINES[engine](draft, remotes)
    passed = failed = errors = 0
    by_file: dict[str, int] = {}
    for file, groups in tests.items():
        before = failed + errors
        for group in groups:
            try:
                check: Check | None = build(group["schema"])
            except Exception:  # noqa: BLE001 - an engine that cannot compile has failed the group
                check = None
            for test in group["tests"]:
                answer = _answer(check, test["data"])
                if answer is None:
                    errors += 1
                elif answer == test["valid"]:
                    passed += 1
                else:
                    failed += 1
        if failed + errors > before:
            by_file[file] = failed + errors - before
    return SuiteResult(passed, failed, errors, by_file)


def _answer(check: Check | None, value: Any) -> bool | None:
    try:
        return None if check is None else check(value)
    except Exception:  # noqa: BLE001 - a crash is an answer, and not the right one
        return None
