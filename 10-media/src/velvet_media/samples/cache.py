"""Large media on disk, made once by a child, so that their making is in no measured memory.

They lie in a folder of this user under the system's folder for temporary files, and are made anew
when they are missing. Their names hold what they are made of.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MAX_SIDE = 20_000
VERSION = 1


def folder() -> Path:
    """Return the folder, which is made with rights for this user alone."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        user = "unknown"
    tag = hashlib.sha256(user.encode()).hexdigest()[:8]
    path = Path(tempfile.gettempdir(), f"velvet-media-{tag}-{VERSION}")
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def photo(width: int, height: int, *, progressive: bool = False) -> Path:
    """Return the path of a JPEG of a scene."""
    coding = "progressive" if progressive else "baseline"
    return _made(f"photo-{width}x{height}-{coding}.jpg")


def reference(width: int, height: int, side: int) -> Path:
    """Return the path of a PNG: the scene of `photo` shrunk exactly, by means over areas."""
    return _made(f"reference-{width}x{height}-{side}.png")


def big_png(side: int) -> Path:
    """Return the path of a square PNG."""
    return _made(f"big-{side}.png")


def film(frames: int, width: int = 1280, height: int = 720) -> Path:
    """Return the path of a film."""
    return _made(f"film-{frames}x{width}x{height}.mp4")


def _made(name: str) -> Path:
    path = folder() / name
    if not path.is_file():
        subprocess.run([sys.executable, "-m", "velvet_media.samples.cache", str(path)], check=True)
    return path


def make(path: Path) -> None:
    """Make the file that a name describes; with two makers at once, both make the same."""
    from PIL import Image

    from velvet_media import video
    from velvet_media.images import fit
    from velvet_media.pngrows import PngRowWriter
    from velvet_media.samples import media

    kind, *rest = path.stem.split("-")
    partial = path.with_name(f"{path.stem}.{os.getpid()}{path.suffix}")
    try:
        if kind == "photo":
            width, height = (int(part) for part in rest[0].split("x"))
            image = media.scene(width, height)
            partial.write_bytes(media.jpeg(image, 88, progressive=rest[1] == "progressive"))
        elif kind == "reference":
            width, height = (int(part) for part in rest[0].split("x"))
            size = fit((width, height), int(rest[1]))
            whole = Image.fromarray(media.scene(width, height))
            whole.resize(size, Image.Resampling.BOX).save(partial)
        elif kind == "big":
            side = int(rest[0])
            with partial.open("wb") as file:
                writer = PngRowWriter(file, (side, side))
                for strip in media.big_strips(side):
                    writer.write(strip)
                writer.close()
        else:
            frames, width, height = (int(part) for part in rest[0].split("x"))
            video.write(partial, media.film(frames, (width, height)))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
