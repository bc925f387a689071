"""From bytes to checked objects and back: where parsing and checking are one step."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import Any

from velvet.bench import Suite, ratio, speedup
from velvet_validation.comparisons import ready
from velvet_validation.contender import Compiled
from velvet_validation.samples import cases


def _feed(n: int) -> tuple[Any, bytes]:
    return cases.valid("feed", n), cases.valid_json("feed", n)


def _untyped(parser: str, n: int) -> Any:
    module = __import__(parser)
    return partial(module.loads, _feed(n)[1])


def _native(name: str, n: int) -> Any:
    payload, data = _feed(n)
    return partial(ready(name, "feed", payload).loads, data)


def _two_steps(parser: str, name: str, n: int) -> Any:
    payload, data = _feed(n)
    loads, load = __import__(parser).loads, ready(name, "feed", payload).load
    return lambda: load(loads(data))


def _loaded(name: str, n: int) -> tuple[Compiled, Any]:
    payload = cases.valid("feed", n)
    compiled = ready(name, "feed", payload)
    value = compiled.load(payload)
    if json.loads(compiled.dumps(value).replace(b'Z"', b'+00:00"')) != payload:
        raise ValueError(f"{name} does not write what it read")
    return compiled, value


def _dumps(name: str, n: int) -> Any:
    compiled, value = _loaded(name, n)
    return partial(compiled.dumps, value)


def _plain_orders(n: int) -> Any:
    """Return dataclasses whose times are text, which both writers can take."""
    from velvet_validation.contenders import handwritten

    compiled, orders = _loaded("handwritten", n)
    del compiled
    made = [handwritten.Order(**{**asdict(order), "created": str(order.created)}) for order in orders]  # fmt: skip
    for one in made:
        one.customer["birthday"] = str(one.customer["birthday"])  # type: ignore[index]
    return made


def _orjson_dataclass(n: int) -> Any:
    import orjson

    return partial(orjson.dumps, _plain_orders(n))


def _asdict_json(n: int) -> Any:
    orders = _plain_orders(n)
    return lambda: json.dumps([asdict(order) for order in orders]).encode()


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    sizes = {"n": [100, 1000]}
    reading = suite.comparison(
        "decode_json",
        title="A feed of n orders from bytes to checked objects",
        unit="ms",
        sizes=sizes,
        quick=lambda n: n == 100,
    )
    reading.add("json_untyped", partial(_untyped, "json"), baseline=True, note="no check at all")
    reading.add("orjson_untyped", partial(_untyped, "orjson"), needs="orjson", note="no check at all")  # fmt: skip
    for name in ("msgspec", "pydantic", "mashumaro", "cattrs"):
        reading.add(name, partial(_native, name), needs=name)
    for parser, name in (("json", "pydantic"), ("orjson", "pydantic"), ("json", "msgspec")):
        needs = [one for one in (parser, name) if one != "json"]
        reading.add(f"{parser}_then_{name}", partial(_two_steps, parser, name), needs=needs)
    reading.add("json_then_handwritten", partial(_two_steps, "json", "handwritten"))

    writing = suite.comparison(
        "encode_json",
        title="A feed of n loaded orders to bytes",
        unit="ms",
        sizes=sizes,
        quick=lambda n: n == 100,
    )
    writing.add("pydantic", partial(_dumps, "pydantic"), needs="pydantic", baseline=True)
    for name in ("msgspec", "cattrs", "mashumaro", "marshmallow"):
        writing.add(name, partial(_dumps, name), needs=name)
    writing.add("orjson_dataclass", _orjson_dataclass, needs="orjson")
    writing.add("asdict_json", _asdict_json)

    suite.claim(
        "decoding into checked structs takes msgspec no more than half as long again as json.loads",
        ratio("decode_json", "msgspec", "json_untyped", n=100) <= 1.5,
    )
    suite.claim(
        "msgspec decodes bytes faster than pydantic",
        speedup("decode_json", "msgspec", "pydantic", n=100) >= 1.3,
    )
    suite.claim(
        "msgspec encodes faster than pydantic",
        speedup("encode_json", "msgspec", "pydantic", n=100) >= 2.5,
    )
    suite.claim(
        "asdict and json take several times what orjson takes for the same dataclasses",
        speedup("encode_json", "orjson_dataclass", "asdict_json", n=100) >= 5,
    )
