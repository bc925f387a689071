"""Lifetimes, wiring mistakes, and that every contender wires the same graph."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from velvet.testing import without_tracing
from velvet_architecture import contenders
from velvet_architecture.adapters.container import Container, WiringError


class Config:
    pass


class Session:
    def __init__(self, config: Config) -> None:
        self.config, self.closed = config, False

    def close(self) -> None:
        self.closed = True


class Work:
    def __init__(self, session: Session, name: str = "work") -> None:
        self.session, self.name = session, name


class Egg:
    def __init__(self, hen: Hen) -> None:
        self.hen = hen


class Hen:
    def __init__(self, egg: Egg) -> None:
        self.egg = egg


def container() -> Container:
    made = Container()
    made.add(Config)
    made.add(Session, lifetime="scoped")
    made.add(Work, lifetime="transient")
    return made


def test_lifetimes_are_kept() -> None:
    ours = container()
    ours.validate()
    assert ours.resolve(Config) is ours.resolve(Config)
    with ours.scope() as resolve:
        one, two = resolve(Work), resolve(Work)
        assert one is not two
        assert one.session is two.session
    assert one.session.closed
    with ours.scope() as resolve:
        assert resolve(Session) is not one.session
    with pytest.raises(WiringError, match="Session is scoped"):
        ours.resolve(Work)


def test_wiring_mistakes_are_told_with_their_path() -> None:
    ours = container()
    with pytest.raises(ValueError, match="lifetime"):
        ours.add(Config, lifetime="sometimes")  # type: ignore[arg-type]
    ours.add(Work, lifetime="singleton")
    with pytest.raises(WiringError, match="singleton Work holds the scoped Session: Work -> Sess"):
        ours.validate()
    other = Container()
    other.add(Hen)
    with pytest.raises(WiringError, match="Egg is not registered: Hen -> Egg"):
        other.resolve(Hen)
    other.add(Egg)
    with pytest.raises(WiringError, match="a circle: Hen -> Egg -> Hen"):
        other.validate()


def test_a_type_without_a_name_is_missing_like_any_other() -> None:
    class Late:
        def __init__(self, config: Config | None) -> None:
            raise NotImplementedError

    ours = container()
    ours.add(Late)
    with pytest.raises(WiringError, match=r"Config \| None is not registered: Late -> "):
        ours.validate()


def test_a_type_that_is_registered_again_is_made_anew() -> None:
    class Other(Config):
        pass

    ours = container()
    assert type(ours.resolve(Config)) is Config
    ours.add(Config, Other)
    assert type(ours.resolve(Config)) is Other


def test_an_argument_without_a_type_is_refused_when_it_is_added() -> None:
    def made(config: Config, size) -> Work:  # type: ignore[no-untyped-def]
        raise NotImplementedError

    with pytest.raises(WiringError, match="Work: the argument size has no annotation"):
        Container().add(Work, made)


def test_one_object_that_fails_to_close_keeps_no_other_open() -> None:
    class Stuck(Session):
        def close(self) -> None:
            raise OSError("stuck")

    ours = container()
    ours.add(Stuck, lifetime="scoped")
    with pytest.raises(OSError, match="stuck"), ours.scope() as resolve:
        session, _ = resolve(Session), resolve(Stuck)
    assert session.closed


@pytest.mark.parametrize("name", contenders.NAMES)
def test_every_container_keeps_the_lifetimes(name: str) -> None:
    try:
        wire: Callable[[], contenders.Resolve] = contenders.load(name).wire
    except ImportError as missing:
        pytest.skip(f"{missing}: pip install -r requirements-peers.txt")
    with without_tracing():  # a compiled one tells coverage of sources that are not here
        assert contenders.same_lifetimes(wire())


def test_a_container_that_shares_its_service_is_found_out() -> None:
    service = contenders.load("manual").wire()()
    assert not contenders.same_lifetimes(lambda: service)
    with pytest.raises(ValueError, match="no contender"):
        contenders.load("magic")
