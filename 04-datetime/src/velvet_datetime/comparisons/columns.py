"""Columns of 10^4 to 10^6 rows: convert, read and write them."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache, partial
from typing import Any

from velvet.bench import Suite, speedup

UTC = dt.timezone.utc
ZONE = "Europe/Berlin"
START, SPAN_S = dt.datetime(2020, 1, 1, tzinfo=UTC), 6 * 365 * 86_400
ROWS = [10_000, 100_000, 1_000_000]


@lru_cache(maxsize=2)
def _instants(rows: int) -> Any:
    """Return instants over six years as an array; every row is another second."""
    import numpy as np

    seconds = np.random.default_rng(1).integers(0, SPAN_S, rows)
    return np.datetime64(START.replace(tzinfo=None), "us") + seconds.astype("timedelta64[s]")


def _checksum(walls: Any) -> int:
    """Return the sum of a column's seconds: what must be equal, whatever holds it."""
    import numpy as np

    return int(np.asarray(walls).astype("datetime64[s]").view(np.int64).sum())


def _loop(rows: int) -> Any:
    import zoneinfo

    zone = zoneinfo.ZoneInfo(ZONE)
    given = [one.replace(tzinfo=UTC) for one in _instants(rows).tolist()]
    return lambda: [one.astimezone(zone).replace(tzinfo=None) for one in given]


def _numpy(rows: int) -> Any:
    from velvet_datetime.bulk import ZoneTable

    given = _instants(rows)
    table = ZoneTable.build(ZONE, START, START + dt.timedelta(seconds=SPAN_S))
    return lambda: table.utc_to_wall(given)


def _pandas(rows: int) -> Any:
    import pandas as pd  # type: ignore[import-untyped,unused-ignore]

    given = pd.Series(_instants(rows)).dt.tz_localize("UTC")
    return lambda: given.dt.tz_convert(ZONE).dt.tz_localize(None).to_numpy()


@lru_cache(maxsize=2)
def _texts(rows: int) -> list[str]:
    return [one.isoformat() + "+00:00" for one in _instants(rows).tolist()]


def _naive(made: list[dt.datetime]) -> list[dt.datetime]:
    return [one.replace(tzinfo=None) for one in made]


def _read_loop(rows: int) -> Any:
    texts, read = _texts(rows), dt.datetime.fromisoformat
    return lambda: [read(text) for text in texts]


def _read_ciso(rows: int) -> Any:
    from ciso8601 import parse_datetime

    texts = _texts(rows)
    return lambda: [parse_datetime(text) for text in texts]


def _read_ours(rows: int) -> Any:
    from velvet_datetime.rfc3339 import parse_rfc3339

    texts = _texts(rows)
    return lambda: [parse_rfc3339(text).instant for text in texts]


def _read_pandas(rows: int) -> Any:
    import pandas as pd  # type: ignore[import-untyped,unused-ignore]

    texts = _texts(rows)
    return lambda: pd.to_datetime(texts, format="ISO8601", utc=True)


def _read_numpy(rows: int) -> Any:
    import numpy as np

    texts = [text[:-6] for text in _texts(rows)]
    return lambda: np.array(texts, dtype="datetime64[s]")


def _same_instants(made: Any) -> int:
    if isinstance(made, list):
        made = _naive(made)
    elif hasattr(made, "tz_localize"):
        made = made.tz_localize(None).to_numpy()
    return _checksum(made)


def _write_loop(rows: int) -> Any:
    given = _instants(rows).tolist()
    return lambda: [one.isoformat() for one in given]


def _write_numpy(rows: int) -> Any:
    import numpy as np

    given = _instants(rows).astype("datetime64[s]")
    return lambda: np.datetime_as_string(given)


def _write_pandas(rows: int) -> Any:
    import pandas as pd  # type: ignore[import-untyped,unused-ignore]

    given = pd.Series(_instants(rows))
    return lambda: given.dt.strftime("%Y-%m-%dT%H:%M:%S")


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    rows = suite.comparison(
        "bulk_convert",
        title=f"A column of instants to the wall in {ZONE}",
        unit="ms",
        sizes={"rows": ROWS},
        quick=lambda rows: rows == 100_000,
        rounds={"quick": 3, "default": 3, "full": 5},
        limit=180,
    )
    rows.add("loop", _loop, baseline=True, note="a list of datetimes")
    rows.add("numpy", _numpy, needs="numpy", note="ZoneTable")
    rows.add("pandas", _pandas, needs="pandas")
    rows.same_result(
        lambda one, two: _checksum(one) == _checksum(two),
        types="a list, an array of [us] and a Series are what each way gives",
    )
    suite.claim(
        "the NumPy table converts a million rows at least four times faster than the loop",
        speedup("bulk_convert", "numpy", "loop", rows=1_000_000) >= 4,
        tier="default",
    )
    suite.claim(
        "and a hundred thousand rows at least ten times faster",
        speedup("bulk_convert", "numpy", "loop", rows=100_000) >= 10,
    )

    rows = suite.comparison(
        "bulk_memory",
        title="Memory of a million rows converted, in a fresh process",
        unit="s",
        kind="run",
        tier="default",
        floor=True,
        rounds={"default": 2, "full": 3},
        limit=180,
    )
    for name, (way, needs) in {
        "loop": (_loop, ()),
        "numpy": (_numpy, "numpy"),
        "pandas": (_pandas, "pandas"),
    }.items():
        rows.add(name, partial(way, ROWS[-1]), needs=needs, baseline=name == "loop")

    rows = suite.comparison(
        "bulk_parse",
        title="A column of ISO 8601 texts to instants",
        unit="ms",
        sizes={"rows": [10_000, 100_000]},
        quick=lambda rows: rows == 10_000,
        rounds={"quick": 3, "default": 4, "full": 6},
        limit=180,
    )
    rows.add("fromisoformat", _read_loop, baseline=True)
    rows.add("ciso8601", _read_ciso, needs="ciso8601")
    rows.add("ours", _read_ours, note="strict RFC 3339")
    rows.add("pandas", _read_pandas, needs="pandas", note="format='ISO8601', utc=True")
    rows.add("numpy", _read_numpy, needs="numpy", note="knows no offsets: they are cut before")
    rows.same_result(
        lambda one, two: _same_instants(one) == _same_instants(two),
        types="lists and arrays are what each way gives",
    )

    rows = suite.comparison(
        "bulk_format",
        title="A column of instants to ISO 8601",
        unit="ms",
        sizes={"rows": [10_000, 100_000]},
        quick=lambda rows: rows == 10_000,
        rounds={"quick": 3, "default": 4, "full": 6},
        limit=180,
    )
    rows.add("isoformat", _write_loop, baseline=True)
    rows.add("numpy", _write_numpy, needs="numpy")
    rows.add("pandas", _write_pandas, needs="pandas", note="strftime")
    rows.same_result(
        lambda one, two: list(map(str, one)) == list(map(str, two)),
        types="lists and arrays of text are what each way gives",
    )
    suite.claim(
        "strftime of pandas is slower than a loop over isoformat",
        speedup("bulk_format", "isoformat", "pandas", rows=10_000) >= 2,
    )
