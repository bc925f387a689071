"""A pattern that needs exponential time in a backtracking engine, in six validators."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Suite, speedup

BOMB = r"^(a+)+$"
ENGINES = {
    "pydantic": "Rust regex, the default",
    "pydantic_python_re": "regex_engine='python-re'",
    "msgspec": "Python's re",
    "jsonschema": "Python's re",
    "fastjsonschema": "Python's re",
    "jsonschema_rs": "Rust, with a backtracking limit",
}


def check(engine: str) -> Callable[[str], bool]:
    """Return a function that tells whether a text matches the bomb, by one validator."""
    schema = {"type": "string", "pattern": BOMB}
    if engine.startswith("pydantic"):
        from typing import Annotated

        from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

        regex: Any = "python-re" if engine.endswith("_re") else "rust-regex"
        adapter: Any = TypeAdapter(
            Annotated[str, Field(pattern=BOMB)], config=ConfigDict(regex_engine=regex)
        )
        return partial(_accepts, adapter.validate_python, ValidationError)
    if engine == "msgspec":
        from typing import Annotated

        import msgspec

        kind = Annotated[str, msgspec.Meta(pattern=BOMB)]
        return partial(_accepts, partial(msgspec.convert, type=kind), msgspec.ValidationError)
    if engine == "jsonschema":
        from jsonschema import Draft7Validator

        return Draft7Validator(schema).is_valid
    if engine == "jsonschema_rs":
        import jsonschema_rs

        return jsonschema_rs.Draft7Validator(schema).is_valid
    import fastjsonschema

    return partial(_accepts, fastjsonschema.compile(schema), fastjsonschema.JsonSchemaException)


def _accepts(validate: Callable[[Any], Any], error: type[Exception], text: str) -> bool:
    try:
        validate(text)
    except error:
        return False
    return True


def _bomb(engine: str, k: int) -> Callable[[], bool]:
    return partial(check(engine), "a" * k + "!")


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    bomb = suite.comparison(
        "redos",
        title=f"k times a, then !, against {BOMB}",
        unit="ms",
        sizes={"k": [14, 18]},
        quick=lambda k: k == 18,
    )
    for name, note in ENGINES.items():
        library = "pydantic" if name.startswith("pydantic") else name.replace("_", "-")
        bomb.add(name, partial(_bomb, name), needs=library, note=note)
    bomb.same_result()

    suite.claim(
        "an engine that does not backtrack answers a pattern bomb a hundred times faster",
        speedup("redos", "pydantic", "msgspec", k=18) >= 100,
    )
