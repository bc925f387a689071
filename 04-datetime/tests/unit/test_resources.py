"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests
from velvet_datetime import truth


@contextmanager
def from_a_folder(made: tuple[Path, list[object]]) -> Iterator[None]:
    """Search a folder, then the package alone, and note what is searched afterwards."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[str(made[0])])
    try:
        with truth.only_tzdata():
            yield
    finally:
        made[1].append(zoneinfo.TZPATH)
        zoneinfo.reset_tzpath(to=before)


class TestResources(ResourceTests):
    resources = (
        Resource(
            "truth.only_tzdata",
            lambda folder: (folder, []),
            use=from_a_folder,
            free=lambda made: all(seen == (str(made[0]),) for seen in made[1]),
        ),
    )
