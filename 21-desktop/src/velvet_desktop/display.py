"""A screen for programs with windows where there is none: Xvfb, real key presses, pictures.

Xvfb chooses a free display by itself (`-displayfd`), so two runs never race for a number. Nothing
here opens a window on the user's own screen.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from velvet_desktop.errors import NoDisplay

SIZE = (960, 640)
DRAWN_COLOURS = 20  # letters are smoothed; plain surfaces have fewer
PATIENCE_S = 60.0
APT = "apt install xvfb libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libegl1 libgl1-mesa-dri"
QT_LIBRARIES = ("libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1")


def problem(platform: str = sys.platform) -> str:
    """Return why no virtual screen can be had here, with the way out; empty when it can."""
    if platform != "linux":
        return "windows are driven on Linux only, on a screen of their own (Xvfb)"
    if shutil.which("Xvfb") is None:
        return f"Xvfb is missing ({APT}; or scripts/install-display.sh)"
    if importlib.util.find_spec("Xlib") is None:
        return "python-xlib is missing (pip install python-xlib)"
    return ""


def qt_problem() -> str:
    """Return which library Qt's X11 plugin misses; without it, Qt aborts its process."""
    for name in QT_LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            return f"Qt misses {name} (sh scripts/install-display.sh)"
    return ""


def unreachable(name: str) -> str:
    """Return why no X screen of a name answers, where Qt would abort; empty when one does."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return ""
    x11.XOpenDisplay.restype = ctypes.c_void_p
    found = x11.XOpenDisplay(name.encode())
    if found is None:
        return (
            f"no screen answers at DISPLAY={name}: start it in a desktop session, or with xvfb-run"
        )
    x11.XCloseDisplay(ctypes.c_void_p(found))
    return ""


class Screen:  # pragma: no cover - needs Xvfb; tests/integration drives it
    """A virtual screen: what is drawn on it, and keys for it.

    Attributes:
        name: for `DISPLAY`.
    """

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        from Xlib import display  # type: ignore[import-untyped,unused-ignore]

        self.process, self.name = process, name
        self._x = display.Display(name)
        self._root = self._x.screen().root

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def pixel(self, x: int, y: int) -> bytes:
        """Return the colour of one pixel: blue, green, red."""
        from Xlib import X  # type: ignore[import-untyped,unused-ignore]

        image = self._root.get_image(x, y, 1, 1, X.ZPixmap, 0xFFFFFF)
        return bytes(image.data[:3])

    def wait_for(self, x: int, y: int, *, other_than: bytes, limit_s: float = PATIENCE_S) -> float:
        """Wait until a pixel has another colour; returns the moment on the monotonic clock."""
        until = time.monotonic() + limit_s
        while self.pixel(x, y) == other_than:
            if time.monotonic() > until:
                raise NoDisplay(f"nothing was drawn at {x}, {y} in {limit_s:g} s")
            time.sleep(0.0002)
        return time.monotonic()

    def focus(self) -> None:
        """Give the keyboard to the window that is shown; there is no window manager to do it."""
        from Xlib import X

        shown = [
            window
            for window in self._root.query_tree().children
            if window.get_attributes().map_state == X.IsViewable
        ]
        for window in shown[-1:]:
            window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._x.sync()

    def key(self, name: str) -> None:
        """Press and release a key as a keyboard does."""
        from Xlib import XK, X
        from Xlib.ext import xtest  # type: ignore[import-untyped,unused-ignore]

        code = self._x.keysym_to_keycode(XK.string_to_keysym(name))
        for event in (X.KeyPress, X.KeyRelease):
            xtest.fake_input(self._x, event, code)
        self._x.sync()

    def picture(self, limit_s: float = PATIENCE_S) -> Any:
        """Return the screen as an image, once there is more on it than surfaces."""
        from PIL import Image
        from Xlib import X

        until = time.monotonic() + limit_s
        while True:
            raw = self._root.get_image(0, 0, *SIZE, X.ZPixmap, 0xFFFFFF)
            image = Image.frombytes("RGB", SIZE, raw.data, "raw", "BGRX")
            if len(image.getcolors(1 << 20) or ()) > DRAWN_COLOURS or time.monotonic() > until:
                return image
            time.sleep(0.02)

    def close(self) -> None:
        """End the screen and what is on it."""
        from Xlib.error import ConnectionClosedError  # type: ignore[import-untyped,unused-ignore]

        with suppress(OSError, ConnectionClosedError):  # it was killed
            self._x.close()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def virtual_display() -> Iterator[Screen]:  # pragma: no cover - needs Xvfb
    """Start a screen of our own and end it.

    Raises:
        NoDisplay: there is no Xvfb here, or it does not start.
    """
    if why := problem():
        raise NoDisplay(why)
    reading, writing = os.pipe()
    size = "x".join(map(str, SIZE))
    argv = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    argv.append("-terminate")  # with its last client: also when this process is killed
    process = subprocess.Popen(
        argv, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    timer = threading.Timer(PATIENCE_S, process.kill)
    timer.start()
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
    finally:
        timer.cancel()
        timer.join()
    if not number:
        process.kill()
        process.wait()
        raise NoDisplay("Xvfb ended before it had a display")
    try:
        screen = Screen(process, f":{number}")
    except BaseException:
        process.kill()
        process.wait()
        raise
    try:
        yield screen
    finally:
        screen.close()
