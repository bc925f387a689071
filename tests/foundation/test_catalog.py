"""The catalogue: modules on disk and planned, and what is said about a damaged one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet import catalog
from velvet.catalog import PARTS, everything, find, load, modules, repository
from velvet.errors import UsageError, VelvetError

LINES = (
    'title = "Sorting"',
    "phase = 2",
    'difficulty = "Beginner"',
    "hours = 3",
    'question = "Which sort?"',
    'summary = "Sorts."',
    'prerequisites = ["01-environments"]',
    'services = ["redis"]',
)
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Writes a module.toml in which lines are replaced by field, and returns its path."""

    def write(slug: str = "30-sorting", *changes: str) -> Path:
        changed = {line.split(" =")[0]: line for line in (*LINES, *changes)}
        path = tmp_path / slug / "module.toml"
        path.parent.mkdir()
        path.write_text("\n".join(changed.values()) + "\n", encoding="utf-8")
        return path

    return write


def whole(folder: Path, package: str) -> None:
    """Give a module's folder every part."""
    for part in (*PARTS, f"src/{package}/__init__.py"):
        path = folder / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch() if path.suffix else path.mkdir()


def refusal(path: Path) -> str:
    with pytest.raises(VelvetError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{path}: ")


def test_a_module_is_read_from_its_file(make: Make) -> None:
    module = load(make())

    assert (module.number, module.topic, module.slug) == (30, "sorting", "30-sorting")
    assert (module.title, module.hours, module.package) == ("Sorting", 3, "velvet_sorting")
    assert (module.prerequisites, module.services) == (("01-environments",), ("redis",))


def test_prerequisites_and_services_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "30-sorting" / "module.toml"
    path.parent.mkdir()
    path.write_text("\n".join(LINES[:6]), encoding="utf-8")

    module = load(path)

    assert (module.prerequisites, module.services) == ((), ())


def test_a_topic_of_several_words_gives_an_importable_package(make: Make) -> None:
    assert load(make("31-web-apis")).package == "velvet_web_apis"


def test_a_module_says_which_of_its_parts_are_missing(make: Make) -> None:
    module = load(make())

    assert module.state == "incomplete"
    assert module.missing == (*PARTS, "src/velvet_sorting/__init__.py")


def test_a_module_with_every_part_is_working(make: Make) -> None:
    module = load(make())
    whole(module.folder, module.package)

    assert (module.state, module.missing) == ("working", ())


def test_a_planned_module_has_no_folder_and_says_so() -> None:
    planned = next(iter(catalog._planned()))

    assert (planned.state, planned.missing) == ("planned", PARTS)
    with pytest.raises(UsageError, match=f"^module {planned.slug} is planned and has no folder"):
        _ = planned.folder


def test_the_view_for_programs_is_json_without_absolute_paths(make: Make, tmp_path: Path) -> None:
    text = json.dumps(load(make()).as_dict())

    assert str(tmp_path) not in text
    assert json.loads(text)["phase_title"] == "Core Skills"
    assert json.loads(text)["folder"] == "30-sorting"


def test_the_view_of_a_planned_module_has_no_folder() -> None:
    assert catalog._planned()[0].as_dict()["folder"] is None


def test_a_missing_file_is_reported_with_where_to_read_about_it(tmp_path: Path) -> None:
    assert refusal(tmp_path / "30-sorting" / "module.toml").startswith(
        "missing; every module has one (see CONTRIBUTING.md"
    )


def test_a_file_that_is_a_folder_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "30-sorting" / "module.toml"
    path.mkdir(parents=True)

    assert refusal(path).startswith("cannot be read: ")


@pytest.mark.parametrize(
    "name", ["sorting", "3-sorting", "300-sorting", "30-Sorting", "30_sorting", "30-", "00-zero"]
)
def test_a_folder_with_another_kind_of_name_is_refused(name: str, tmp_path: Path) -> None:
    assert refusal(tmp_path / name / "module.toml") == (
        f"a module's folder is called NN-topic, not {name!r}"
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [("title = \n", 1), ('title = "a"\nphase = two\n', 2), ('\n\ntitle = "a\n', 3)],
)
def test_broken_toml_is_reported_with_its_line(text: str, line: int, make: Make) -> None:
    path = make()
    path.write_text(text, encoding="utf-8")

    said = refusal(path)

    assert said.startswith("not valid TOML: ")
    assert f"line {line}" in said


def test_another_encoding_is_reported_with_its_line(make: Make) -> None:
    path = make()
    path.write_bytes('title = "a"\nsummary = "Straße"\n'.encode("latin-1"))

    assert refusal(path) == "line 2: not valid UTF-8"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('phase = "two"', "line 2: 'phase' must be int, not str"),
        ("phase = true", "line 2: 'phase' must be int, not bool"),
        ("phase = 7", "line 2: 'phase' must be 1 to 6, not 7"),
        ("phase = 0", "line 2: 'phase' must be 1 to 6, not 0"),
        (
            'difficulty = "Hard"',
            "line 3: 'difficulty' must be one of Beginner, Intermediate, Advanced, Expert",
        ),
        ("hours = 0", "line 4: 'hours' must be over 0 and at most 100, not 0"),
        ("hours = 100.5", "line 4: 'hours' must be over 0 and at most 100, not 100.5"),
        ("hours = nan", "line 4: 'hours' must be over 0 and at most 100, not nan"),
        ('hours = "3"', "line 4: 'hours' must be number, not str"),
        ('services = "redis"', "line 8: 'services' must be list, not str"),
        (
            'services = ["mysql"]',
            "line 8: 'services' names 'mysql'; known are postgres, redis, rabbitmq, mongodb",
        ),
        ("test_processes = 0", "line 9: 'test_processes' must be 1 to 16, not 0"),
        ("test_processes = 17", "line 9: 'test_processes' must be 1 to 16, not 17"),
        ("test_processes = true", "line 9: 'test_processes' must be int, not bool"),
        ("hour = 3", "line 9: 'hour' is not a known field. Did you mean 'hours'?"),
        ("zzz = 3", "line 9: 'zzz' is not a known field."),
    ],
)
def test_a_wrong_value_is_reported_with_its_line_and_the_rule(
    change: str, said: str, make: Make
) -> None:
    assert refusal(make("30-sorting", change)) == said


def test_a_field_whose_name_begins_another_is_reported_on_its_own_line(make: Make) -> None:
    path = make("30-sorting", "sum = 1")

    assert refusal(path).startswith("line 9: 'sum' is not a known field")


def test_a_missing_field_is_named(make: Make) -> None:
    path = make()
    path.write_text("\n".join(LINES[1:]), encoding="utf-8")

    assert refusal(path) == "line 1: 'title' is missing"


@pytest.mark.parametrize("hours", ["0.5", "100"])
def test_hours_at_the_bounds_are_accepted(hours: str, make: Make) -> None:
    assert load(make("30-sorting", f"hours = {hours}")).hours == float(hours)


def test_the_modules_of_a_folder_come_in_order_and_other_folders_are_passed_over(
    make: Make, tmp_path: Path
) -> None:
    for slug in ("31-web", "30-sorting"):
        make(slug)
    (tmp_path / "docs").mkdir()
    (tmp_path / "32-file").touch()

    assert [module.slug for module in modules(tmp_path)] == ["30-sorting", "31-web"]


def test_two_modules_with_one_number_are_refused(make: Make, tmp_path: Path) -> None:
    for slug in ("30-sorting", "30-web"):
        make(slug)

    with pytest.raises(VelvetError, match=r"^30-sorting and 30-web share the number 30$"):
        modules(tmp_path)


def test_one_broken_module_is_reported_by_the_whole_catalogue(make: Make, tmp_path: Path) -> None:
    make("30-sorting")
    make("31-web", "phase = 9")

    with pytest.raises(VelvetError, match="31-web"):
        everything(tmp_path)


def test_an_existing_module_replaces_the_planned_one_of_its_number(
    make: Make, tmp_path: Path
) -> None:
    slug = next(iter(catalog._planned())).slug
    make(slug, 'title = "Ours"')

    found = next(module for module in everything(tmp_path) if module.slug == slug)

    assert (found.title, found.state) == ("Ours", "incomplete")


def test_the_roadmap_is_well_formed() -> None:
    planned = catalog._planned()

    assert [module.number for module in planned] == sorted({module.number for module in planned})
    assert all(module.phase in catalog.PHASES for module in planned)
    assert all(module.difficulty in catalog.DIFFICULTIES for module in planned)


@pytest.fixture
def fresh_roadmap() -> Iterator[None]:
    """The roadmap is read once; forget it before and after a test that changes it."""
    catalog._planned.cache_clear()
    yield
    catalog._planned.cache_clear()


@pytest.mark.usefixtures("fresh_roadmap")
def test_a_roadmap_with_another_kind_of_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "roadmap.toml").write_text('[topic]\ntitle = "x"\n', encoding="utf-8")
    monkeypatch.setattr(catalog, "__file__", str(tmp_path / "catalog.py"))

    with pytest.raises(VelvetError, match="'topic' is not of the form NN-topic"):
        catalog._planned()


@pytest.mark.parametrize(
    "text",
    [
        "30",
        " 30 ",
        "sorting",
        "SORTING",
        "30-sorting",
        "30-sorting/",
        "velvet_sorting",
        "sor",
        "30-s",
    ],
)
def test_a_module_is_found_by_number_name_package_or_prefix(
    text: str, make: Make, tmp_path: Path
) -> None:
    make()

    assert find(text, tmp_path).slug == "30-sorting"


@pytest.mark.parametrize("text", ["1", "01", "001"])
def test_a_number_may_have_zeros_before_it(make: Make, text: str, tmp_path: Path) -> None:
    make("01-first")

    assert find(text, tmp_path).number == 1


def test_an_exact_name_wins_over_a_longer_one_that_begins_with_it(
    make: Make, tmp_path: Path
) -> None:
    for slug in ("30-sorting", "31-sorting-hats"):
        make(slug)

    assert find("sorting", tmp_path).number == 30


def test_a_prefix_of_several_modules_is_refused_with_their_names(
    make: Make, tmp_path: Path
) -> None:
    for slug in ("30-sorting", "31-sorted"):
        make(slug)

    with pytest.raises(
        UsageError, match=r"'sort' fits more than one module: 30-sorting, 31-sorted"
    ):
        find("sort", tmp_path)


def test_an_unknown_module_is_refused_with_the_nearest(make: Make, tmp_path: Path) -> None:
    make()

    with pytest.raises(UsageError) as caught:
        find("sortign", tmp_path)

    assert str(caught.value) == (
        "there is no module 'sortign'. Did you mean 'sorting'? `velvet list` shows them all"
    )


@pytest.mark.parametrize("text", ["", " ", "/", "99", "-1", "9.0", "²", "٣", "9" * 5000])
def test_what_names_no_module_is_refused_in_one_sentence(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no module"):
        find(text, tmp_path)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with three modules."""
    root = tmp_path_factory.mktemp("three")
    for slug in ("30-sorting", "31-sorted", "32-web-apis"):
        (root / slug).mkdir()
        (root / slug / "module.toml").write_text("\n".join(LINES), encoding="utf-8")
    return root


@given(text=st.text(max_size=12) | st.from_regex(r"[0-9]{0,3}-?[a-z]{0,4}", fullmatch=True))
def test_any_text_finds_one_module_or_is_refused(three: Path, text: str) -> None:
    try:
        answer = find(text, three).slug
    except UsageError as refused:
        answer = str(refused)

    slugs = [module.slug for module in everything(three)]
    assert answer in slugs or answer.startswith((f"there is no module {text!r}.", f"{text!r} fits"))


@given(number=st.integers(0, 120), zeros=st.integers(0, 3))
def test_a_number_finds_its_module_whatever_zeros_stand_before_it(
    three: Path, number: int, zeros: int
) -> None:
    known = {module.number for module in everything(three)}
    text = f"{'0' * zeros}{number}"

    try:
        found = find(text, three).number
    except UsageError:
        found = None

    assert found == (number if number in known and len(text) <= 4 else None)


@given(data=st.data())
def test_every_unique_prefix_of_a_topic_finds_its_module(three: Path, data: st.DataObject) -> None:
    known = everything(three)
    module = data.draw(st.sampled_from(known))
    prefix = module.topic[: data.draw(st.integers(1, len(module.topic)))]
    topics = [other.topic for other in known]
    fitting = [topic for topic in topics if topic.startswith(prefix)]

    try:
        found = [find(prefix, three).topic]
    except UsageError as refused:
        found = [topic for topic in topics if f"-{topic}" in str(refused)]

    assert found == ([prefix] if prefix in topics else fitting)


def test_the_repository_is_found_from_this_package() -> None:
    assert repository() == Path(catalog.__file__).resolve().parent.parent


def test_the_repository_is_found_from_a_folder_within_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "velvet").mkdir()
    deep = tmp_path / "30-sorting" / "src"
    deep.mkdir(parents=True)

    assert repository(deep) == tmp_path.resolve()


def test_an_installed_toolkit_finds_the_repository_above_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, installed = (tmp_path / "clone", tmp_path / "site-packages" / "velvet" / "catalog.py")
    (clone / "velvet").mkdir(parents=True)
    (clone / "pyproject.toml").touch()
    monkeypatch.setattr(catalog, "__file__", str(installed))
    monkeypatch.chdir(clone)

    assert repository() == clone.resolve()


def test_outside_a_clone_there_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(VelvetError, match="clone it and run the command inside the clone"):
        repository(tmp_path)
