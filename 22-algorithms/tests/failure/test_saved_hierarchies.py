"""A saved hierarchy that is not whole is refused, and saving never leaves half a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from velvet_algorithms import hierarchy as hierarchy_module
from velvet_algorithms.graph import random_graph, road_network
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.saved import read_sealed, write_sealed


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "roads.npz"
    ContractionHierarchy.build(road_network(6, 1)).save(path)
    return path


@pytest.mark.parametrize("directed", [True, False])
def test_a_loaded_hierarchy_answers_as_the_saved_one(tmp_path: Path, directed: bool) -> None:
    built = ContractionHierarchy.build(random_graph(25, 70, 5, directed=directed))
    built.save(tmp_path / "h.npz")

    loaded = ContractionHierarchy.load(tmp_path / "h.npz")

    assert loaded.shortcuts == built.shortcuts
    for source in range(25):
        for target in range(25):
            assert loaded.query(source, target) == built.query(source, target)


def test_any_zip_tool_can_read_the_file(saved: Path) -> None:
    with np.load(saved, allow_pickle=False) as archive:
        assert {"rank", "tails", "heads", "weights", "fractions", "middles"} <= set(archive.files)


@pytest.mark.parametrize("keep", [0, 1, 31, 32, 33, 500, -1])
def test_a_truncated_file_is_refused(saved: Path, keep: int) -> None:
    saved.write_bytes(saved.read_bytes()[:keep])

    with pytest.raises(ValueError, match="truncated, damaged or not a saved contraction-hierarchy"):
        ContractionHierarchy.load(saved)


def test_a_flipped_bit_is_found_wherever_it_is(saved: Path) -> None:
    whole = saved.read_bytes()

    for place in [*range(0, len(whole), len(whole) // 150), len(whole) - 1]:
        for bit in (0, 7):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            saved.write_bytes(damaged)
            with pytest.raises(ValueError, match="damaged"):
                ContractionHierarchy.load(saved)


def test_another_version_is_refused_by_number(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchy_module, "VERSION", 3)

    with pytest.raises(ValueError, match=r"version 2; this reads a .* version 3: build it again"):
        ContractionHierarchy.load(saved)


def test_another_kind_of_file_is_refused_by_name(tmp_path: Path) -> None:
    write_sealed(tmp_path / "other.npz", "bloom", 1, {"bits": [1, 0]})

    with pytest.raises(ValueError, match="holds a bloom, version 1"):
        ContractionHierarchy.load(tmp_path / "other.npz")


def test_a_missing_file_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ContractionHierarchy.load(tmp_path / "nowhere.npz")


def test_a_full_disk_leaves_the_old_file_and_no_other(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        ContractionHierarchy.build(road_network(5, 1)).save(saved)

    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["roads.npz"]


def test_numbers_beyond_64_bits_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="column 'weights'"):
        write_sealed(tmp_path / "big.npz", "test", 1, {"weights": [2**70]})

    assert list(tmp_path.iterdir()) == []


def test_columns_come_back_as_they_were(tmp_path: Path) -> None:
    write_sealed(tmp_path / "c.npz", "test", 3, {"whole": [1, 2], "real": [0.5], "none": []})

    found = read_sealed(tmp_path / "c.npz", "test", 3)

    assert {name: column.tolist() for name, column in found.items()} == {
        "whole": [1, 2],
        "real": [0.5],
        "none": [],
    }
