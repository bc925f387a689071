"""One Chromium for many exports and measurements: started once, closed always.

It is the browser that the system already has; nothing is downloaded. Kaleido brings the protocol
(and draws Plotly's files); everything else of this file is pages: opened from a file, without a
way into the network, waited for, measured, printed. The browser runs in the event loop of a
thread of its own, so that a caller may or may not have a loop. One owner at a time.
"""

from __future__ import annotations

import asyncio
import base64
import math
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from velvet_visualization.errors import BrowserUnavailable, PageTimeout

T = TypeVar("T")
_START_S = 60.0  # a cold start on a busy machine; a page's own time begins afterwards
_GRACE_S = 5.0  # beyond a page's own time, for the browser to answer at all
_NO_NETWORK = "127.0.0.1:9"  # nothing listens there: what leaves the page ends at once
_FRAMES = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))"
# Every element, also those in the shadow roots that Bokeh draws in.
_COUNT = """(() => { let found = 0; const walk = root => { for (const one of
  root.querySelectorAll('*')) { found += 1; if (one.shadowRoot) walk(one.shadowRoot); } };
  walk(document); return found; })()"""


@dataclass(frozen=True)
class RenderTiming:
    """What a page costs its reader.

    Attributes:
        ready_ms: from the request until the chart stands and two more frames were drawn.
        dom_nodes: elements of the page, shadow roots included.
        heap_mb: of JavaScript.
    """

    ready_ms: float
    dom_nodes: int
    heap_mb: float


def find_browser() -> str | None:
    """Return the path of an installed Chromium, Chrome or Edge; None where there is none."""
    try:
        from choreographer.browsers.chromium import Chromium
    except ImportError:
        return None
    return Chromium.find_browser(skip_local=True)


class Page:
    """An open page; made by `BrowserSession.page`."""

    def __init__(self, session: BrowserSession, tab: Any, timing: RenderTiming) -> None:
        self._session, self._tab = session, tab
        self.timing = timing

    def send(self, command: str, **options: Any) -> dict[str, Any]:
        """Send one command of the DevTools protocol and return its result."""
        return self._session._run(lambda: _send(self._tab, command, options))

    def eval(self, script: str) -> Any:
        """Return the value of an expression in the page; promises are awaited."""
        return self._session._run(lambda: _eval(self._tab, script))

    def png(self) -> bytes:
        """Return what the window shows."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def pdf(self) -> bytes:
        """Return the page printed on paper of the window's size."""
        width, height = self.eval("[innerWidth, innerHeight]")
        inches = {"paperWidth": width / 96, "paperHeight": height / 96}
        edges = {f"margin{side}": 0 for side in ("Top", "Bottom", "Left", "Right")}
        sent = self.send("Page.printToPDF", printBackground=True, pageRanges="1", **inches, **edges)
        return base64.b64decode(sent["data"])

    def act(self, *moves: tuple[str, dict[str, Any]]) -> float:
        """Send mouse events and return the milliseconds until two frames were drawn after them."""

        async def acting() -> float:
            begun = time.perf_counter()
            for kind, options in moves:
                await _send(self._tab, "Input.dispatchMouseEvent", {"type": kind, **options})
            await _eval(self._tab, _FRAMES)
            return (time.perf_counter() - begun) * 1000

        return self._session._run(acting)


class BrowserSession:
    """One browser, opened by the first use and closed by leaving the `with`.

    Args:
        path: of the browser; the one that the system has by default.
        timeout_s: for a page to be ready and for a file to be written.

    Raises:
        BrowserUnavailable: there is none, or it died twice in a row.
        ValueError: a timeout that is no time.
    """

    def __init__(self, path: str | None = None, *, timeout_s: float = 30.0) -> None:
        self.path = path or find_browser()
        found = False
        with suppress(OSError):  # of a name that no file can have
            found = self.path is not None and Path(self.path).is_file()
        if not found:
            raise BrowserUnavailable(f"no browser at {self.path}" if path else "no browser found")
        self.timeout_s = float(timeout_s)
        if not 0 < self.timeout_s < math.inf:
            raise ValueError(f"timeout_s must be above 0 and finite, not {timeout_s}")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._browser: Any = None

    def __enter__(self) -> BrowserSession:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        loop, thread = self._loop, self._thread
        assert loop is not None
        assert thread is not None
        try:
            asyncio.run_coroutine_threadsafe(self._close(), loop).result(_START_S)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()
            self._loop = self._thread = None

    @property
    def pid(self) -> int | None:
        """The browser's process, while there is one."""
        running = getattr(self._browser, "subprocess", None)
        return None if running is None else int(running.pid)

    @contextmanager
    def page(
        self, html: str, ready: str = "true", *, width: int = 800, height: int = 600
    ) -> Iterator[Page]:
        """Open a page and wait until an expression in it is true; closed at the end.

        Raises:
            PageTimeout: it was not ready in time.
        """
        with tempfile.TemporaryDirectory(prefix="velvet-page-") as folder:
            file = Path(folder) / "page.html"
            file.write_text(html, encoding="utf-8")
            tab, timing = self._run(lambda: self._open(file, ready, width, height), again=True)
            try:
                yield Page(self, tab, timing)
            finally:
                with suppress(BrowserUnavailable, PageTimeout):
                    self._run(tab.close)

    def render_timing(self, html: str, ready: str = "true") -> RenderTiming:
        """Return what a page costs until it is ready."""
        with self.page(html, ready) as opened:
            return opened.timing

    def plotly(self, figure: Any, fmt: str) -> bytes:
        """Return a Plotly figure as png, svg or pdf, written by Kaleido in this browser."""

        async def writing() -> bytes:
            return bytes(await self._browser.calc_fig(figure, opts={"format": fmt}))

        return self._run(writing, again=True)

    async def _started(self) -> None:
        if self._browser is None:
            from importlib.resources import files

            from kaleido import (  # type: ignore[import-untyped,unused-ignore]
                Kaleido,
                PageGenerator,
            )

            script = Path(str(files("plotly") / "package_data" / "plotly.min.js"))
            browser = Kaleido(
                n=1,
                timeout=_START_S,
                page_generator=PageGenerator(plotly=script, mathjax=False),
                path=self.path,
                proxy_server=_NO_NETWORK,
            )
            self._browser = browser
            await browser.open()

    async def _close(self) -> None:
        browser, self._browser = self._browser, None
        if browser is None:
            return
        with suppress(Exception):  # it may have died before; then there is nothing to close
            await asyncio.wait_for(browser.close(), 10)
        process = getattr(browser, "subprocess", None)
        if process is not None and process.poll() is None:
            process.kill()
        if process is not None:
            process.wait()

    async def _open(
        self, file: Path, ready: str, width: int, height: int
    ) -> tuple[Any, RenderTiming]:
        tab = await self._browser.create_tab("about:blank")
        await _send(
            tab,
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        begun = time.perf_counter()
        try:
            await _send(tab, "Page.navigate", {"url": file.as_uri()})
            while not await _eval(tab, f"document.readyState === 'complete' && !!({ready})"):
                if time.perf_counter() - begun > self.timeout_s:
                    raise PageTimeout(self.timeout_s)
                await asyncio.sleep(0.005)
            await _eval(tab, _FRAMES)
            spent = (time.perf_counter() - begun) * 1000
            nodes = await _eval(tab, _COUNT)
            await _send(tab, "HeapProfiler.collectGarbage", {})
            heap = await _send(tab, "Runtime.getHeapUsage", {})
        except (PageTimeout, asyncio.TimeoutError):
            await tab.close()
            raise
        return tab, RenderTiming(spent, int(nodes), heap["usedSize"] / 1e6)

    def _run(self, work: Callable[[], Coroutine[Any, Any, T]], *, again: bool = False) -> T:
        """Run a coroutine in the browser's loop; `again` restarts a dead browser once."""
        if self._loop is None:
            raise RuntimeError("a BrowserSession is used inside its `with`")

        async def working() -> T:
            for attempt in (1, 2):
                try:
                    await asyncio.wait_for(self._started(), _START_S)
                    return await asyncio.wait_for(work(), self.timeout_s + _GRACE_S)
                except (asyncio.TimeoutError, PageTimeout) as error:
                    raise PageTimeout(self.timeout_s) from error
                except (Exception, asyncio.CancelledError) as error:
                    # A dying browser also cancels what waits for its answer.
                    if not (self._dead() or type(error).__name__ == "BrowserFailedError"):
                        raise
                    await self._close()
                    if attempt == 2 or not again:
                        raise BrowserUnavailable(f"the browser died ({error})") from error
            raise AssertionError("unreachable")

        future = asyncio.run_coroutine_threadsafe(working(), self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _dead(self) -> bool:
        running = getattr(self._browser, "subprocess", None)
        return running is not None and running.poll() is not None


async def _send(tab: Any, command: str, options: dict[str, Any]) -> dict[str, Any]:
    answer = await tab.send_command(command, options)
    if "error" in answer:
        raise RuntimeError(f"{command}: {answer['error'].get('message')}")
    return dict(answer["result"])


async def _eval(tab: Any, script: str) -> Any:
    options = {"expression": script, "returnByValue": True, "awaitPromise": True}
    answer = await _send(tab, "Runtime.evaluate", options)
    if "exceptionDetails" in answer:
        text = answer["exceptionDetails"].get("exception", {}).get("description", "failed")
        raise RuntimeError(f"in the page: {text.splitlines()[0]}")
    return answer["result"].get("value")
