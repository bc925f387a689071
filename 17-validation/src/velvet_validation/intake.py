"""Accept an order over HTTP: four versions of one function, each mended by the next.

`NaiveIntake` trusts, `CheckedIntake` asks by hand, `LaxIntake` leaves it to a model's defaults,
`ProductionIntake` guards the bytes, reads every stored version, checks strictly and answers with
a problem document that holds no secret. All take bytes and return an answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from velvet_validation import errors, guard, versions
from velvet_validation.contender import Compiled, Invalid, Problem, validate
from velvet_validation.samples import orders
from velvet_validation.samples.cases import SECRET_PATHS


@dataclass(frozen=True)
class Answer:
    """What the caller gets: a status and a JSON body; ``total`` is what was understood."""

    status: int
    body: bytes
    total: int | None = None


def _total(lines: Any) -> Any:
    return sum(line["qty"] * line["price_cents"] for line in lines)


def _ok(total: Any) -> Answer:
    return Answer(200, json.dumps({"total": total}).encode(), total)


class NaiveIntake:
    """Use the payload and see; what is wrong becomes a 500 or a wrong total."""

    def accept(self, body: bytes) -> Answer:
        """Return the total of whatever was sent."""
        try:
            return _ok(_total(json.loads(body)["lines"]))
        except Exception as error:  # noqa: BLE001 - the framework's catch-all
            return Answer(500, json.dumps({"error": repr(error)}).encode())


class CheckedIntake:
    """Ask by hand for what was thought of; it drifts from the schema with every new field."""

    def accept(self, body: bytes) -> Answer:
        """Return the total, or the first thing that was asked for and is wrong."""
        try:
            payload = json.loads(body)
        except ValueError:
            return Answer(400, b'{"error": "no JSON"}')
        except RecursionError as error:  # no check asks for depth: the framework's catch-all
            return Answer(500, json.dumps({"error": repr(error)}).encode())
        if not isinstance(payload, dict) or not isinstance(payload.get("lines"), list):
            return Answer(400, b'{"error": "lines is no list"}')
        for line in payload["lines"]:
            if not isinstance(line, dict) or not isinstance(line.get("qty"), int):
                return Answer(400, b'{"error": "qty is no int"}')
            if line["qty"] < 1 or not isinstance(line.get("price_cents"), int):
                return Answer(400, b'{"error": "qty or price_cents is wrong"}')
        return _ok(_total(payload["lines"]))


@dataclass
class LaxIntake:
    """A model with its defaults, and its error text as the answer."""

    model: Compiled

    def accept(self, body: bytes) -> Answer:
        """Return the total of the model, or the library's own text."""
        try:
            value = self.model.loads(body)
        except self.model.errors as error:
            return Answer(422, json.dumps({"error": errors.logged(error)}).encode())
        return _ok(_total(self.model.dump(value)["lines"]))


@dataclass
class ProductionIntake:
    """Guard, version, strict model, problem document (RFC 9457)."""

    model: Compiled

    def accept(self, body: bytes) -> Answer:
        """Return the total, or a problem document with pointers and without values."""
        payload: Any = None
        try:
            payload = guard.safe_loads(body)
            if isinstance(payload, dict) and "version" in payload:
                value = orders.order.load_any(payload, self.model)
            else:
                value = validate(self.model, payload)
        except Invalid as error:
            return self._problem(error, payload)
        except (guard.Refused, versions.VersionError) as error:
            problem = Problem((), type(error).__name__, str(error))
            return self._problem(Invalid((problem,)), payload)
        return _ok(_total(self.model.dump(value)["lines"]))

    @staticmethod
    def _problem(invalid: Invalid, payload: Any) -> Answer:
        document = errors.problem_document(invalid, payload, SECRET_PATHS["order"])
        return Answer(422, json.dumps(document).encode())
