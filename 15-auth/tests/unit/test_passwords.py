"""Hashing: what is stored, what is refused, what is upgraded, and how many hash at once."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from velvet_auth import contenders
from velvet_auth.contenders.hashing import argon2id, bcrypt, pbkdf2, salted_sha256, scrypt
from velvet_auth.errors import PasswordError, TooBusy
from velvet_auth.passwords import PasswordService, calibrate

WORD = "marmalade horse battery"
CHEAP = argon2id.Hasher(m_kib=64, t=1)
LEGACY = [
    bcrypt.Hasher(cost=4),
    pbkdf2.Hasher(10),
    scrypt.Hasher(n=16),
    salted_sha256.Hasher(),
]


@pytest.fixture
def make() -> Iterator[Callable[..., PasswordService]]:
    """Return a maker of services whose workers end with the test."""
    made: list[PasswordService] = []

    def build(*words: Any, **named: Any) -> PasswordService:
        made.append(PasswordService(*words, **named))
        return made[-1]

    yield build
    for one in made:
        one.close()


@pytest.fixture
def service(make: Any) -> PasswordService:
    return make(CHEAP, LEGACY)


@pytest.mark.parametrize("name", contenders.names("hashing"))
def test_each_scheme_recognises_its_own_rows_and_no_other_password(name: str) -> None:
    module = contenders.load("hashing", name)
    hasher = module.Hasher(**module.CHEAP)

    row = hasher.hash(WORD)

    assert hasher.recognises(row)
    assert hasher.verify(row, WORD)
    assert not hasher.verify(row, WORD + "!")
    assert row != hasher.hash(WORD), "a fresh salt each time"
    assert WORD not in row
    others = [contenders.load("hashing", other) for other in contenders.names("hashing")]
    assert sum(other.Hasher().recognises(row) for other in others) == 1


@pytest.mark.parametrize("name", ["argon2id", "bcrypt", "pbkdf2", "scrypt"])
def test_a_row_of_other_parameters_wants_a_new_hash(name: str) -> None:
    module = contenders.load("hashing", name)
    row = module.Hasher(**module.CHEAP).hash(WORD)

    assert module.Hasher(**module.STRONG).needs_rehash(row)
    assert not module.Hasher(**module.CHEAP).needs_rehash(row)


@pytest.mark.parametrize(
    ("hasher", "row"),
    [
        (argon2id.Hasher(), "$argon2id$v=19$damaged"),
        (argon2id.Hasher(), "$argon2id$\u00e9"),
        (bcrypt.Hasher(), "$2b$04$damaged"),
        (scrypt.Hasher(), "$scrypt$n=16$x"),
        (scrypt.Hasher(), "$scrypt$n=16,q=8$c2FsdA==$eA=="),
        (scrypt.Hasher(), "$scrypt$n=-2,r=8,p=1$c2FsdA==$eA=="),
        (scrypt.Hasher(), f"$scrypt$n={'9' * 30},r=8,p=1$c2FsdA==$eA=="),
        (pbkdf2.Hasher(), "pbkdf2_sha256$many$x$y"),
        (pbkdf2.Hasher(), "pbkdf2_sha256$99999999999$x$y"),
        (pbkdf2.Hasher(), "pbkdf2_sha256$10$x$\u00e9"),
        (salted_sha256.Hasher(), "sha256$damaged"),
        (salted_sha256.Hasher(), "sha256$\ud800$\ud800"),
    ],
)
def test_a_damaged_row_matches_nothing(hasher: argon2id.Hasher, row: str, make: Any) -> None:
    assert hasher.verify(row, WORD) is False
    assert make(hasher if hasher.id == "argon2id" else CHEAP, [hasher]).check(row, WORD).ok is False


@pytest.mark.parametrize("old", LEGACY, ids=lambda hasher: hasher.id)
def test_a_legacy_row_is_replaced_at_login(service: PasswordService, old: pbkdf2.Hasher) -> None:
    row = old.hash(WORD)

    right, wrong = service.check(row, WORD), service.check(row, "something else")

    assert right.ok
    assert right.new_hash is not None
    assert right.new_hash.startswith("$argon2id$")
    assert service.check(right.new_hash, WORD).new_hash is None
    assert not wrong.ok
    assert wrong.new_hash is None
    assert right.new_hash not in repr(right)


def test_rows_of_other_programs_are_read() -> None:
    import argon2
    import bcrypt as library

    row = library.hashpw(WORD.encode(), library.gensalt(4)).decode()
    older = argon2.PasswordHasher(1, 64, 1, type=argon2.Type.I).hash(WORD)

    for prefix in ("$2a$", "$2b$", "$2y$"):
        assert bcrypt.Hasher().verify(prefix + row[4:], WORD)
    assert CHEAP.verify(older, WORD)
    assert CHEAP.needs_rehash(older)


def test_rfc_7914_sections_11_and_12() -> None:
    # Each vector has 64 bytes; a row holds the first 32 of them.
    small = pbkdf2._derive("passwd", "salt", 1)
    large = scrypt.Hasher(1024, 8, 16)._derive("password", b"NaCl")

    assert base64.b64decode(small).hex() == (
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
    )
    assert scrypt.Hasher(16, 1, 1)._derive("", b"").hex() == (
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
    )
    assert large.hex() == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"


def test_rfc_9106_section_5_3() -> None:
    from argon2.low_level import Type, core, ffi

    parts = {"pwd": b"\1" * 32, "salt": b"\2" * 16, "secret": b"\3" * 8, "ad": b"\4" * 12}
    told = {name: ffi.new("uint8_t[]", data) for name, data in parts.items()}
    told |= {f"{name}len": len(data) for name, data in parts.items()}
    told |= {"out": ffi.new("uint8_t[]", 32), "outlen": 32, "version": 0x13, "flags": 0}
    told |= {"t_cost": 3, "m_cost": 32, "lanes": 4, "threads": 4}
    told |= {"allocate_cbk": ffi.NULL, "free_cbk": ffi.NULL}

    assert core(ffi.new("argon2_context *", told), Type.ID.value) == 0
    assert bytes(told["out"]).hex() == (
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    )


def test_old_bcrypt_rows_are_read_as_they_were_written() -> None:
    import bcrypt as library

    long = "x" * 80
    row = library.hashpw(long[:72].encode(), library.gensalt(4)).decode()

    assert bcrypt.Hasher(cost=4).verify(row, long)
    assert bcrypt.Hasher(cost=4).needs_rehash(row)


def test_all_73_bytes_count() -> None:
    hasher = bcrypt.Hasher(cost=4)
    row = hasher.hash("x" * 72 + "a")

    assert hasher.verify(row, "x" * 72 + "a")
    assert not hasher.verify(row, "x" * 72 + "b")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("abcdefg", "short"),
        ("x" * 257, "long"),
        ("x" * 10_000_000, "long"),
        ("a lone \ud800 surrogate", "encoding"),
        ("nul \x00 inside", "control"),
        ("Password123", "blocked"),
    ],
)
def test_a_password_that_cannot_be_set(password: str, code: str, make: Any) -> None:
    service = make(CHEAP, blocklist=["password123"])

    with pytest.raises(PasswordError) as caught:
        service.hash(password)

    assert caught.value.code == code
    assert password not in str(caught.value)


def test_two_keyboards_give_one_password(service: PasswordService) -> None:
    row = service.hash("\ufb01ancee caf\u00e9")

    assert service.check(row, "fiancee cafe\u0301").ok


def test_an_unknown_user_costs_one_hash(make: Any) -> None:
    class Counting(argon2id.Hasher):
        calls = 0

        def verify(self, encoded: str, password: str) -> bool:
            type(self).calls += 1
            return super().verify(encoded, password)

    service = make(Counting(m_kib=64, t=1), LEGACY)
    spent = []
    for row in (None, service.hash(WORD), LEGACY[3].hash(WORD)):
        before = Counting.calls
        service.check(row, "wrong password")
        spent.append(Counting.calls - before)

    assert spent == [1, 1, 1]


def test_a_pepper_is_needed_to_verify_and_is_added_at_login(make: Any) -> None:
    peppered = make(CHEAP, pepper=b"p" * 32)
    plain = make(CHEAP)
    row, old = peppered.hash(WORD), plain.hash(WORD)

    assert row.startswith("hmac:")
    assert peppered.check(row, WORD).ok
    assert (peppered.check(old, WORD).new_hash or "").startswith("hmac:")
    with pytest.raises(PasswordError, match="pepper"):
        plain.check(row, WORD)
    assert not make(CHEAP, pepper=b"q" * 32).check(row, WORD).ok


def test_a_row_of_no_known_scheme_is_an_error(service: PasswordService) -> None:
    with pytest.raises(PasswordError, match="scheme"):
        service.check("plain text", WORD)


def test_attempts_beyond_the_queue_are_refused_and_counted_back(make: Any) -> None:
    gate, inside = threading.Event(), threading.Semaphore(0)

    class Slow(argon2id.Hasher):
        def verify(self, encoded: str, password: str) -> bool:
            inside.release()
            gate.wait(60)
            return super().verify(encoded, password)

    service = make(Slow(m_kib=64, t=1), max_workers=1, max_waiting=0)
    worker = threading.Thread(target=service.check, args=(None, WORD))
    worker.start()
    inside.acquire()
    try:
        with pytest.raises(TooBusy):
            service.check(None, WORD)
        assert service.admitted == 1
    finally:
        gate.set()
        worker.join()
    assert service.admitted == 0
    assert not service.check(None, WORD).ok


@pytest.mark.parametrize("options", [{"max_workers": 0}, {"max_waiting": -1}])
def test_a_service_needs_room(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        PasswordService(CHEAP, **options)  # type: ignore[arg-type]


def ticking(seconds: list[float]) -> object:
    """Return a clock by which successive hashes take these seconds."""
    steps = [0.0]
    for one in seconds:
        steps += [steps[-1], steps[-1] + one]
    moments = iter(steps[1:])
    return lambda: next(moments)


def test_calibration_halves_the_memory_until_one_pass_fits() -> None:
    chosen = calibrate(50, 28, clock=ticking([0.2, 0.02]))  # type: ignore[arg-type]

    assert (chosen.m_kib, chosen.t) == (14 * 1024, 2)


def test_calibration_says_when_nothing_fits() -> None:
    slow = count()

    with pytest.raises(ValueError, match="7 MiB"):
        calibrate(1, 8, clock=lambda: float(next(slow)))
    with pytest.raises(ValueError, match="at least 7"):
        calibrate(100, 4)
