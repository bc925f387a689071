"""Dtypes that wrap, raise or promote; random numbers by position; arrays of other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from array_api_compat import device

from velvet_numerical import backend, dtypes, portable, rng
from velvet_numerical.errors import BackendUnavailable

U8 = np.uint8


@pytest.mark.parametrize(
    ("values", "operation", "expected"),
    [
        ([0, 255], "store", "uint8"),
        ([-1, 100], "store", "int8"),
        ([-129], "store", "int16"),
        ([200, 100], "sum", "uint16"),
        ([-200, 100], "multiply", "int32"),
        ([2**63], "store", "uint64"),
        ([1.5], "sum", "float64"),
    ],
)
def test_the_smallest_dtype_that_cannot_wrap(
    values: list[Any], operation: Any, expected: str
) -> None:
    assert dtypes.safe_dtype(values, operation) == np.dtype(expected)


def test_a_dtype_that_does_not_exist_is_refused() -> None:
    with pytest.raises(OverflowError, match="no integer dtype"):
        dtypes.safe_dtype([2**63, 2**63], "sum")
    with pytest.raises(ValueError, match="no values"):
        dtypes.safe_dtype([])
    with pytest.raises(ValueError, match="operation is store"):
        dtypes.safe_dtype([1], "divide")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("operation", "a", "b", "told"),
    [
        ("add", U8(200), U8(100), "uint8: wraps to 44"),
        ("add", U8(200), 300, "uint8: raises OverflowError"),
        ("add", U8(200), 50, "uint8: 250"),
        ("multiply", np.int64(2**62), np.int64(4), "int64: wraps to 0"),
        ("subtract", U8(0), U8(1), "uint8: wraps to 255"),
        ("multiply", np.float32(1e38), np.float32(10), "float32: to infinity inf"),
        ("add", np.float16(1.0), np.float32(1.0), "float32: 2.0"),
        ("add", U8(200), 2**70, "uint8: raises OverflowError"),
        ("multiply", np.complex64(1e38), np.complex64(1e10), "complex64: to infinity (inf+0j)"),
    ],
)
def test_what_overflows_is_told(operation: str, a: Any, b: Any, told: str) -> None:
    assert str(dtypes.overflow_report(operation, a, b)) == told


def test_a_report_of_no_operation_is_refused() -> None:
    with pytest.raises(ValueError, match="operation is one of add"):
        dtypes.overflow_report("divide", 1, 1)
    with pytest.raises(TypeError, match="numeric dtype required"):
        dtypes.overflow_report("add", "a", U8(1))
    with pytest.raises(TypeError, match="one operand must be of NumPy"):
        dtypes.overflow_report("add", 1, 2)


@pytest.mark.parametrize(
    ("values", "dtype", "changed", "example"),
    [
        ([1.0, 2.5], "i8", 1, "2.5 -> 2"),
        ([300, 5], "u1", 1, "300 -> 44"),
        ([0.1], "f4", 1, "0.1 -> 0.10000000149011612"),
        ([1, 2], "f2", 0, ""),
        ([float("nan"), 1.0], "f4", 0, ""),
    ],
)
def test_a_cast_tells_what_it_changes(
    values: list[float], dtype: str, changed: int, example: str
) -> None:
    assert dtypes.cast_audit(values, dtype) == dtypes.Cast(changed, example)


def test_the_table_is_that_of_this_numpy() -> None:
    table = dtypes.promotion_table()

    assert table["uint8", "int8"] == "int16"
    assert table["uint8", "Python int"] == "uint8"
    assert table["float32", "Python float"] == "float32"
    assert all(np.dtype(found) for found in table.values())


KNOWN = [  # Random123, kat_vectors: philox4x32 10
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_published_answers(
    counter: tuple[int, ...], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    found = rng.philox4x32(np.array(counter, np.uint32), key)

    assert tuple(found.tolist()) == expected


def test_a_stream_is_uniform_and_has_no_state() -> None:
    stream = rng.CounterRNG(2**40 + 5)
    drawn = stream.uniform(0, 50_000)

    counts = np.histogram(drawn, 20, (0, 1))[0]

    assert ((counts - 2500) ** 2 / 2500).sum() < 50  # chi-squared, 19 degrees: 1e-4
    assert (stream.uniform(2**40, 3) == rng.CounterRNG(2**40 + 5).uniform(2**40, 3)).all()
    assert not (rng.CounterRNG(5).uniform(0, 9) == drawn[:9]).any()
    assert stream.uniform(7, 0).size == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: rng.CounterRNG(-1),
        lambda: rng.CounterRNG(2**64),
        lambda: rng.CounterRNG(1).uniform(-1, 1),
        lambda: rng.CounterRNG(1).uniform(2**64, 1),
        lambda: rng.philox4x32(np.zeros(3, np.uint32), (0, 0)),
        lambda: rng.philox4x32(np.zeros(4, np.uint32), (0, 2**32)),
        lambda: rng.philox4x32(np.zeros(4, np.uint32), (0, 0), 0),
        lambda: rng.spawn(1, 0),
    ],
)
def test_positions_and_keys_out_of_range_are_refused(call: Any) -> None:
    with pytest.raises(ValueError, match=r"within|words|integer"):
        call()
    with pytest.raises(TypeError, match="uint32"):
        rng.philox4x32(np.zeros(4), (0, 0))


def test_spawned_streams_differ_and_equal_ones_are_noticed() -> None:
    assert rng.check_streams(rng.spawn(7, 4)) < 5
    assert rng.check_streams([np.random.default_rng(1), np.random.default_rng(1)]) > 99
    assert rng.check_streams(rng.spawn(7, 1)) == 0.0


LIBRARIES = list(backend.LIBRARIES)
GRID = np.random.default_rng(1).random((6, 5))
PORTABLE: dict[str, Any] = {
    "logsumexp": portable.logsumexp,
    "softmax": portable.softmax,
    "pairwise_distance": portable.pairwise_distance,
    "heat_equation_step": lambda x: portable.heat_equation_step(x, 0.2),
    "power_iteration": lambda x: portable.power_iteration(x @ x.T),
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("function", PORTABLE)
def test_a_portable_function_stays_in_its_library_and_agrees(library: str, function: str) -> None:
    try:
        target = backend.find(library)
    except BackendUnavailable as error:
        pytest.skip(str(error))
    x = backend.to_device(GRID, target)

    found = PORTABLE[function](x)

    assert backend.xp_of(found) is backend.xp_of(x)
    assert device(found) == device(x)
    np.testing.assert_allclose(backend.to_numpy(found), PORTABLE[function](GRID), rtol=1e-5)


def test_portable_results_are_right() -> None:
    from scipy.special import logsumexp, softmax

    assert portable.logsumexp(GRID) == pytest.approx(logsumexp(GRID))
    np.testing.assert_allclose(portable.softmax(GRID), softmax(GRID, axis=-1))
    cube = np.stack([GRID, GRID + 1.0, GRID * 2.0])
    np.testing.assert_allclose(portable.softmax(cube), softmax(cube, axis=-1))
    assert portable.power_iteration(np.diag([0.01, 0.02])) == pytest.approx(0.02)
    largest = np.linalg.eigvalsh(GRID @ GRID.T)[-1]
    assert portable.power_iteration(GRID @ GRID.T) == pytest.approx(largest)
    stepped = portable.heat_equation_step(GRID, 0.25)
    assert stepped[2, 2] == pytest.approx((GRID[1, 2] + GRID[3, 2] + GRID[2, 1] + GRID[2, 3]) / 4)
    assert (stepped[0] == GRID[0]).all()
    with pytest.raises(ValueError, match="stable"):
        portable.heat_equation_step(GRID, 0.3)


@pytest.mark.parametrize("library", ["numpy", "array_api_strict"])
def test_portable_functions_at_their_edges(library: str) -> None:
    def there(values: Any) -> Any:
        return backend.to_device(np.asarray(values, np.float64), backend.find(library))

    with np.errstate(divide="ignore"):
        for values in ([], [-np.inf, -np.inf]):
            assert float(portable.logsumexp(there(values))) == -np.inf
    assert float(portable.logsumexp(there([np.inf, 1.0]))) == np.inf
    assert float(portable.power_iteration(there(np.zeros((3, 3))))) == 0.0
    for shape in ((5,), (1, 1), (2, 3, 4)):
        with pytest.raises(ValueError, match="two sides of at least 2"):
            portable.heat_equation_step(there(np.ones(shape)), 0.2)
    stepped = portable.heat_equation_step(grid=there(GRID), rate=0.2)
    assert (backend.to_numpy(stepped) == portable.heat_equation_step(GRID, 0.2)).all()


def test_arrays_of_two_libraries_are_never_mixed() -> None:
    strict = backend.to_device(GRID, backend.find("array_api_strict"))

    with pytest.raises(TypeError, match=r"array_api_strict and numpy are mixed"):
        backend.xp_of(GRID, strict)
    with pytest.raises(TypeError, match="arrays are required, not list"):
        backend.xp_of([1.0])

    @backend.portable
    def both(a: Any, b: Any) -> None:
        pytest.fail("it is refused before it begins")

    with pytest.raises(TypeError, match="mixed"):
        both(GRID, strict)
    with pytest.raises(TypeError, match="mixed"):
        both(GRID, b=strict)
    with pytest.raises(TypeError, match="arrays are required, not list"):
        portable.logsumexp([1.0])


def test_a_library_that_is_not_here_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(backend.importlib, "import_module", absent)
    there, reasons = backend.available()

    assert [device.library for device in there] == ["numpy"]
    assert "pip install torch" in reasons["torch"]
    with pytest.raises(BackendUnavailable, match="unknown library"):
        backend.find("jax")


class Tensor:
    """What torch and CuPy return, as far as this module looks."""

    def __init__(self, values: Any, kind: str) -> None:
        self.values = values
        if kind == "cupy":
            self.get = lambda: values
        else:
            self.detach = lambda: self
            self.cpu = lambda: self
            self.numpy = lambda: values


class Module:
    """A stand-in for an array library with one GPU."""

    def __init__(self, device: str = "cuda", count: int = 1) -> None:
        flags = {"cuda": device == "cuda", "mps": device == "mps"}
        self.backends = type(
            "B", (), {"mps": type("M", (), {"is_available": lambda: flags["mps"]})}
        )
        runtime = type("R", (), {"getDeviceCount": staticmethod(lambda: count)})
        self.cuda = type(
            "C", (), {"is_available": staticmethod(lambda: flags["cuda"]), "runtime": runtime}
        )

    asarray = from_numpy = staticmethod(lambda x: x)


@pytest.mark.parametrize(
    ("library", "device", "name"),
    [
        ("torch", "cuda", "cuda"),
        ("torch", "mps", "mps"),
        ("torch", "", "cpu"),
        ("cupy", "", "cuda"),
    ],
)
def test_the_best_device_of_a_library_is_chosen(
    monkeypatch: pytest.MonkeyPatch, library: str, device: str, name: str
) -> None:
    """A stand-in shows the decisions; the arithmetic runs where the library is installed."""
    moved = []
    monkeypatch.setattr(backend.importlib, "import_module", lambda _: Module(device))
    monkeypatch.setattr(backend, "move", lambda x, where: moved.append(where) or x)

    found = backend.find(library)
    x = backend.to_device(GRID, found)

    assert str(found) == f"{library}:{name}"
    assert x.dtype == (np.float32 if name == "mps" else np.float64)
    assert moved == ([name] if library == "torch" and name != "cpu" else [])
    assert backend.to_numpy(Tensor(GRID, library)) is GRID


def test_a_library_without_a_card_is_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend.importlib, "import_module", lambda _: Module(count=0))

    with pytest.raises(BackendUnavailable, match="no CUDA device"):
        backend.find("cupy")


def test_a_device_is_picked_by_work_and_transfer() -> None:
    cpu, card = backend.Device("numpy", "cpu"), backend.Device("cupy", "cuda")

    assert backend.pick_device(1e12, 1e8, there=[cpu, card]).device == card
    assert backend.pick_device(1e6, 1e8, there=[cpu, card]).device == cpu
    alone = backend.pick_device(1e12, 1e8, there=[cpu])
    assert alone.device == cpu
    assert "none is present" in alone.reason
    assert backend.pick_device(1.0, 1.0).device == cpu
    with pytest.raises(ValueError, match="finite"):
        backend.pick_device(float("nan"), 1.0)
