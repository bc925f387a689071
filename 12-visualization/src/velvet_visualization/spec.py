"""One chart as data: what is to be drawn, said without any library.

A `ChartSpec` that exists can be drawn: the constructor converts the columns, checks every rule
and reports all problems at once with their JSON paths. Missing values are decided here and
nowhere else: NaN, infinities and NaT are gaps, so that four libraries with four habits agree.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from numbers import Integral
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from velvet_visualization.errors import SpecError

Kind = Literal["line", "scatter", "area", "bar", "histogram", "heatmap"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Scale = Literal["linear", "log", "time", "category"]
SCALES: tuple[Scale, ...] = get_args(Scale)
VERSION = 1
MAX_LETTERS = 80
# Beyond these a domain with its margin overflows or becomes zero.
MAX_NUMBER, LOG_RANGE = 1e300, (1e-270, 1e270)
# Two ends closer than this, relative to their size, are one number for Matplotlib.
MIN_SPAN = 1e-14
MAX_CATEGORIES = 200
SIDES = (100, 4000)
# Outside these years a domain with its margin cannot be shown by every library.
YEARS = np.array(["1700-01-01", "2200-01-01"], "datetime64[D]")
SCALES_OF: dict[Kind, tuple[tuple[Scale, ...], tuple[Scale, ...]]] = {
    "line": (("linear", "log", "time"), ("linear", "log")),
    "scatter": (("linear", "log", "time"), ("linear", "log")),
    "area": (("linear", "log", "time"), ("linear",)),
    "bar": (("category",), ("linear",)),
    "histogram": (("linear",), ("linear",)),
    "heatmap": (("category",), ("category",)),
}


def clean(text: str, limit: int = MAX_LETTERS) -> str:
    """Return a label as XML may hold it, shortened with an ellipsis.

    Control characters, lone surrogates and noncharacters are left out; of the last, U+FFFF makes
    vl-convert abort the whole process.

    Raises:
        ValueError: a limit without room for the ellipsis.
    """
    if not limit >= 1:
        raise ValueError(f"limit is {limit}: at least 1 letter is needed")
    kept = "".join(
        one
        for one in text
        if unicodedata.category(one) not in ("Cc", "Cs") and ord(one) & 0xFFFE != 0xFFFE
    )
    return kept if len(kept) <= limit else kept[: limit - 1] + "\u2026"


@dataclass(frozen=True)
class Channel:
    """What one axis shows.

    Attributes:
        field: the column's name; any text.
        label: of the axis; the column's name by default.
        domain: smallest and largest value shown; computed from the data by default.
    """

    field: str
    label: str = ""
    scale: Scale = "linear"
    domain: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class ChartSpec:
    """A chart of one of six kinds over columns of equal length.

    Attributes:
        y: ignored by a histogram, whose heights are counts.
        color: the column that splits the rows into series; a heatmap's numeric value.
        alt: the alternative text; written from the data by default.

    Raises:
        SpecError: anything that not every library could draw, all problems at once.
    """

    kind: Kind
    data: Mapping[str, Any]
    x: Channel
    y: Channel = field(default_factory=lambda: Channel("", "count"))
    color: str = ""
    title: str = ""
    alt: str = ""
    width: int = 640
    height: int = 480
    bins: int = 20

    def __post_init__(self) -> None:
        problems: list[str] = []
        columns = {}
        for name, values in dict(self.data).items():
            try:
                columns[name] = column(values)
            except ValueError as error:
                problems.append(f"/data/{_pointer(name)}: {error}")
        object.__setattr__(self, "data", columns)
        problems.extend(_problems(self))
        if problems:
            raise SpecError(problems)
        for name in ("width", "height", "bins"):
            object.__setattr__(self, name, int(getattr(self, name)))  # of NumPy's, too

    @property
    def rows(self) -> int:
        """How many rows the columns have."""
        return len(next(iter(self.data.values())))

    def to_json(self) -> str:
        """Return the specification as JSON; NaN is null, a moment is ISO 8601 in UTC."""
        about = {
            name: getattr(self, name)
            for name in ("kind", "color", "title", "alt", "width", "height", "bins")
        }
        axes = {name: vars(getattr(self, name)) for name in ("x", "y")}
        data = {name: _plain(values) for name, values in self.data.items()}
        return json.dumps({"version": VERSION, **about, **axes, "data": data}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ChartSpec:
        """Read what `to_json` wrote.

        Raises:
            SpecError: it is no JSON object of this version, or no chart.
        """
        try:
            given = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SpecError([f"/: no JSON ({type(error).__name__})"]) from None
        if not isinstance(given, dict) or given.pop("version", None) != VERSION:
            raise SpecError([f"/version: must be {VERSION}"])
        try:
            for axis in ("x", "y"):
                about = dict(given.pop(axis))
                if about.get("domain") is not None:
                    about["domain"] = tuple(about["domain"])
                given[axis] = Channel(**about)
            return cls(**given)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, SpecError):
                raise
            raise SpecError([f"/: not the fields of a chart ({error})"]) from None


def column(values: Any) -> NDArray[Any]:
    """Return values as a one-dimensional array of floats, text, or datetime64 in UTC.

    Raises:
        ValueError: the values are of mixed or unknown types, of more than one dimension, or
            moments that do not fit into milliseconds.
    """
    if isinstance(values, list | tuple):
        values = _from_list(list(values))
    array: NDArray[Any] = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"one dimension is needed, not {array.ndim}")
    if np.ma.is_masked(values):  # as an array, what is masked would be drawn
        pairs = zip(array, values.mask, strict=True)
        return column([None if hidden else one for one, hidden in pairs])
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    if array.dtype.kind == "M":
        return _in_ms(array)
    if array.dtype.kind == "U":
        return array
    return column(array.tolist()) if array.dtype.kind in "OT" else _refuse(array.dtype)


def _refuse(what: Any) -> NDArray[Any]:
    raise ValueError(f"numbers, text or moments are needed, not {what}")


def _from_list(values: list[Any]) -> NDArray[Any]:
    there = [one for one in values if one is not None]
    if all(isinstance(one, bool | int | float | np.number | np.bool_) for one in there):
        try:
            return np.array([np.nan if one is None else float(one) for one in values])
        except OverflowError:
            raise ValueError("an integer is too large for a float") from None
    if all(isinstance(one, datetime | np.datetime64) for one in there):
        return np.array([np.datetime64("NaT", "ms") if v is None else _utc(v) for v in values])
    if all(isinstance(one, str) for one in there) and len(there) == len(values):
        return _moments(there) if there and _is_moment(there[0]) else np.array(there, dtype=str)
    return _refuse("a mixture of " + ", ".join(sorted({type(one).__name__ for one in values})))


def _in_ms(array: NDArray[Any]) -> NDArray[Any]:
    found = array.astype("datetime64[ms]")
    there = ~np.isnat(array)
    before, after = (one[there].astype("datetime64[Y]") for one in (array, found))
    if (before != after).any():  # NumPy wraps around
        raise ValueError("a moment is too far away to be counted in milliseconds")
    return found


def _utc(moment: Any) -> np.datetime64:
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        try:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
        except OverflowError:
            raise ValueError(f"{moment} has no UTC time") from None
    found: np.datetime64 = _in_ms(np.array([moment], dtype="datetime64"))[0]
    return found


def _is_moment(text: str) -> bool:
    return len(text) >= 19 and text[4:5] == "-" and text[10:11] == "T" and text.endswith("Z")


def _moments(texts: list[str]) -> NDArray[Any]:
    try:
        return np.array([np.datetime64(one.rstrip("Z"), "ms") for one in texts])
    except ValueError:
        return np.array(texts, dtype=str)


def _plain(values: NDArray[Any]) -> list[Any]:
    if values.dtype.kind == "M":
        return [None if np.isnat(one) else f"{one}Z" for one in values]
    if values.dtype.kind == "U":
        return [str(one) for one in values]
    return [float(one) if np.isfinite(one) else None for one in values]


def _pointer(name: str) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def _problems(spec: ChartSpec) -> Iterator[str]:
    if spec.kind not in KINDS:
        yield f"/kind: {spec.kind!r} is none of {', '.join(KINDS)}"
        return
    yield from (wrong := list(_no_texts(spec)))
    if wrong:
        return
    lengths = {len(values) for values in spec.data.values()}
    if not lengths or lengths == {0}:
        yield "/data: there is no row"
        return
    if len(lengths) > 1:
        sizes = ", ".join(f"{name} {len(values)}" for name, values in spec.data.items())
        yield f"/data: columns differ in length ({sizes})"
        return
    for name, (least, most) in (("width", SIDES), ("height", SIDES), ("bins", (1, 1000))):
        size = getattr(spec, name)
        if not isinstance(size, Integral) or not least <= int(size) <= most:
            yield f"/{name}: {size!r} is not between {least} and {most}"
    if spec.color and spec.color not in spec.data:
        yield f"/color: there is no column {spec.color!r}"
    for name, allowed in zip("xy", SCALES_OF[spec.kind], strict=True):
        yield from _axis_problems(spec, name, getattr(spec, name), allowed)
    values = spec.data.get(spec.color)
    if spec.kind == "heatmap":
        if values is None or values.dtype.kind != "f" or not np.isfinite(values).any():
            yield "/color: a heatmap needs a column of numbers"
        elif _largest(values) > MAX_NUMBER:
            yield "/color: numbers above 1e300 leave no room for a scale"
    elif values is not None and values.dtype.kind != "U":
        yield "/color: series are told apart by text: turn the column into text first"


def _no_texts(spec: ChartSpec) -> Iterator[str]:
    """Yield what is no text, or no channel, where one is needed."""
    texts = {f"/data/{_pointer(name)}": name for name in spec.data}
    texts |= {"/title": spec.title, "/alt": spec.alt, "/color": spec.color or ""}
    for name, channel in (("x", spec.x), ("y", spec.y)):
        if isinstance(channel, Channel):
            texts |= {f"/{name}/field": channel.field, f"/{name}/label": channel.label}
        else:
            yield f"/{name}: a Channel is needed, not {channel!r}"
    for path, text in texts.items():
        if not isinstance(text, str):
            yield f"{path}: text is needed, not {text!r}"


def _largest(values: NDArray[np.float64]) -> float:
    return float(np.max(np.abs(np.where(np.isfinite(values), values, 0))))


def _axis_problems(
    spec: ChartSpec, name: str, channel: Channel, allowed: tuple[Scale, ...]
) -> Iterator[str]:
    counted = spec.kind == "histogram" and name == "y"  # heights, of no column
    if not counted and channel.field not in spec.data:
        yield f"/{name}/field: there is no column {channel.field!r}"
        return
    if channel.scale not in allowed:
        yield f"/{name}/scale: a{'n' * (spec.kind == 'area')} {spec.kind} takes {' or '.join(allowed)}, not {channel.scale!r}"
        return
    if channel.domain is not None and not _is_domain(channel):
        yield f"/{name}/domain: {channel.domain!r} is not two rising finite numbers on its scale"
    if not counted:
        yield from _values_problems(name, channel, spec.data[channel.field])


def _values_problems(name: str, channel: Channel, values: NDArray[Any]) -> Iterator[str]:
    if channel.scale == "category":
        if values.dtype.kind != "U":
            yield f"/{name}/field: a category is text"
        elif len(set(values.tolist())) > MAX_CATEGORIES:
            yield f"/{name}/field: more than {MAX_CATEGORIES} categories"
        return
    if channel.scale == "time":
        if values.dtype.kind != "M":
            yield f"/{name}/field: a time scale needs moments (datetime)"
        elif np.isnat(values).all():
            yield f"/{name}/field: no moment at all"
        elif (bad := int(((values < YEARS[0]) | (values > YEARS[1])).sum())) > 0:
            yield f"/{name}/field: {bad} moments outside the years 1700 to 2200"
    elif values.dtype.kind != "f":
        yield f"/{name}/field: a {channel.scale} scale needs numbers"
    elif not np.isfinite(values).any():
        yield f"/{name}/field: no finite number"
    elif channel.scale == "log" and (bad := int((values <= 0).sum())) > 0:
        yield f"/{name}/field: a log scale needs numbers above 0 ({bad} are not)"
    elif channel.scale == "log" and not _within(values[np.isfinite(values)], LOG_RANGE):
        yield f"/{name}/field: a log scale needs numbers between 1e-270 and 1e270"
    elif _largest(values) > MAX_NUMBER:
        yield f"/{name}/field: numbers above 1e300 leave no room for a margin"


def _within(values: NDArray[np.float64], ends: tuple[float, ...]) -> bool:
    return bool(np.all(values >= ends[0]) and np.all(values <= ends[1]))


def _is_domain(channel: Channel) -> bool:
    """Whether a domain is two numbers that every library keeps apart."""
    try:
        low, high = (float(one) for one in channel.domain or ())
    except (TypeError, ValueError, OverflowError):
        return False
    span = max(abs(low), abs(high)) * MIN_SPAN
    ends = {"log": LOG_RANGE, "time": tuple(YEARS.astype("M8[ms]").astype(float))}
    return high - low > span and _within(
        np.array([low, high]), ends.get(channel.scale, (-MAX_NUMBER, MAX_NUMBER))
    )
