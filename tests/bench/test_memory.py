"""The peak of this process."""

from __future__ import annotations

import sys

import pytest

from velvet.bench import memory
from velvet.bench.memory import peak_mb


def test_a_running_interpreter_has_a_peak_of_megabytes():
    assert 5 < peak_mb() < 100_000


def test_the_peak_does_not_fall_by_freeing():
    block = bytearray(b"x") * (60 * 2**20)
    with_block = peak_mb()
    del block

    assert peak_mb() >= with_block - 5  # the kernel counts pages in batches


@pytest.mark.skipif(sys.platform == "win32", reason="the resource module is POSIX's")
@pytest.mark.parametrize(("system", "scale"), [("darwin", 2**20), ("freebsd", 2**10)])
def test_elsewhere_the_peak_is_ru_maxrss_in_the_unit_of_the_system(monkeypatch, system, scale):
    class Usage:
        ru_maxrss = 64 * scale

    monkeypatch.setattr("resource.getrusage", lambda _who: Usage)
    monkeypatch.setattr(memory.sys, "platform", system)

    assert peak_mb() == 64


@pytest.mark.skipif(sys.platform == "win32", reason="the resource module is POSIX's")
def test_a_linux_without_vmhwm_falls_back_to_ru_maxrss(monkeypatch):
    class Usage:
        ru_maxrss = 64 * 1024

    monkeypatch.setattr("resource.getrusage", lambda _who: Usage)
    monkeypatch.setattr(memory.sys, "platform", "linux")
    monkeypatch.setattr(memory.Path, "read_text", lambda *_, **__: "Name: python\n")

    assert peak_mb() == 64


def test_windows_keeps_a_peak_working_set(monkeypatch):
    class Process:
        def memory_info(self):
            class Info:
                peak_wset = 96 * 2**20

            return Info

    monkeypatch.setattr("psutil.Process", Process)
    monkeypatch.setattr(memory.sys, "platform", "win32")

    assert peak_mb() == 96
