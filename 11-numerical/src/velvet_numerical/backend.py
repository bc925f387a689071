"""One code for NumPy, torch and CuPy: the array API standard, and the choice of a device.

A portable function asks its arguments for their namespace and uses nothing else. `array-api-strict`
refuses whatever the standard does not promise, so that passing there is the proof. torch and CuPy
are used where they are present and never required.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from array_api_compat import (
    array_namespace,
    device,
    is_array_api_obj,
)
from array_api_compat import to_device as move  # type: ignore[import-untyped,unused-ignore]
from numpy.typing import NDArray

from velvet_numerical.errors import BackendUnavailable

F = TypeVar("F", bound=Callable[..., Any])
CPU_GFLOPS, CPU_GBPS = 50.0, 20.0  # one core of a recent server
GPU_GFLOPS, GPU_GBPS = 5_000.0, 800.0  # a modest card, float64 aside
LINK_GBPS, LAUNCH_S = 12.0, 50e-6  # PCIe as it is, and what each transfer or launch costs


def xp_of(*arrays: Any) -> Any:
    """Return the namespace that all arrays share.

    Raises:
        TypeError: they are of different libraries, or one is no array.
    """
    if strangers := [type(one).__name__ for one in arrays if not is_array_api_obj(one)]:
        raise TypeError(f"arrays are required, not {', '.join(strangers)}")
    kinds = {type(one).__module__.split(".")[0]: type(one).__name__ for one in arrays}
    if len(kinds) > 1:
        raise TypeError(f"arrays of {' and '.join(sorted(kinds))} are mixed: move them first")
    return array_namespace(*arrays)


def portable(function: F) -> F:
    """Let a function refuse arrays of two libraries at once, before it computes anything."""

    @wraps(function)
    def checked(*args: Any, **options: Any) -> Any:
        xp_of(*(one for one in args if is_array_api_obj(one)))
        return function(*args, **options)

    return checked  # type: ignore[return-value]


def to_numpy(x: Any) -> NDArray[Any]:
    """Return an array of any library as NumPy's, copied from its device where needed."""
    if hasattr(x, "get"):  # CuPy
        return np.asarray(x.get())
    if hasattr(x, "detach"):  # torch
        return np.asarray(x.detach().cpu().numpy())
    return np.asarray(x) if isinstance(x, (np.ndarray, np.generic)) else np.from_dlpack(x)


@dataclass(frozen=True)
class Device:
    """A place to compute.

    Attributes:
        library: the module of the array library.
        name: its own word for the device.
    """

    library: str
    name: str

    def __str__(self) -> str:
        return f"{self.library}:{self.name}"


def _numpy() -> str:
    return "cpu"


def _strict() -> str:
    importlib.import_module("array_api_strict")
    return "cpu"


def _torch() -> str:
    torch = importlib.import_module("torch")
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _cupy() -> str:
    cupy = importlib.import_module("cupy")
    if not cupy.cuda.runtime.getDeviceCount():
        raise ImportError("CuPy finds no CUDA device")
    return "cuda"


LIBRARIES: dict[str, Callable[[], str]] = {
    "numpy": _numpy,
    "array_api_strict": _strict,
    "torch": _torch,
    "cupy": _cupy,
}
REMEDY = {
    "array_api_strict": "pip install array-api-strict",
    "torch": "pip install torch --index-url of the CPU or CUDA build",
    "cupy": "pip install cupy-cuda12x, on a machine with an NVIDIA card",
}


def find(library: str) -> Device:
    """Return the best device of a library.

    Raises:
        BackendUnavailable: it is not installed, or finds no device; the message says which.
    """
    if library not in LIBRARIES:
        raise BackendUnavailable(f"unknown library {library!r}: one of {', '.join(LIBRARIES)}")
    try:
        return Device(library, LIBRARIES[library]())
    except Exception as error:  # drivers raise errors of their own
        way = REMEDY.get(library, "")
        raise BackendUnavailable(f"{library}: {error} ({way})") from error


def available() -> tuple[list[Device], dict[str, str]]:
    """Return the devices that are here, and for each other library the reason."""
    there, reasons = [], {}
    for library in LIBRARIES:
        try:
            there.append(find(library))
        except BackendUnavailable as error:
            reasons[library] = str(error)
    return there, reasons


def to_device(x: NDArray[Any], target: Device) -> Any:
    """Return a NumPy array as an array of another library, on its device.

    float64 becomes float32 on a device without it (Apple's).
    """
    if target.library == "numpy":
        return x
    xp = importlib.import_module(target.library)
    if target.name == "mps" and x.dtype == np.float64:
        x = x.astype(np.float32)
    moved = xp.from_numpy(x.copy()) if target.library == "torch" else xp.asarray(x)
    if target.library == "torch" and target.name != "cpu":
        return move(moved, target.name)
    return moved


def device_of(x: Any) -> str:
    """Return the device of an array as text."""
    return str(device(x))


@dataclass(frozen=True)
class Choice:
    """A decision with its reason."""

    device: Device
    reason: str


def pick_device(flops: float, size: float, *, there: list[Device] | None = None) -> Choice:
    """Return where to compute, by a model of transfer and work.

    On the CPU, time is the larger of flops over its peak and bytes over its bandwidth. On a GPU the
    bytes travel over the link first. The figures are those of common parts: measure yours when the
    decision is close.

    Args:
        flops: of the whole computation.
        size: bytes that must be on the device and come back.
    """
    if not (0 <= flops < float("inf") and 0 <= size < float("inf")):
        raise ValueError(f"flops and size are finite and not negative, not {flops} and {size}")
    devices = available()[0] if there is None else there
    cpu = max(flops / CPU_GFLOPS, size / CPU_GBPS) / 1e9
    link = size / LINK_GBPS / 1e9 + 2 * LAUNCH_S
    gpu = link + max(flops / GPU_GFLOPS, size / GPU_GBPS) / 1e9
    cards = [one for one in devices if one.name != "cpu"]
    here = Device("numpy", "cpu")
    if gpu >= cpu:
        return Choice(here, f"CPU: {cpu * 1e3:.2f} ms here, {link * 1e3:.2f} ms for the link alone")
    if not cards:
        return Choice(here, f"CPU: a GPU would need {gpu / cpu:.0%} of the time; none is present")
    return Choice(
        cards[0], f"{cards[0]}: {gpu * 1e3:.2f} ms with transfer, {cpu * 1e3:.2f} ms here"
    )
