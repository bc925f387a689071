"""Does the JSON Schema that a model exports accept what the model accepts?

A schema is a promise to other languages. Where model and schema disagree, a client that checks
before sending is refused, or a payload that no client could send is accepted.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from velvet_validation.cases import FAULTS, Family, at, valid
from velvet_validation.contender import Compiled, Path
from velvet_validation.guard import walk


@dataclass(frozen=True)
class Disagreement:
    """One value on which model and exported schema differ; ``what`` says how it was made."""

    what: str
    value: Any
    model_accepts: bool
    schema_accepts: bool


_STRANGE: tuple[Any, ...] = (None, True, 0, -1, 1.0, 2.5, "", "1", [], {}, "x\n", 10**20)


def mutations(family: Family, n: int, seed: int = 7) -> Iterator[tuple[str, Any]]:
    """Yield the family's faults, then ``n`` payloads with one value replaced by a strange one."""
    for fault in FAULTS:
        if fault.family == family:
            yield fault.id, fault.apply()
    rng = random.Random(seed)
    base = valid(family)
    paths: list[Path] = [path for path, _ in walk(base) if path]
    for _ in range(n):
        path, strange = rng.choice(paths), rng.choice(_STRANGE)
        changed = copy.deepcopy(base)
        at(changed, path[:-1])[path[-1]] = copy.deepcopy(strange)
        yield f"{'.'.join(map(str, path))} = {strange!r}", changed


def agree(compiled: Compiled, values: Iterable[tuple[str, Any]]) -> list[Disagreement]:
    """Return the values on which a model and its own exported schema differ.

    Raises:
        ValueError: the library exports no schema.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    from velvet_validation.contenders.jsonschema import FORMATS

    if compiled.schema is None:
        raise ValueError("the library exports no JSON Schema: choose one that does")
    schema = compiled.schema()
    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    validator = kind(schema, format_checker=FORMATS)
    found = []
    for what, value in values:
        try:
            compiled.load(copy.deepcopy(value))
            model = True
        except compiled.errors:
            model = False
        by_schema = validator.is_valid(value)
        if model != by_schema:
            found.append(Disagreement(what, value, model, by_schema))
    return found
