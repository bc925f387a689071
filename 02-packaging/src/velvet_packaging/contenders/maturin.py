"""maturin: Rust; here a program without a crate, so that it builds without a network."""

from __future__ import annotations

from collections.abc import Mapping

from velvet_packaging.project import ProjectSpec

distribution = "maturin"
requires = ("maturin>=1.9",)
build_backend = "maturin"
kinds = ("rust-bin",)
needs = ("cargo", "cc")

_CARGO = """[package]
name = "{name}"
version = "{version}.0"
edition = "2021"
"""
_MAIN = """fn crc(data: &[u8]) -> u32 {
    let mut crc: u32 = 0xFFFF_FFFF;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    crc ^ 0xFFFF_FFFF
}

fn main() {
    let text = std::env::args().nth(1).unwrap_or_default();
    println!("{}", crc(text.as_bytes()));
}
"""


def table(_: ProjectSpec) -> str:
    """Say that the program is all there is."""
    return '[tool.maturin]\nbindings = "bin"\n'


def files(spec: ProjectSpec) -> Mapping[str, str]:
    """Return the crate."""
    return {
        "Cargo.toml": _CARGO.format(name=spec.name, version=spec.version),
        "src/main.rs": _MAIN,
    }
