"""One task and its rules: what may be stored, and what is refused by name."""

from __future__ import annotations

from typing import Any, NamedTuple

PRIORITIES = (1, 5)
_C0_AND_DEL = {*range(32), 127}


class InvalidTask(ValueError):
    """A field of a task breaks its rule."""


class Task(NamedTuple):
    """A task: a positive number, a one-line title, priority 1 to 5, tags, state, creation time.

    `created` is in seconds since the epoch.
    """

    id: int
    title: str
    priority: int
    tags: tuple[str, ...]
    done: bool
    created: float

    def row(self) -> dict[str, Any]:
        """Return the fields as JSON knows them."""
        return {**self._asdict(), "tags": list(self.tags)}

    def checked(self) -> Task:
        """Return the task itself when it keeps all rules.

        Raises:
            InvalidTask: names the field, the value and the rule.
        """
        _line("title", self.title)
        for tag in self.tags:
            _line("tag", tag)
        low, high = PRIORITIES
        if not low <= self.priority <= high:
            raise InvalidTask(f"priority must be {low} to {high}, not {self.priority}")
        if self.id < 1:
            raise InvalidTask(f"id must be positive, not {self.id}")
        return self


def to_task(raw: object) -> Task:
    """Return the task that a decoded JSON object describes; only `id` and `title` are required.

    Raises:
        InvalidTask: not an object, an unknown or missing field, a wrong type, a broken rule.
    """
    if not isinstance(raw, dict):
        raise InvalidTask(f"an object is needed, not {type(raw).__name__}")
    unknown = raw.keys() - set(Task._fields)
    if unknown:
        raise InvalidTask(f"unknown field {min(unknown)!r}; known are {', '.join(Task._fields)}")
    tags = raw.get("tags", [])
    if not isinstance(tags, list):
        raise InvalidTask(f"tags must be a list, not {tags!r}")
    created = raw.get("created", 0.0)
    if isinstance(created, bool) or not isinstance(created, int | float):
        raise InvalidTask(f"created must be a number, not {created!r}")
    return Task(
        _of(raw, "id", int),
        _of(raw, "title", str),
        _of({"priority": 3, **raw}, "priority", int),
        tuple(tags),
        _of({"done": False, **raw}, "done", bool),
        float(created),
    ).checked()


def _of(raw: dict[str, Any], name: str, kind: type) -> Any:
    if name not in raw:
        raise InvalidTask(f"{name} is missing")
    value = raw[name]
    # True is an int in Python, and no task's number.
    if type(value) is not kind:
        raise InvalidTask(f"{name} must be {kind.__name__}, not {value!r}")
    return value


def _line(name: str, text: object) -> None:
    if not isinstance(text, str):
        raise InvalidTask(f"a {name} must be text, not {text!r}")
    if not text.strip():
        raise InvalidTask(f"a {name} must not be empty")
    if bad := next((character for character in text if ord(character) in _C0_AND_DEL), None):
        raise InvalidTask(f"a {name} must be one line without control characters, not with {bad!r}")
    # What undecodable bytes of an argument become; UTF-8 cannot hold it.
    if bad := next((character for character in text if "\ud800" <= character <= "\udfff"), None):
        raise InvalidTask(f"a {name} must be valid Unicode, not with {bad!r}")
