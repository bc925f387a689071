"""Hostile files: what each library does with them, and what a refusal costs."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Metric, Outcome, Suite, ratio, value
from velvet_media.errors import MediaError
from velvet_media.safety import decode_safely, inspect
from velvet_media.samples import hostile

OPENED_MP = 100  # what is larger is not opened for a table


def _pillow(data: bytes) -> str:
    from PIL import Image as Pil

    with Pil.open(io.BytesIO(data)) as opened:
        opened.load()
        return f"accepts {opened.size[0]}x{opened.size[1]}"


def _opencv(data: bytes) -> str:
    import cv2

    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    return "returns None" if found is None else f"accepts {found.shape[1]}x{found.shape[0]}"


def _pyvips(data: bytes) -> str:
    import pyvips

    opened = pyvips.Image.new_from_buffer(data, "")
    if opened.width * opened.height > OPENED_MP * 1e6:
        return f"opens {opened.width}x{opened.height}"
    opened.avg()
    return f"accepts {opened.width}x{opened.height}"


def _skimage(data: bytes) -> str:
    import imageio.v3 as iio

    found = iio.imread(io.BytesIO(data), index=0)
    return f"accepts {found.shape[1]}x{found.shape[0]}"


def _ours(data: bytes) -> str:
    image = decode_safely(data)
    return f"accepts {image.shape[1]}x{image.shape[0]}"


SYSTEMS: dict[str, Callable[[bytes], str]] = {
    "pillow": _pillow,
    "opencv": _opencv,
    "pyvips": _pyvips,
    "skimage": _skimage,
    "decode_safely": _ours,
}


def tried(system: str, data: bytes) -> str:
    """Return what a system does with a file: accepts it, or the class of its error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return SYSTEMS[system](data)
    except ImportError:
        return "not installed"
    except Exception as error:  # noqa: BLE001 - whatever a library raises is shown
        return type(error).__name__


def _file(name: str) -> dict[str, Any]:
    one = hostile.FILES[name]
    found: dict[str, Any] = {system: tried(system, one.data) for system in SYSTEMS}
    return found | {"about": one.about, "bytes": float(len(one.data))}


def _refused(system: str) -> dict[str, float]:
    found = [tried(system, one.data) for one in hostile.ALL]
    if "not installed" in found:
        from velvet.bench import Absent

        raise Absent(f"{system} is not installed: pip install -r requirements-peers.txt")
    silent = sum(word.startswith(("accepts", "opens", "returns")) for word in found)
    return {"silent": float(silent), "refused": float(len(found) - silent)}


def _cost(way: str) -> Callable[[], Outcome]:
    from PIL import Image as Pil

    files = [one.data for one in hostile.ALL]
    assert Pil

    def run() -> Outcome:
        refused = 0
        for data in files:
            if way == "inspect":
                try:
                    inspect(data)
                except MediaError:
                    refused += 1
            else:
                refused += not tried(way, data).startswith("accepts")
        return Outcome({"refused": float(refused)}, result=refused > 0)

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    count = len(hostile.ALL)
    files = suite.comparison(
        "hostile",
        title="Each hostile file: what each library does with it",
        kind="value",
        unit="label",
        metrics={
            **dict.fromkeys(SYSTEMS, Metric("label")),
            "about": Metric("label"),
            "bytes": Metric("bytes"),
        },
        tier="default",
    )
    for one in hostile.ALL:
        files.add(one.name, partial(lambda name: partial(_file, name), one.name))
    totals = suite.comparison(
        "hostile_total",
        title=f"{count} hostile files: taken without an error, and refused",
        kind="value",
        unit="files",
        metrics={"silent": Metric("files"), "refused": Metric("files", "higher")},
    )
    for system in SYSTEMS:
        totals.add(system, partial(lambda name: partial(_refused, name), system))
    suite.claim(
        "every hostile file is refused",
        value("hostile_total", "decode_safely", "refused").equals(count),
    )
    for system in ("pillow", "opencv"):
        suite.claim(
            f"{system} alone takes at least four of them",
            value("hostile_total", system, "silent") >= 4,
        )
    cost = suite.comparison(
        "refusal",
        title=f"Look at {count} hostile files: time and memory",
        kind="run",
        unit="s",
        floor=True,
        metrics={"refused": Metric("files", "higher")},
        rounds={"quick": 1, "default": 2},
    )
    cost.add("pillow", partial(_cost, "pillow"), baseline=True, note="opens and decodes")
    cost.add("inspect", partial(_cost, "inspect"), note="reads headers")
    cost.check(bool)
    suite.claim(
        "the headers cost at most a tenth of the memory",
        ratio("refusal", "pillow", "inspect", "delta_mb") >= 10,
    )
