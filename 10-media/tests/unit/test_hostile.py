"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import io

import numpy as np

from velvet.hostile import Fixed, HostileTests, call
from velvet_media import (
    batch,
    colour,
    device,
    exif,
    headers,
    http,
    images,
    metadata,
    pngrows,
    safety,
    thumbs,
    video,
)
from velvet_media.errors import MediaError
from velvet_media.isolate import IsolatedDecoder
from velvet_media.samples import media

PICTURE = np.zeros((6, 8, 3), np.uint8)
PNG, JPEG = media.png(PICTURE), media.jpeg(PICTURE)


def reader(rows: int, budget: int) -> pngrows.PngRowReader:
    return pngrows.PngRowReader(io.BytesIO(PNG), rows=rows, budget=budget)


class TestHostile(HostileTests):
    errors = (MediaError,)
    mutable = {"batch.BatchReport"}
    calls = (
        call(batch.run, abs, [1, -2], workers=2, mode="threads").but(same=False, many=1000),
        call(batch.pool, 2, "threads"),
        call(colour.to_srgb, PNG),
        call(device.taps, 2.0),
        call(device.choose, ["numpy"]),
        call(exif.read_exif, media.exif(6)),
        call(exif.only_orientation, 6),
        call(exif.apply_orientation, Fixed(PICTURE), 6).but(same=False),
        call(headers.read_header, JPEG, max_frames=5),
        call(http.accepted_format, "image/webp"),
        call(images.fit, (60, 40), 20),
        call(IsolatedDecoder, 5.0, 2**30),
        call(metadata.audit, JPEG),
        call(metadata.strip, JPEG, frozenset({"icc"})),
        call(pngrows.chunk, b"IDAT", b"body"),
        call(reader, 4, 4096).but(of=(pngrows.PngRowReader,)),
        call(pngrows.box_reduce, Fixed([PICTURE]), 2).but(same=False),
        call(safety.Limits, 10, 10, 10, 10, 10),
        call(thumbs.Admission, 10, 3).then("acquire", 5).then("release", 5),
        call(video.prefetched, [1, 2, 3], 2),
    )
    excepted = {
        "__main__": "ends the program; tests/failure/test_failures.py",
        "batch.bounded": "takes an executor; tests/property/test_properties.py",
        "device.blur": "takes arrays of any library; tests/unit/test_contenders.py",
        "headers.riff_chunks": "walks within a file's bytes; tests/unit/test_traps.py",
        "images.full_thumbnail": "takes a library; tests/unit/test_contenders.py",
        "isolate.limit_memory": "limits the process that calls it; tests/failure/test_failures.py",
        "pngrows.PngRowWriter": "has to be filled before its end; tests/failure/test_failures.py",
        "pngrows.shrink_file": "reads and writes files; tests/failure/test_failures.py",
        "quality": "measures arrays; tests/unit/test_metadata_colour_quality.py",
        "thumbs.ThumbnailService": "keeps a folder; tests/integration/test_service.py",
        "thumbs.atomic_write": "writes a file; tests/failure/test_failures.py",
        "video.frames": "reads a film; tests/failure/test_failures.py",
        "video.write": "writes a film; tests/failure/test_failures.py",
        "video.transform": "reads and writes films; tests/failure/test_failures.py",
    }
