"""Advanced examples: a large file, stored versions, hostile JSON, and a contract that differs."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from pathlib import Path

from velvet.examples import example, main
from velvet_validation import schema_changes, untrusted, versions
from velvet_validation.comparisons import hostile
from velvet_validation.contenders import contender
from velvet_validation.samples import documents, orders
from velvet_validation.samples.cases import mutations, valid
from velvet_validation.schema_changes import agree
from velvet_validation.streaming import iter_ndjson, quarantine, resume_offset

RECORDS = 200_000


@example("stream_a_large_file")
def stream_a_large_file() -> None:
    """A file of 200,000 records with three bad ones, interrupted once, at flat memory."""
    model = contender("msgspec").build("signup", "strict")
    line = json.dumps(valid("signup")).encode() + b"\n"
    bad = json.dumps({**valid("signup"), "age": -1}).encode() + b"\n"
    with tempfile.TemporaryDirectory() as folder:
        feed, good, rest = (Path(folder) / name for name in ("feed", "good", "bad"))
        feed.write_bytes((line * (RECORDS // 4 - 1) + bad) * 3 + line * (RECORDS // 4))
        print(f"{feed.stat().st_size / 1e6:.0f} MB")

        rows = iter_ndjson(feed, model)
        interrupted = (1 / 0 if row.index == 120_000 else row for row in rows)
        try:
            quarantine(interrupted, good, rest)
        except ZeroDivisionError:
            print(f"stopped; {resume_offset(good) / 1e6:.0f} MB are safe")

        tracemalloc.start()
        rows = iter_ndjson(feed, model, start=resume_offset(good))
        summary = quarantine(rows, good, rest)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        print(f"good {summary.ok}, bad {summary.bad}, peak below 5 MB: {peak < 5}")
        print(rest.read_text(encoding="utf-8").splitlines()[0][:74])
    print("why: one record is in memory at a time, and the note of the offset is written")
    print("     after the records that it covers, so nothing is lost or written twice.")


@example("schema_evolution")
def schema_evolution() -> None:
    """An order of version 1 is read by today's code, and a breaking change is stopped."""
    model = contender("pydantic").build("order", "strict")
    old = {**valid("order"), "customer_name": "amber birch", "email": "amber@example.org"}
    del old["customer"]
    for line in old["lines"]:
        cents = line.pop("price_cents")
        line["price"] = f"{cents // 100}.{cents % 100:02}"
    print(f"stored years ago: {sorted(set(old) - set(valid('order')))} and text prices")
    order = orders.order.load_any(old, model)
    print(f"read today: {order.customer.name}, {order.lines[0].price_cents} cents")
    for payload in ({**old, "version": 9}, {**old, "version": "two"}):
        try:
            orders.order.load_any(payload, model)
        except versions.VersionError as error:
            print(f"refused: {error}")

    def schema(**extra: object) -> dict[str, object]:
        known: dict[str, object] = {"status": {"enum": ["open", "paid", "shipped"]}, **extra}
        return {"type": "object", "properties": known, "required": ["status"]}

    today = schema()
    print("\nthree changes, judged for readers of stored data:")
    for title, changed in (
        ("a new status", schema(status={"enum": ["open", "paid", "shipped", "lost"]})),
        ("a status less", schema(status={"enum": ["open", "paid"]})),
        ("a field that must be there", {**schema(), "required": ["status", "region"]}),
    ):
        breaks = [c for c in schema_changes.breaking(today, changed) if c.breaking]
        print(f"  {title:28} {'BREAKS: ' + breaks[0].rule if breaks else 'safe'}")
    print("why: code is replaced in minutes, stored data stays for years.")


@example("hostile_json")
def hostile_json() -> None:
    """Fourteen hostile documents through parsers of four libraries and the guard."""
    names = ("json", "orjson", "msgspec", "pydantic", "guard")
    found = hostile.survey(names, limit_s=10)
    print(f"{'':24}" + "".join(f"{name:>10}" for name in names))
    for document in documents.DOCUMENTS:
        outcomes = [found[name][document]["outcome"] for name in names]
        marks = ["-" if outcome == "rejected" else outcome for outcome in outcomes]
        print(f"{document:24}" + "".join(f"{mark[:9]:>10}" for mark in marks))
    guarded = {one["outcome"] for one in found["guard"].values()}
    print(f"\nthe guard: {', '.join(sorted(guarded))}")
    for schema in (
        {"$ref": "file:///etc/passwd"},
        {"pattern": "^(a+)+$"},
    ):
        try:
            untrusted.check(schema)
        except untrusted.UnsafeSchema as error:
            print(f"schema refused: {schema} ({type(error).__name__})")
    print("why: JSON says little about limits, so each parser chose its own; two equal")
    print("     keys pass everywhere, and two services may each see another value.")


@example("contract_test")
def contract_test() -> None:
    """Values on which a model and the JSON Schema that it exports disagree."""
    for name in ("pydantic", "msgspec"):
        compiled = contender(name).build("order", "strict")
        found = agree(compiled, mutations("order", 300))
        said: dict[str, str] = {}
        for one in found:
            said.setdefault(one.what.split(" = ")[-1], "model" if one.model_accepts else "schema")
        print(f"{name}: {len(found)} of 300 changed orders and the known faults")
        sides = {one.model_accepts for one in found}
        assert sides, "the two agree on everything that was tried"
        for what, side in sorted(said.items()):
            print(f"  {what:32} accepted by the {side} only")
    print("\nwhy: a rule in a function is in no schema, 1.0 is an integer to JSON Schema,")
    print("     and $ means another place in Python than in Rust: test the contract.")


if __name__ == "__main__":
    main()
