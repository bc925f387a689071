"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

import pytest

from velvet.ui.kit import Seen
from velvet_auth.dashboard import attacks, costs, flows, inspector, tasks, wrapping


def test_the_attack_lab_counts_what_won() -> None:
    rows = list(tasks.attack("factors"))
    seen = Seen(rows)

    figure = attacks.figure_of(seen.of("row"))

    assert rows[0] == {"type": "plan", "total": 24}
    assert len(figure.data[0].y) == 8
    assert "**8 of 8**" in attacks.finding(seen)
    assert "**0** against the fixed build; honest users got in on both" in attacks.finding(seen)
    assert attacks.finding(Seen([])) == ""
    with pytest.raises(ValueError, match="choose one of"):
        next(tasks.attack("cookies"))


@pytest.mark.parametrize("change", inspector.CHANGES)
def test_each_change_has_a_verdict(change: str) -> None:
    said = inspector.finding(Seen(options={"change": change}))

    assert said.startswith("**Accepted**") == (change in ("nothing", "jku of the attacker")) or (
        "signature" in said
    )
    assert inspector.figure_of(inspector.CHANGES[change]()).data


def test_a_claim_of_the_wrong_type_is_refused_after_the_signature() -> None:
    bars = inspector.figure_of(inspector.CHANGES["sub is a list"]()).data[0]
    states = dict(zip(bars.y, bars.text, strict=True))

    assert states["signature"] == states["type"] == "passed"
    assert states["claims malformed"] == "refused"
    assert states["issuer"] == "not reached"


def test_a_valid_signature_does_not_save_an_id_token() -> None:
    said = inspector.finding(Seen(options={"change": "ID token"}))

    assert said == "*ID token* is refused by **type**; its signature is valid."


def test_the_cost_of_hashes() -> None:
    seen = Seen(list(tasks.hashes(8, 1, 4)))

    assert len(costs.figure_of(seen.of("hash")).data[0].x) == 5
    assert "a thief tries" in costs.finding(seen)
    assert costs.finding(Seen([])) == ""
    assert costs.spelled(90) == "2 minutes"
    assert costs.spelled(10**9) == "32 years"
    with pytest.raises(ValueError, match="choose 1 to"):
        next(tasks.hashes(1000))


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("does nothing", "Everything is granted"),
        ("uses the code first", "keeps nothing"),
        ("uses the code again", "the owner logs in again"),
        ("takes the challenge out", "invalid_request"),
        ("refreshes first", "**keeps nothing** (ok, invalid_grant, revoked)"),
        ("asks for more scope", "the owner notices nothing"),
    ],
)
def test_what_the_thief_gets(action: str, words: str) -> None:
    seen = Seen(options={"action": action})

    assert words in flows.finding(seen)
    assert flows.figure_of(flows.play(action)).data


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        flows.play("flies")
    with pytest.raises(ValueError, match="unknown"):
        wrapping.document("XSW9")


@pytest.mark.parametrize("form", wrapping.FORMS)
def test_every_wrapping_is_drawn_with_a_signed_part(form: str) -> None:
    found = wrapping.nodes(wrapping.document(form)[1])

    assert any(one["signed"] for one in found)
    assert any(one["forged"] for one in found) == (form != wrapping.PLAIN)
    assert len(wrapping.figure_of(found).data[0].ids) == len(found)
    said = wrapping.finding(Seen(options={"form": form}))
    assert ("**admin**" in said) == (form != wrapping.PLAIN)
