"""Arrays that several processes see."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_concurrency.shared_array import SharedArray, SharedHandle, _without_tracking

DTYPES = ["<f8", ">f4", "<i4", "|u1", "<c16", "|b1", "<M8[s]", "<U3", [("x", "<f8"), ("n", "<i2")]]


@settings(deadline=None, max_examples=40)
@given(shape=st.lists(st.integers(0, 5), max_size=3), dtype=st.sampled_from(DTYPES))
def test_dtype_shape_and_values_survive_the_round_trip(shape: list[int], dtype: object) -> None:
    kind = np.dtype(dtype)  # type: ignore[call-overload]
    size = int(np.prod(shape, dtype=int)) * kind.itemsize
    array = np.frombuffer(bytes(i % 2 for i in range(size)), kind).reshape(shape)

    with SharedArray.copy_of(array) as owner:
        handle = pickle.loads(pickle.dumps(owner.handle))
        with SharedArray.attach(handle) as reader:
            assert reader.array.dtype == kind
            assert reader.array.shape == tuple(shape)
            assert reader.array.tobytes() == array.tobytes()


def test_a_new_array_is_zero() -> None:
    with SharedArray.create((3,), np.int64) as shared:
        assert shared.array.tolist() == [0, 0, 0]


def test_a_write_is_seen_by_everybody() -> None:
    with SharedArray.create((2,)) as owner, SharedArray.attach(owner.handle) as other:
        other.array[1] = 5.0

        assert owner.array[1] == 5.0


def test_the_name_is_gone_after_the_owner_closed() -> None:
    with SharedArray.create((2,)) as owner:
        handle = owner.handle

    with pytest.raises(FileNotFoundError):
        SharedArray.attach(handle)


def test_a_reader_does_not_remove_the_segment() -> None:
    with SharedArray.create((2,)) as owner:
        SharedArray.attach(owner.handle).close()

        with SharedArray.attach(owner.handle) as again:
            assert again.array.shape == (2,)


def test_a_closed_array_says_so_and_closing_it_again_is_harmless() -> None:
    shared = SharedArray.create((2,))
    shared.close()
    shared.close()

    with pytest.raises(ValueError, match="is closed"):
        _ = shared.array


def test_a_segment_that_is_closed_already_is_refused_by_its_name() -> None:
    memory = SharedMemory(create=True, size=8)
    memory.close()

    try:
        with pytest.raises(ValueError, match=f"{memory.name}.* is closed already"):
            SharedArray(memory, (1,), dtype=np.dtype(np.float64), owner=True)
    finally:
        memory.unlink()


def test_a_held_view_makes_close_refuse_but_leaves_no_segment() -> None:
    shared = SharedArray.create((4,))
    view = shared.array[1:]

    with pytest.raises(BufferError, match="delete it before close"):
        shared.close()

    with pytest.raises(FileNotFoundError):
        SharedArray.attach(shared.handle)
    assert view.tolist() == [0.0, 0.0, 0.0]
    del view
    shared.close()


def test_the_error_of_the_block_is_not_hidden_by_a_held_view() -> None:
    shared = SharedArray.create((4,))
    view = shared.array[1:]

    with pytest.raises(LookupError), shared:
        raise LookupError

    del view
    shared.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes a segment with its last user")
def test_a_segment_that_another_process_removed_is_forgotten() -> None:
    shared = SharedArray.create((2,))
    with _without_tracking():
        thief = SharedMemory(name=shared.handle.name)
    resource_tracker.register(f"/{shared.handle.name}", "shared_memory")
    thief.unlink()
    thief.close()
    resource_tracker.register(f"/{shared.handle.name}", "shared_memory")

    shared.close()

    with pytest.raises(ValueError, match="is closed"):
        _ = shared.array


def test_a_handle_that_promises_too_much_is_refused() -> None:
    with SharedArray.create((2,)) as owner:
        lying = SharedHandle(owner.handle.name, (10_000_000,), np.dtype("<f8"))

        with pytest.raises(ValueError, match="buffer"):
            SharedArray.attach(lying)


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ((2,), object, "no Python objects"),
        ((-1,), float, "no negative dimension"),
        ((2**62,), float, "no process can map"),
        ((2**62, 2**62), float, "no process can map"),
    ],
)
def test_arrays_that_cannot_be_shared_are_refused(
    shape: tuple[int], dtype: type, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SharedArray.create(shape, dtype)
    with pytest.raises(TypeError):
        SharedArray.create((1.5,))  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_that_leaves_the_block_removes_nothing() -> None:
    with SharedArray.create((2,)) as shared:
        shared.array[:] = 7.0
        if not (child := os.fork()):
            shared.close()
            os._exit(0)
        os.waitpid(child, 0)

        with SharedArray.attach(shared.handle) as same:
            assert same.array.tolist() == [7.0, 7.0]


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="3.13 has track=False")
def test_only_the_attaching_thread_is_kept_from_registering(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(resource_tracker, "register", lambda *what: seen.append(what))

    with _without_tracking():
        resource_tracker.register("/mine", "shared_memory")
        resource_tracker.register("/lock", "semaphore")
        other = threading.Thread(target=resource_tracker.register, args=("/x", "shared_memory"))
        other.start()
        other.join()

    assert seen == [("/lock", "semaphore"), ("/x", "shared_memory")]


def test_an_unrelated_process_reads_without_warnings_and_without_removing() -> None:
    code = (
        "import pickle, sys\n"
        "from velvet_concurrency.shared_array import SharedArray\n"
        "with SharedArray.attach(pickle.loads(bytes.fromhex(sys.argv[1]))) as shared:\n"
        "    print(shared.array.sum())\n"
    )
    with SharedArray.copy_of(np.arange(5.0)) as owner:
        handle = pickle.dumps(owner.handle).hex()

        told = [
            subprocess.run(
                [sys.executable, "-c", code, handle],
                check=False,
                capture_output=True,
                text=True,
                timeout=30,
            )
            for _ in range(2)
        ]

    assert [(run.stdout.strip(), run.stderr) for run in told] == [("10.0", ""), ("10.0", "")]
