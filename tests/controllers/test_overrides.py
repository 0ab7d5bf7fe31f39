"""A skill's overrides: any part of a section, with the section's own ranges."""

import copy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers import GainsError, load_gains
from controllers.configuration import number_range, parse_section
from controllers.gains import SHIPPED, Gains, LimitScales, Skills, Targets, Weights

SECTIONS = {"weights": Weights, "scales": LimitScales, "targets": Targets}
CONTENT = yaml.safe_load((SHIPPED / "panda.yaml").read_text())
NUMBERS = [
    (section, key, info)
    for section, kind in SECTIONS.items()
    for key, info in kind.model_fields.items()
    if number_range(info)
]


def read(content: object) -> Gains:
    return parse_section(Gains, yaml.safe_dump(content), name="my.yaml")


def bound(info: object, *names: str) -> tuple[float, bool] | None:
    for item in info.metadata:
        for name in names:
            if getattr(item, name, None) is not None:
                return float(getattr(item, name)), name in ("gt", "lt")
    return None


@st.composite
def wrong_numbers(draw: st.DrawFn) -> tuple[str, str, float]:
    section, key, info = draw(st.sampled_from(NUMBERS))
    low, low_open = bound(info, "gt", "ge")
    high, high_open = bound(info, "lt", "le")
    below = st.floats(max_value=low, exclude_max=not low_open, allow_infinity=True)
    above = st.floats(min_value=high, exclude_min=not high_open, allow_infinity=True)
    return section, key, draw(st.one_of(below, above, st.just(float("nan"))))


@settings(max_examples=200, deadline=None)
@given(wrong_numbers(), st.sampled_from([None, *Skills.model_fields]))
def test_any_number_out_of_range_is_refused_naming_its_key_and_range(
    wrong: tuple[str, str, float], skill: str | None
) -> None:
    section, key, value = wrong
    content = copy.deepcopy(CONTENT)
    if skill is None:
        content[section][key] = value
        place = f"{section}.{key}"
    else:
        content["skills"] = {skill: {section: {key: value}}}
        place = f"skills.{skill}.{section}.{key}"
    with pytest.raises(GainsError) as caught:
        read(content)
    assert f"{place} = {value}" in str(caught.value)
    assert number_range(SECTIONS[section].model_fields[key]) in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(list(Skills.model_fields)),
    st.dictionaries(st.sampled_from(list(LimitScales.model_fields)), st.floats(0.01, 0.3), min_size=1),
)
def test_a_skill_has_what_it_overrides_and_everything_else_as_for_all(
    skill: str, scales: dict[str, float]
) -> None:
    gains = read(CONTENT | {"skills": {skill: {"scales": scales}}})
    changed, plain = gains.for_skill(skill).model_dump(), gains.model_dump()
    assert gains.overridden_skills == (skill,)
    for key, value in changed["scales"].items():
        assert value == scales.get(key, plain["scales"][key])
    for key in changed.keys() - {"scales", "skills"}:
        assert changed[key] == plain[key]


def test_a_skill_without_overrides_has_the_gains_for_all() -> None:
    gains = load_gains()
    assert gains.for_skill("approach") == gains.model_copy(update={"skills": Skills()})


@pytest.mark.parametrize(
    ("skills", "expected"),
    [
        ({"insrt": {}}, "skills.insrt: unknown key (its value is {}): did you mean insert?"),
        (
            {"insert": {"scales": {"velocty": 0.1}}},
            "skills.insert.scales.velocty: unknown key (its value is 0.1): did you mean velocity?",
        ),
        ({"insert": {"rate": 50.0}}, "skills.insert.rate: unknown key"),
        ({"insert": {"scales": {"velocity": None}}}, "skills.insert.scales.velocity = None"),
    ],
)
def test_unknown_keys_and_null_are_refused(skills: dict[str, object], expected: str) -> None:
    with pytest.raises(GainsError) as caught:
        read(CONTENT | {"skills": skills})
    assert expected in str(caught.value)


def test_unknown_skill_names_those_that_there_are() -> None:
    with pytest.raises(GainsError, match="'dance', expected one of: approach, insert, carry, pull"):
        load_gains().for_skill("dance")
