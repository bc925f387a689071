"""What the tests of this module share: a watch over what is left behind, and pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import hypothesis
import numpy as np
import pytest

from velvet_media.images import Image
from velvet_media.samples import media

hypothesis.settings.register_profile("without a clock", deadline=None, max_examples=40)
hypothesis.settings.load_profile("without a clock")


@pytest.fixture(autouse=True)
def _tidy(nothing_left: None) -> None:
    """Fail what leaves a thread, a process or a socket behind."""


@pytest.fixture(scope="session")
def photo() -> Image:
    return media.scene(240, 160, 7)


@pytest.fixture(scope="session")
def noise() -> Image:
    return np.random.default_rng(3).integers(0, 256, (40, 56, 3), np.uint8)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Libraries warn about files that are made to be broken."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
