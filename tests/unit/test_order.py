"""An order, and its ways in and out of recipes and requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from answerprint.errors import BadInput, BadParameter
from answerprint.worker import order as orders
from answerprint.worker.order import Order, Source, digest, from_recipe, from_request, to_recipe

FACTS: dict[str, Any] = {
    "looked_at": {"source": {"1001": "ab", "-5": "cd"}, "reference": {"1": "ef"}},
    "colour": {"config": "studio"},
    "models": {},
    "device_class": "cpu",
    "solved": {"verdict": "match", "numbers": [0.1, 1e-9]},
    "ranges": {"source": "-5,1001", "reference": "1-20"},
    "frame_hashes": {1001: "ab", -5: "cd"},
}
ORDER = Order(
    tool="match",
    inputs={"source": Source("/shots/a.%04d.exr", "ACEScg"), "reference": Source("/shots/b.mov")},
    out=Path("/results"),
    params={"strength": 0.5, "cdl_space": ["LogC3"]},
    version=1,
    name="sc010",
    frames="-5-1001",
    device="cpu",
    write_frames=False,
)


def written(folder: Path, recipe: Any) -> Path:
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe), encoding="utf-8")
    return path


def lacking(field: str) -> str:
    return f"'{field}' is missing or of another kind."


# --- recipes -------------------------------------------------------------------------------


def test_a_recipe_comes_back_as_the_order_it_was(tmp_path: Path) -> None:
    back = from_recipe(written(tmp_path, to_recipe(ORDER, FACTS)))
    facts = {"solved": FACTS["solved"], "looked_at": back.looked_at, "config": "studio"}
    facts |= {"ranges": FACTS["ranges"], "frame_hashes": FACTS["frame_hashes"]}
    assert back == Order(**vars(ORDER) | {"out": tmp_path} | facts)
    assert back.looked_at == FACTS["looked_at"]
    assert to_recipe(back, FACTS) == to_recipe(ORDER, FACTS)


def test_what_a_recipe_holds() -> None:
    recipe = to_recipe(ORDER, FACTS)
    assert recipe["schema"] == "answerprint.recipe/1"
    assert list(recipe) == [
        "schema",
        "tool",
        "version",
        "parameters",
        "inputs",
        "frames",
        "name",
        "write_frames",
        "colour",
        "models",
        "seed",
        "frames_sha256",
        "device_class",
        "solved",
    ]
    assert recipe["inputs"]["source"] == {
        "path": "/shots/a.%04d.exr",
        "colourspace": "ACEScg",
        "frames": "",
        "sha256": {"1001": "ab", "-5": "cd"},
        "range": "-5,1001",
    }


def test_another_folder_part_and_device(tmp_path: Path) -> None:
    path = written(tmp_path, to_recipe(ORDER, FACTS))
    back = from_recipe(path, tmp_path / "other", "1001", "cuda")
    assert (back.out, back.part, back.device) == (tmp_path / "other", "1001", "cuda")
    assert back.frames == "-5-1001", "a part does not change what the recipe is about"


def test_recipes_name_files_for_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/artist")
    monkeypatch.chdir(tmp_path)
    inputs = {"source": Source("a/../b.exr"), "reference": Source("~/hero.exr")}
    recipe = to_recipe(Order("match", inputs, Path()), {**FACTS, "looked_at": {}})
    assert recipe["inputs"]["source"]["path"] == str(tmp_path / "b.exr")
    assert recipe["inputs"]["reference"]["path"] == "/home/artist/hero.exr"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (None, "There is no recipe {path}."),
        ("", "{path} cannot be read as a recipe."),
        ('{"schema": ', "{path} cannot be read as a recipe."),
        ("[1]", "{path} is not a recipe of Answerprint."),
        ('{"schema": "other/1"}', "{path} is not a recipe of Answerprint."),
        ('{"schema": 5}', "{path} is not a recipe of Answerprint."),
        (
            '{"schema": "answerprint.recipe/2"}',
            "{path} is of schema 'answerprint.recipe/2', "
            "this version reads 'answerprint.recipe/1'.",
        ),
    ],
)
def test_what_is_no_recipe_is_refused(tmp_path: Path, text: str | None, title: str) -> None:
    path = tmp_path / "recipe.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        from_recipe(path)
    assert refused.value.title == title.format(path=path)
    assert refused.value.hint


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(BadInput, match="cannot be read as a recipe"):
        from_recipe(path)


READ = (
    "tool",
    "version",
    "parameters",
    "inputs",
    "frames",
    "name",
    "write_frames",
    "device_class",
    "solved",
)


@pytest.mark.parametrize("field", READ)
@pytest.mark.parametrize("value", ["absent", ["list"], 1.5])
def test_a_recipe_with_a_hole_is_refused(tmp_path: Path, field: str, value: Any) -> None:
    recipe = to_recipe(ORDER, FACTS)
    if value == "absent":
        del recipe[field]
    else:
        recipe[field] = value
    with pytest.raises(BadInput) as refused:
        from_recipe(written(tmp_path, recipe))
    assert refused.value.title.endswith(f"is not a whole recipe: {lacking(field)}")
    assert refused.value.hint == "Run the tool again to make one."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("path", 5),
        ("colourspace", 5),
        ("sha256", []),
        ("sha256", {"ten": "ab"}),
        ("path", None),
    ],
)
def test_an_input_with_a_hole_is_refused(tmp_path: Path, field: str, value: Any) -> None:
    recipe = to_recipe(ORDER, FACTS)
    recipe["inputs"]["source"][field] = value
    with pytest.raises(BadInput, match="is not a whole recipe") as refused:
        from_recipe(written(tmp_path, recipe))
    assert lacking(field) in refused.value.title


def test_a_digest_is_of_the_value_not_of_its_order() -> None:
    assert digest({"a": 1, "b": [1.5]}) == digest({"b": [1.5], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert len(digest({})) == 32
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest(float("nan"))


# --- requests ------------------------------------------------------------------------------

REQUEST: dict[str, Any] = {
    "tool": "match",
    "params": {"strength": 0.5},
    "inputs": {
        "source": {
            "pattern": "/a.%04d.exr",
            "first": -5,
            "last": 1010,
            "colorspace": {"name": "ACEScg"},
        },
        "reference": "/b.mov",
    },
    "outputs": {"dir": "/results", "base": "sc010_match_v001", "write_frames": False},
    "device": "cuda:1",
    "context": {"project": "show"},
}


def test_a_request_of_a_host() -> None:
    assert from_request(REQUEST) == Order(
        tool="match",
        params={"strength": 0.5},
        inputs={"source": Source("/a.%04d.exr", "ACEScg"), "reference": Source("/b.mov")},
        out=Path("/results"),
        name="sc010_match_v001",
        frames="-5-1010",
        device="cuda:1",
        write_frames=False,
    )


def test_the_least_request() -> None:
    least = {"tool": "match", "inputs": {"source": {"path": "a"}}, "outputs": {"dir": "b"}}
    assert from_request(least) == Order("match", {"source": Source("a")}, Path("b"))


def test_frames_of_a_request_go_before_those_of_its_source() -> None:
    assert from_request(REQUEST | {"frames": "0"}).frames == "0"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tool": None}, "tool"),
        ({"tool": 5}, "tool"),
        ({"params": []}, "params"),
        ({"inputs": {}}, "source"),
        ({"inputs": {"source": 5}}, "source"),
        ({"inputs": {"source": {}}}, "path"),
        ({"inputs": {"source": "a", "reference": 5}}, "reference"),
        ({"inputs": {"source": {"path": "a", "first": 1}}}, "last"),
        ({"inputs": {"source": {"path": "a", "colorspace": 5}}}, "colorspace"),
        ({"outputs": {}}, "dir"),
        ({"outputs": {"dir": ""}}, "dir"),
        ({"outputs": {"dir": "b", "write_frames": "no"}}, "write_frames"),
        ({"device": 0}, "device"),
        ({"frames": 1001}, "frames"),
        ({"version": "1"}, "version"),
    ],
)
def test_a_request_with_a_hole_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadParameter) as refused:
        from_request(REQUEST | change)
    assert refused.value.title == f"The job's request is not whole: {lacking(field)}"
    assert refused.value.hint.startswith("It needs tool, params, inputs with a source")


# --- an earlier solution -------------------------------------------------------------------

LIVE = {"strength", "cdl_space"}


def again(tmp_path: Path, **change: Any) -> Order:
    written(tmp_path, to_recipe(ORDER, FACTS))
    return orders.solution_of(Order(**vars(ORDER) | {"out": tmp_path} | change), LIVE, "studio")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"params": {"strength": 1.0, "cdl_space": []}},
        {"name": "other"},
        {"write_frames": True},
        {"device": "cuda"},
    ],
)
def test_a_solution_holds_where_nothing_measured_changed(tmp_path: Path, change: Any) -> None:
    found = again(tmp_path, **change)
    assert found.solved == FACTS["solved"]
    assert found.looked_at == FACTS["looked_at"]


@pytest.mark.parametrize(
    "change",
    [
        {"params": ORDER.params | {"method": "palette"}},
        {"frames": "1001"},
        {"tool": "other"},
        {"version": 2},
        {"inputs": ORDER.inputs | {"reference": Source("/shots/c.mov")}},
        {"inputs": ORDER.inputs | {"source": Source("/shots/a.%04d.exr")}},
    ],
)
def test_another_question_is_measured_anew(tmp_path: Path, change: Any) -> None:
    assert again(tmp_path, **change).solved is None


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "answerprint.recipe/1", "tool": 1}'])
def test_a_spoiled_recipe_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.json").write_text(text)
    order = Order(**vars(ORDER) | {"out": tmp_path})
    assert orders.solution_of(order, LIVE, "studio") == order
