"""What the four libraries have in common: a scene in, a native figure, its facts, its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from velvet_visualization.browser import BrowserSession
from velvet_visualization.facts import ChartFacts
from velvet_visualization.scene import Scene

Format = Literal["png", "svg", "pdf", "html"]
FORMATS: tuple[Format, ...] = ("png", "svg", "pdf", "html")


@dataclass(frozen=True)
class Engine:
    """What writes one format.

    Attributes:
        deterministic: whether two processes write the same bytes.
    """

    name: str
    browser: bool = False
    deterministic: bool = True


class Contender(Protocol):
    """One library; each file in `contenders` offers these names.

    `interactive` asks for hover, zoom and pan where the library does not bring them by itself.
    `ready` is JavaScript that is true as soon as the chart stands in the page.
    """

    LABEL: str
    LIMIT: int
    EXPORTS: Mapping[Format, Engine]
    READY: str

    def build(self, scene: Scene) -> Any:
        """Return the library's own figure."""

    def facts(self, figure: Any) -> ChartFacts:
        """Return what the figure shows, read from the figure alone."""

    def export(self, figure: Any, fmt: Format, session: BrowserSession | None = None) -> bytes:
        """Return a file's bytes; a session is needed where the engine is a browser."""

    def html(self, figure: Any, *, interactive: bool = False, inline: bool = True) -> str:
        """Return a whole page that reaches for nothing outside itself when it is inline."""
