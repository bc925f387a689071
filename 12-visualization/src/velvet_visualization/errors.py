"""Every way in which a chart is refused, each with the way out in its sentence.

The arguments of each exception are its fields, so that pickling one (a pool, a child) keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence


class VisualizationError(Exception):
    """The base of what this package raises on purpose."""


class SpecError(VisualizationError, ValueError):
    """A specification that no library can draw; it lists all problems, not the first.

    Attributes:
        problems: one ``/path: rule`` each.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "; ".join(self.problems)


class PaletteError(VisualizationError, ValueError):
    """More series than the palette can keep apart."""

    def __init__(self, wanted: int, available: int) -> None:
        super().__init__(wanted, available)
        self.wanted, self.available = wanted, available

    def __str__(self) -> str:
        return (
            f"{self.wanted} series, but the palette keeps {self.available} apart: "
            "merge the small ones, or draw one chart for each"
        )


class TooManyPoints(VisualizationError):
    """More marks than a library's output can carry without freezing its reader."""

    def __init__(self, library: str, points: int, limit: int) -> None:
        super().__init__(library, points, limit)
        self.library, self.points, self.limit = library, points, limit

    def __str__(self) -> str:
        return (
            f"{self.points:,} marks are more than {self.library} draws in one piece "
            f"({self.limit:,}): use reduce(spec), which downsamples lines and rasterises clouds"
        )


class UnsupportedExport(VisualizationError):
    """A format that a library cannot write."""

    def __init__(self, library: str, fmt: str, known: Sequence[str]) -> None:
        super().__init__(library, fmt, tuple(known))
        self.library, self.fmt, self.known = library, fmt, tuple(known)

    def __str__(self) -> str:
        return f"{self.library} writes no {self.fmt!r}: choose one of {', '.join(self.known)}"


class BrowserUnavailable(VisualizationError):
    """No Chromium, Chrome or Edge was found, or the one that was found does not stay alive."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.reason}: install Chromium, Chrome or Edge with the system's package manager "
            "(Debian: apt install chromium), or use a format that needs no browser"
        )


class PageTimeout(VisualizationError, TimeoutError):
    """A page that was not ready in time; the browser lives on."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        return f"the page was not ready within {self.seconds:g} s"
