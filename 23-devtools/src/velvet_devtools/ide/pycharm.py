"""PyCharm's run configurations and inspections, with a check of each name and path.

XML has no duplicate keys to get wrong, so what is checked are the names: a configuration's type,
each option, each inspection, against the dated list.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as Xml

from velvet_devtools.errors import DevtoolsError
from velvet_devtools.ide.vscode import Problem, Project, known

MAX_XML = 4 * 1024 * 1024


def generate(project: Project) -> dict[str, str]:
    """Return file name -> text, relative to the project."""
    files = {}
    for script in project.scripts:
        options = {"SCRIPT_NAME": f"$PROJECT_DIR$/{script}", "WORKING_DIRECTORY": "$PROJECT_DIR$"}
        stem = Path(script).stem
        made = _configuration(f"Run {stem}", "PythonConfigurationType", "Python", options)
        files[f".idea/runConfigurations/Run_{stem}.xml"] = made
    if project.tests:
        options = {"_new_target": f'"$PROJECT_DIR$/{project.tests}"', "_new_targetType": '"PATH"'}
        made = _configuration("Tests", "tests", "py.test", options)
        files[".idea/runConfigurations/Tests.xml"] = made
    top = Xml.Element("component", name="InspectionProjectProfileManager")
    profile = Xml.SubElement(top, "profile", version="1.0")
    Xml.SubElement(profile, "option", name="myName", value="Project Default")
    for name in known()["pycharm"]["inspections"]:
        words = {"class": name, "enabled": "true", "level": "WARNING", "enabled_by_default": "true"}
        Xml.SubElement(profile, "inspection_tool", words)
    return files | {".idea/inspectionProfiles/Project_Default.xml": _text(top)}


def _configuration(name: str, kind: str, factory: str, options: Mapping[str, str]) -> str:
    top = Xml.Element("component", name="ProjectRunConfigurationManager")
    words = {"default": "false", "name": name, "type": kind, "factoryName": factory}
    made = Xml.SubElement(top, "configuration", words)
    for option, value in options.items():
        Xml.SubElement(made, "option", name=option, value=value)
    Xml.SubElement(made, "method", v="2")
    return _text(top)


def _text(top: Xml.Element) -> str:
    Xml.indent(top)
    return Xml.tostring(top, encoding="unicode") + "\n"


def validate(root: Path) -> list[Problem]:
    """Return what is wrong in `.idea`."""
    names = known()["pycharm"]
    found: list[Problem] = []
    for file in sorted((root / ".idea").rglob("*.xml")):
        try:
            top = read_xml(file)
        except DevtoolsError as error:
            found.append(Problem(file.name, "", str(error)))
            continue
        for made in top.iter("configuration"):
            if made.get("type") not in names["configurations"]:
                found.append(Problem(file.name, str(made.get("type")), "unknown configuration"))
            for option in made.iter("option"):
                name, value = str(option.get("name")), str(option.get("value"))
                if name not in names["options"]:
                    found.append(Problem(file.name, name, "unknown option"))
                path = value.strip('"').replace("$PROJECT_DIR$", str(root))
                if "$PROJECT_DIR$" in value and not Path(path).exists():
                    found.append(Problem(file.name, name, f"{value} is not there"))
        tools = {str(one.get("class")) for one in top.iter("inspection_tool")}
        unknown = sorted(tools - set(names["inspections"]))
        found += [Problem(file.name, one, "unknown inspection") for one in unknown]
    return found


def read_xml(file: Path) -> Xml.Element:
    """Read settings; DevtoolsError for what is no XML or has a document type, which can explode."""
    text = file.read_bytes()
    if len(text) > MAX_XML or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise DevtoolsError("settings have no document type and are smaller than 4 MB")
    try:
        return Xml.fromstring(text)  # noqa: S314 - no document type, so no entities
    except Xml.ParseError as error:
        raise DevtoolsError(f"no XML: {error}") from None
