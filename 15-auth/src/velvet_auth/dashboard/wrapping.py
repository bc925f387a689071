"""A SAML response as a tree: what was signed, and what a naive application reads."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import plotly.graph_objects as go
from lxml import etree

from velvet.ui import kit
from velvet.ui.palette import FILLS, LAVENDER_SOFT, STROKES, plotly_layout
from velvet_auth import contenders, saml
from velvet_auth.samples import lab
from velvet_auth.samples.idp import MiniIdp, encoded

SP, ACS = "https://shop.example", "https://shop.example/acs"
PLAIN = "as it was signed"
FORMS = (PLAIN, *(f"XSW{number}" for number in range(1, 9)))
SHOWN = ("Response", "Assertion", "Signature", "Subject", "NameID", "Extensions", "Object")


def controls() -> dict[str, Any]:
    """Ask for the permutation."""
    return {"form": kit.choice("Document", list(FORMS), "XSW4")}


@lru_cache(maxsize=16)
def document(form: str) -> tuple[MiniIdp, bytes]:
    """Return an identity provider and a response of it, wrapped or not."""
    lab.load_attacks()
    from velvet_auth.samples.lab.attacks_saml import wrapped

    if form not in FORMS:
        raise ValueError(f"unknown form {form!r}")
    idp = MiniIdp()
    sign = "response" if form in ("XSW1", "XSW2") else "assertion"
    response = idp.respond("mallory", "_r", acs=ACS, audience=SP, sign=sign)
    if form == PLAIN:
        return idp, response
    return idp, bytes(etree.tostring(wrapped(int(form[3:]), response)))


def nodes(data: bytes) -> list[dict[str, Any]]:
    """Return the elements worth showing: their parent, their text, whether they were signed."""
    root = etree.fromstring(data)
    reference = root.find(f".//{{{saml.DS}}}Reference").get("URI")[1:]
    found: list[dict[str, Any]] = []
    names: dict[Any, str] = {}
    for number, element in enumerate(root.iter(etree.Element)):
        kind = etree.QName(element).localname
        if kind not in SHOWN:
            continue
        above = [one for one in element.iterancestors() if one in names]
        names[element] = f"{number}"
        signed = any(one.get("ID") == reference for one in (element, *element.iterancestors()))
        inside = any(etree.QName(one).localname == "Signature" for one in (element, *above))
        said = f" {element.text}" if kind == "NameID" else ""
        found.append(
            {
                "id": names[element],
                "parent": names[above[0]] if above else "",
                "label": kind + said,
                "signed": signed and not (inside and kind == "Signature"),
                "forged": said == " admin",
            }
        )
    return found


def figure_of(found: list[dict[str, Any]]) -> go.Figure:
    """Return an icicle: green was signed, red is a forged name, pale was not signed."""
    colours = [
        FILLS[1] if one["forged"] else FILLS[3] if one["signed"] else LAVENDER_SOFT for one in found
    ]
    figure = go.Figure(
        go.Icicle(
            ids=[one["id"] for one in found],
            labels=[one["label"] for one in found],
            parents=[one["parent"] for one in found],
            tiling={"orientation": "v"},
            sort=False,
            marker={
                "colors": colours,
                "line": {"color": STROKES[0], "width": 0.5},
            },
            hovertemplate="%{label}<extra></extra>",
        )
    )
    plotly_layout(figure, title="Green: signed. Pale: not. Red: the forged name", height=420)
    return figure


def read_by(form: str) -> dict[str, str]:
    """Return which name each reader takes from a document."""
    idp, data = document(form)
    try:
        name = contenders.load("saml", "signxml").identity(idp.meta, SP, ACS, encoded(data), "_r")
    except ValueError as error:
        name = f"refused: {error}"
    naive = "mallory"
    if form != PLAIN:
        row = lab.run_one(lab.load_attacks()[f"saml-{form.lower()}"], lab.Target.VULNERABLE)
        naive = "admin" if row is not None and row.exploited else "refused"
    return {"naive": naive, "this module": name}


def draw(seen: kit.Seen) -> None:
    """Draw the tree, then who reads what."""
    form = str(seen.options["form"])
    seen.chart(figure_of(nodes(document(form)[1])), key="tree")
    seen.table([{"reader": who, "reads": name} for who, name in read_by(form).items()])


def finding(seen: kit.Seen) -> str:
    """Name what each reader takes from the document."""
    form = str(seen.options["form"])
    told = read_by(form)
    if form == PLAIN:
        return f"Both read **{told['naive']}**: what is signed is what is read."
    return (
        f"{form}: a signature in the document is valid, the naive reader takes "
        f"**{told['naive']}**; this module: **{told['this module']}**."
    )


TAB = kit.Tab(
    "SAML tree",
    question="The signature is valid. What was signed, and what is read?",
    tip="Go from XSW1 to XSW8: the green part never changes, only where it stands.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(saml.ServiceProvider.check_one_assertion,),
    command="velvet run 15 advanced saml_wrapping",
    next_step="Attack lab",
)
