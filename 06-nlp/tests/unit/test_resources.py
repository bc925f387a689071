"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from velvet.hostile_resources import Resource, ResourceTests, at_once
from velvet_nlp import fetch

CONTENT = b"a corpus of one line\n"
FILES = {"a.txt": hashlib.sha256(CONTENT).hexdigest()}
CORPUS = dataclasses.replace(fetch.CORPORA["ud-ewt"], files=FILES)


class Answer(io.BytesIO):
    """What a server sends from a byte on."""

    status = 206


def opened(request: Any, timeout: float) -> Answer:
    began = int(request.headers.get("Range", "bytes=0-")[6:-1])
    return Answer(CONTENT[began:])


def fetched(folder: Path) -> list[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(fetch.CORPORA, "one", CORPUS)
        return fetch.fetch_corpus("one", folder, opener=opened)


def can_go_on(folder: Path) -> bool:
    return [path.read_bytes() for path in fetched(folder)] == [CONTENT]


class TestResources(ResourceTests):
    resources = (
        Resource(
            "fetch.fetch_corpus",
            lambda folder: folder,
            use=lambda folder: at_once(lambda: fetched(folder)),
            free=can_go_on,
        ),
    )
