"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

from velvet.ui.kit import Seen
from velvet.ui.palette import darkened
from velvet_media.dashboard import desk, formats, hostility, lab, memory, tasks
from velvet_media.metadata import audit
from velvet_media.samples import hostile


def test_the_lab_shows_what_a_filter_added() -> None:
    options = {"filter": "opencv lanczos4", "factor": 4}

    said = lab.finding(Seen(options=options))

    assert said.startswith("opencv lanczos4 adds **")
    assert "x** as many as" in said
    rows = lab.scores(4)
    best = min(rows, key=lambda row: row[1])[0]
    assert "the least" in lab.finding(Seen(options={"filter": best, "factor": 4}))
    figure = lab.bars(4, "opencv lanczos4")
    assert "<b>opencv lanczos4</b>" in figure.data[0].y
    assert len(figure.data[0].y) == len(lab.filters())
    small = lab.shrunk("pillow lanczos", 4)
    assert small.shape == (128, 128, 3)
    apart = np.abs(lab.quality.luma(small) - lab.ideal(4)).mean()
    assert apart < np.abs(lab.quality.luma(lab.shrunk("opencv lanczos4", 4)) - lab.ideal(4)).mean()


def test_a_format_is_named_with_what_it_saves_and_costs() -> None:
    plain = {"name": "jpeg 90", "format": "jpeg", "bytes": 2000, "ssim": 0.97, "psnr": 36, "ms": 2}
    small = {"name": "avif 60", "format": "avif", "bytes": 1000, "ssim": 0.95, "psnr": 35, "ms": 80}
    rows = [{"type": "setting", **row} for row in (plain, small)]

    assert formats.finding(Seen(rows)) == (
        "**avif 60** keeps an SSIM of 0.950 in **2.0x** fewer bytes than jpeg 90, and takes "
        "**40x** its time to encode."
    )
    assert "is the smallest" in formats.finding(Seen([rows[0], {**rows[1], "bytes": 9000}]))
    assert formats.finding(Seen(rows[1:])) == ""
    assert [trace.name for trace in formats.figure_of(rows).data] == ["jpeg", "avif"]


@pytest.mark.parametrize("picture", tasks.PICTURES)
def test_every_picture_is_encoded_in_every_setting(picture: str) -> None:
    rows = list(tasks.encodings(picture))[1:]

    assert len(rows) == len(tasks.SETTINGS)
    lossless = {row["name"] for row in rows if row["psnr"] == 99.0}
    assert {"png", "webp lossless", "tiff"} <= lossless


def test_memory_is_told_while_it_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    told = list(tasks.memory(2000, 2048))
    refused = [one for one in tasks.memory(2000, 16) if one["type"] == "refused"]

    assert {one["way"] for one in told if one["type"] == "memory"} == {"rows", "pillow"}
    assert "budget=16 KiB" in refused[0]["message"]
    samples = [
        {"type": "memory", "way": way, "s": 0.1, "mib": mib}
        for way, mib in (("rows", 3.0), ("pillow", 60.0))
    ]
    assert memory.finding(Seen(samples, {"side": 4000})) == (
        "The picture has **46 MiB** of pixels. Rows took **3 MiB**, all pixels at once took "
        "**60 MiB**."
    )
    assert len(memory.figure_of(samples, 2).data) == 2
    assert memory.finding(Seen(samples[:1])) == ""
    assert "one row" in memory.finding(Seen([*samples, refused[0]]))


@pytest.mark.leaves("libvips logs from a thread of its own, for which Python keeps a dummy")
def test_the_matrix_counts_what_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    small = ("bomb_60k", "cut_jpeg", "polyglot_zip", "empty", "svg_outwards")
    monkeypatch.setattr(hostile, "ALL", tuple(hostile.FILES[name] for name in small))
    rows = [one for one in tasks.hostility() if one["type"] == "file"]

    figure = hostility.figure_of(rows)

    assert len(rows) == len(hostile.ALL)
    assert all(line[-1] == 0 for line in figure.data[0].z)
    assert "our limits take **0**" in hostility.finding(Seen(rows))
    assert hostility.finding(Seen(rows[:2])) == ""
    assert all(row["message"] for row in rows)


@pytest.mark.parametrize("name", desk.SAMPLES)
def test_the_desk_says_what_a_sample_tells(name: str) -> None:
    said = desk.finding(Seen(options={"sample": name}))

    if name == "bomb":
        assert "TooManyPixels" in said
        return
    count = len(audit(desk.sample(name)))
    assert said.startswith(f"**{count}** pieces")
    assert "leaves **0**" in said
    assert desk.figure_of(audit(desk.sample(name)), 9).data[0].y


def test_the_desk_names_what_is_wrong_with_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    upload = io.BytesIO(hostile.FILES["text_bomb"].data)
    monkeypatch.setattr(desk.st, "file_uploader", lambda *_, **__: upload)
    monkeypatch.setattr(desk.kit, "note", notes.append)
    monkeypatch.setitem(desk.st.session_state, "desk-bytes", b"")  # is gone after this test

    desk.draw(Seen(options={"sample": "clean JPEG"}))

    assert notes
    assert notes[0].startswith("CorruptMedia: Pillow cannot decode it")


@pytest.mark.parametrize(
    "ask",
    [
        lambda: tasks.encodings("film"),
        lambda: tasks.memory(17),
        lambda: tasks.memory(2000, 0),
    ],
)
def test_settings_out_of_range_are_refused_with_the_range(ask: object) -> None:
    with pytest.raises(ValueError, match="choose"):
        next(ask())  # type: ignore[operator]


def test_a_picture_keeps_its_greys_in_the_dark_theme() -> None:
    greys = json.dumps(lab.GREYS)

    assert darkened(greys) == greys
    assert darkened(json.dumps(lab.SIGNED)) != json.dumps(lab.SIGNED)
