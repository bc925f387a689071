"""What loaded data costs to hold, and whether a stream stays flat."""

from __future__ import annotations

import gc
import json
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Suite, ratio
from velvet_validation.contenders import contender
from velvet_validation.samples import cases

OBJECTS = 20_000
DISTINCT = 500  # rows that repeat, so that a file is written faster than it is read


@dataclass
class _Plain:
    a: int
    b: int
    c: int


@dataclass(slots=True)
class _Slots:
    a: int
    b: int
    c: int


def _attrs() -> Any:
    import attrs

    return attrs.make_class("Slotted", {name: attrs.field(type=int) for name in "abc"}, slots=True)


def _pydantic() -> Any:
    from pydantic import create_model

    return create_model("Model", **dict.fromkeys("abc", (int, ...)))  # type: ignore[call-overload]


def _msgspec(*, tracked: bool = True) -> Any:
    import msgspec

    return msgspec.defstruct("Struct", [(name, int) for name in "abc"], gc=tracked)


def _held(kind: Callable[[], Any]) -> Any:
    make = kind()

    def run() -> dict[str, float]:
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        kept: list[Any] = [None] * OBJECTS
        list_bytes = tracemalloc.get_traced_memory()[0] - before
        for index in range(OBJECTS):
            kept[index] = make(a=1, b=2, c=3)  # small integers are shared: only the holder counts
        held = tracemalloc.get_traced_memory()[0] - before - list_bytes
        tracemalloc.stop()
        return {"bytes": held / OBJECTS}

    return run


def _file(folder: str, records: int, *, array: bool) -> Path:
    lines = [json.dumps(cases.valid("signup", seed=seed)).encode() for seed in range(DISTINCT)]
    path = Path(folder) / "feed"
    between = b"," if array else b"\n"
    block = between.join(lines)
    with path.open("wb") as file:
        file.write(b"[" if array else b"")
        for index in range(records // DISTINCT):
            file.write((between if index else b"") + block)
        file.write(b"]" if array else b"\n")
    return path


def _adapted(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _stream(name: str, way: str, records: int) -> Iterator[Any]:
    from velvet_validation.streaming import iter_json_array, iter_ndjson

    if way == "ijson":
        import ijson  # type: ignore[import-untyped,unused-ignore]  # noqa: F401 - by set-up, untimed
    adapter: Any = contender(name)
    compiled, model = adapter.build("signup"), adapter.models()["signup"]
    kind: Any = list[model]  # type: ignore[valid-type]
    many = adapter.compiled(_adapted(kind) if name == "pydantic" else kind)
    with tempfile.TemporaryDirectory() as folder:
        path = _file(folder, records, array=way != "ndjson")

        def whole() -> int:
            return len(many.loads(path.read_bytes()))

        def rows() -> int:
            return sum(1 for _ in iter_ndjson(path, compiled))

        def items() -> int:
            return sum(1 for _ in iter_json_array(path, compiled))

        def run() -> dict[str, float]:
            found = {"whole": whole, "ndjson": rows, "ijson": items}[way]()
            if found != records:
                raise ValueError(f"{found} of {records} records were read")
            return {"records": float(found)}

        yield run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    held = suite.comparison(
        "hold_memory",
        title=f"Bytes of one object of three integers, over {OBJECTS}",
        kind="value",
        unit="bytes",
        metrics={"bytes": "bytes"},
    )
    held.add("dict", partial(_held, lambda: dict), baseline=True)
    held.add("dataclass", partial(_held, lambda: _Plain))
    held.add("dataclass_slots", partial(_held, lambda: _Slots))
    held.add("attrs", partial(_held, _attrs), needs="attrs")
    held.add("pydantic", partial(_held, _pydantic), needs="pydantic")
    held.add("msgspec", partial(_held, _msgspec), needs="msgspec")
    held.add(
        "msgspec_untracked",
        partial(_held, partial(_msgspec, tracked=False)),
        needs="msgspec",
        tuned_of="msgspec",
        note="gc=False: never part of a cycle",
    )

    stream = suite.comparison(
        "stream_file",
        title="A file of sign-ups, checked as a whole or record by record",
        kind="run",
        unit="s",
        sizes={"records": [20_000, 200_000]},
        quick=lambda records: records == 20_000,
        metrics={"records": "records"},
        floor=True,
    )
    for way in ("whole", "ndjson", "ijson"):
        for name in ("pydantic", "msgspec"):
            needs = (name, "ijson") if way == "ijson" else (name,)
            stream.add(f"{name}_{way}", partial(_stream, name, way), needs=needs)

    suite.claim(
        "a pydantic model takes several times the memory of a msgspec struct",
        ratio("hold_memory", "pydantic", "msgspec", "bytes") >= 3,
    )
    suite.claim(
        "a stream needs a quarter of the memory of the whole file or less",
        ratio("stream_file", "pydantic_whole", "pydantic_ndjson", "delta_mb", records=200_000) >= 4,
        tier="default",
    )
