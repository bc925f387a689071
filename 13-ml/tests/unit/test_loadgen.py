"""The load's program in this process, where its lines are counted."""

from __future__ import annotations

import asyncio

import pytest

from velvet_ml.serving import loadgen


async def _against(answers: list[bytes], requests: int) -> dict[str, object]:
    """Run the load against a server that gives one answer after the other; b"" hangs up."""
    left = list(answers)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                answer = left.pop(0)
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, loadgen.HOST, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        about = {"port": port, "rows": [{"x": 1}], "requests": requests}
        return await loadgen.run({**about, "concurrency": 1})


def _answer(status: int, body: bytes = b"{}") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_answers_are_sorted_by_what_they_mean(capsys: pytest.CaptureFixture[str]) -> None:
    answers = [_answer(200), _answer(503), _answer(500), b"", _answer(200)]
    told = asyncio.run(_against(answers, 4))
    assert told["acknowledged"] == ["r-0", "r-3"]
    assert (told["shed"], told["failed"], told["retries"]) == (1, 1, 1)
    assert 0 < told["p50_ms"] <= told["p99_ms"] < 60_000  # type: ignore[operator]
    assert 0 < told["rate"] < 1e6  # type: ignore[operator]
    assert capsys.readouterr().out == "running\n"


def test_a_body_that_looks_like_an_answer_is_none() -> None:
    answers = [_answer(200, b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"), _answer(200)]
    assert asyncio.run(_against(answers, 2))["acknowledged"] == ["r-0", "r-1"]


def test_the_figures_of_one_answer_are_those_of_its_time() -> None:
    told = asyncio.run(_against([_answer(200)], 1))
    assert told["p50_ms"] == told["p99_ms"] > 0  # type: ignore[operator]
    assert told["rate"] <= 1e3 / told["p50_ms"]  # type: ignore[operator]


def test_what_is_never_answered_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loadgen, "MAX_TRIES", 2)
    monkeypatch.setattr(loadgen, "PAUSE_S", 0.0)
    told = asyncio.run(_against([b"", b""], 1))
    assert (told["failed"], told["acknowledged"], told["rate"]) == (1, [], 0.0)
    assert told["p50_ms"] == told["p99_ms"] == 0.0
