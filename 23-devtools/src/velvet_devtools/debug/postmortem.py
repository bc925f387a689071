"""A crash written to a file, and walked through later, in another process.

A traceback says where; what is asked next is "with which values?". A dump keeps every frame with
its source lines and its variables, as bounded text: no pickle, so it can be opened anywhere and runs
nothing, and no object's `__repr__` is called while the program is dying. Values with a
secret's name are left out, and so is the text of any other variable that holds such a value.
"""

from __future__ import annotations

import json
import linecache
import platform
import re
import sys
import threading
import traceback
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from velvet_devtools.debug.values import HIDDEN, attributes, written
from velvet_devtools.errors import DevtoolsError

SECRET = re.compile(r"passw|token|secret|api_?key|private_?key|credential|authori[sz]ation", re.I)
AROUND = 3
MAX_FRAMES, MAX_MESSAGE = 60, 500
MIN_SECRET = 4  # a shorter text would be hidden in every second word
VERSION = 1


@dataclass(frozen=True)
class Frame:
    """One call of the stack: where it stood, the lines around, its variables as text."""

    function: str
    file: str
    line: int
    source: Sequence[str]
    first_line: int
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Dump:
    """A crash: the error, its causes, the stack from the outside in, and what ran it."""

    error: str
    message: str
    causes: tuple[str, ...]
    frames: tuple[Frame, ...]
    python: str
    system: str
    thread: str
    version: int = VERSION

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Dump:
        """Read what `save` wrote; DevtoolsError for what is no dump, or one of another version."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data["version"] != VERSION:
                raise DevtoolsError(f"{path.name}: version {data['version']}, not {VERSION}")
            frames = tuple(Frame(**one) for one in data["frames"])
            return cls(**{**data, "frames": frames, "causes": tuple(data["causes"])})
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DevtoolsError(f"{path.name} is no dump of a crash: {error}") from None


def capture(error: BaseException) -> Dump:
    """Take a dump of an exception that is being handled."""
    places = list(traceback.walk_tb(error.__traceback__))
    secrets = _secrets([frame for frame, _ in places])
    if len(places) > MAX_FRAMES:  # a recursion: both ends tell the story
        places = places[: MAX_FRAMES // 2] + places[-MAX_FRAMES // 2 :]
    causes = (f"{type(one).__name__}: {_message(one)}" for one in _causes(error))
    return Dump(
        error=type(error).__name__,
        message=_without(_message(error), secrets)[:MAX_MESSAGE],
        causes=tuple(_without(one, secrets)[:MAX_MESSAGE] for one in causes),
        frames=tuple(_frame(frame, line, secrets) for frame, line in places),
        python=platform.python_version(),
        system=platform.system(),
        thread=threading.current_thread().name,
    )


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception may have a broken __str__
        return "<its text cannot be made>"


def _causes(error: BaseException) -> Iterator[BaseException]:
    known = {id(error)}
    following = error.__cause__ or error.__context__
    while following is not None and id(following) not in known:
        known.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def _secrets(frames: list[types.FrameType]) -> frozenset[str]:
    """Return the texts that variables with a secret's name hold, and attributes and keys of theirs."""
    found = set()
    for frame in frames:
        for name, value in list(frame.f_locals.items()):
            fields = (value if type(value) is dict else attributes(value)) or {}
            for key, one in ((name, value), *list(fields.items())):
                text = one.decode("latin-1") if type(one) is bytes else one
                if SECRET.search(str(key) if type(key) is str else "") and type(text) is str:
                    found.add(text)
    return frozenset(one for one in found if len(one) >= MIN_SECRET)


def _without(text: str, secrets: frozenset[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):  # one may be a part of another
        text = text.replace(secret, HIDDEN)
    return text


def _frame(frame: types.FrameType, line: int, secrets: frozenset[str]) -> Frame:
    file = frame.f_code.co_filename
    first = max(1, line - AROUND)
    source = [linecache.getline(file, n).rstrip()[:200] for n in range(first, line + AROUND + 1)]
    variables = {
        name: HIDDEN if SECRET.search(name) else _without(written(value, 0, SECRET), secrets)
        for name, value in dict(frame.f_locals).items()
        if not name.startswith("__")
    }
    function = getattr(frame.f_code, "co_qualname", frame.f_code.co_name)
    lines = tuple(_without(row, secrets) for row in source)
    return Frame(function, file, line, lines, first, variables)


class Explorer:
    """Walk through a dump as in pdb."""

    def __init__(self, dump: Dump) -> None:
        self.dump = dump
        self.place = len(dump.frames) - 1

    def do(self, command: str) -> str:
        """Carry out one command and return what it shows; an unknown one shows the commands."""
        word, _, rest = command.strip().partition(" ")
        frame = self.dump.frames[self.place]
        if word in ("up", "u"):
            self.place = max(0, self.place - 1)
        elif word in ("down", "d"):
            self.place = min(len(self.dump.frames) - 1, self.place + 1)
        elif word == "p":
            return frame.variables.get(rest, f"there is no {rest!r} in {frame.function}")
        elif word == "a":
            return "\n".join(f"{name} = {value}" for name, value in frame.variables.items())
        elif word == "l":
            numbered = enumerate(frame.source, frame.first_line)
            return "\n".join(f"{'>' if n == frame.line else ' '}{n:4} {row}" for n, row in numbered)
        elif word != "w":
            return "commands: up, down, p NAME, a, l, w"
        here = self.dump.frames[self.place]
        return f"{self.place}: {here.function}, {Path(here.file).name}:{here.line}"


def install(path: Path) -> None:
    """Write a dump of whatever ends this program or one of its threads, then go on as before."""
    main, threads = sys.excepthook, threading.excepthook

    def on_error(
        kind: type[BaseException], error: BaseException, trace: types.TracebackType | None
    ) -> None:
        capture(error.with_traceback(trace)).save(path)
        main(kind, error, trace)

    def on_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            capture(args.exc_value).save(path)
        threads(args)

    sys.excepthook, threading.excepthook = on_error, on_thread
