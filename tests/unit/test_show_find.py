"""`show find`: which takes see what a picture shows, in which order, and what is said of them."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest
import shows
from shots import call
from soundstage import room as stage
from soundstage.room import BEHIND, SIDE, WIDE
from soundstage.shots import save_shot

from answerprint.errors import BadParameter
from answerprint.events import Events
from answerprint.show.add import add
from answerprint.show.find import Known, find, kept, search
from answerprint.show.store import ARRAYS, Show, make_show, open_show
from answerprint.worker.show import show_find

render = cache(stage.render)


def other(seed: int) -> np.ndarray:
    """(270, 480, 3): soft blots of light, another place each."""
    noise = np.random.default_rng(seed).normal(0, 1, (270, 480, 3)).astype(np.float32)
    return np.asarray(0.18 * np.exp(4 * cv2.GaussianBlur(noise, (0, 0), 3)), np.float32)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A show of a room from three sides and of four other places; to be looked at only."""
    show = make_show(tmp_path_factory.mktemp("room") / "show")
    takes = {"side": [render(SIDE, 0)], "wide": [render(WIDE, 4)], "behind": [render(BEHIND)]}
    takes |= {f"other{seed}": [other(seed)] for seed in range(4)}
    return show.folder, shows.fill(show, takes)


@pytest.fixture
def show(room: tuple[Path, dict[str, str]], tmp_path: Path) -> Show:
    """A copy of it, to be changed."""
    return open_show(shutil.copytree(room[0], tmp_path / "show"))


def asked(picture: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(np.ascontiguousarray(picture, np.float32), np.ones(picture.shape[:2], bool))]


def names(hits: list) -> list[str]:
    return [hit.name for hit in hits]


GRADES = {
    "as it is": lambda light: light,
    "two over": lambda light: np.minimum(light * 4, 1),
    "two under": lambda light: light / 4,
    "tungsten": lambda light: light * (1.5, 1.0, 0.6),
    "masked": lambda light: light * (np.abs(np.arange(270) - 134.5) < 100)[:, None, None],
    "enlarged": lambda light: cv2.resize(light[54:216, 96:384], (480, 270)),
}


@pytest.mark.parametrize("grade", GRADES.values(), ids=GRADES.keys())
def test_a_take_of_the_same_spot_comes_first(room, grade) -> None:
    later = grade(render(SIDE, 5)).astype(np.float32)
    hits = find(open_show(room[0]), asked(later))
    assert (hits[0].name, hits[0].kind) == ("side", "setup")
    assert hits[0].confidence > 0.6
    assert all(hit.kind == "look" for hit in hits if hit.name.startswith("other"))


def test_the_region_is_what_the_picture_shows(room) -> None:
    closer = cv2.resize(render(SIDE, 0)[54:216, 96:384], (480, 270), interpolation=cv2.INTER_CUBIC)
    hit = find(open_show(room[0]), asked(closer))[0]
    assert hit.scale == pytest.approx(0.6, abs=0.01)
    assert hit.region == pytest.approx((96, 54, 384, 216), abs=4)
    assert hit.why.startswith("From the same spot, 1.7 times wider: ")


def test_what_is_verified_goes_before_what_looks_like_it(room) -> None:
    hits = find(open_show(room[0]), asked(render(SIDE, 5)))
    order = [("setup", "place", "look").index(hit.kind) for hit in hits]
    assert order == sorted(order)
    assert len(hits) == 7
    assert {hit.name for hit in hits if hit.kind != "look"} >= {"side", "wide"}


def test_a_mirror_is_another_place(room) -> None:
    flipped = render(SIDE, 0)[:, ::-1]
    assert "setup" not in {hit.kind for hit in find(open_show(room[0]), asked(flipped))}


def test_a_row_of_equal_things_is_not_taken_for_its_mirror(tmp_path) -> None:
    """Things that are their own mirror agree with it too; the mirrored picture agrees better."""
    wall = other(5) / 20
    thing = np.minimum(other(6)[:120, :60], 1)
    thing = (thing + thing[:, ::-1]) / 2
    for x in (60, 180, 300):
        wall[80:200, x : x + 60] = thing
    show = make_show(tmp_path / "show")
    shows.fill(show, {"row": [wall]})
    flipped = find(show, asked(wall[:, ::-1]))[0]
    assert flipped.kind == "look"
    assert flipped.why.startswith("It shows the mirror image")
    assert find(show, asked(wall))[0].kind == "setup"


def test_place_is_only_what_is_verified(room) -> None:
    show = open_show(room[0])
    assert find(show, asked(other(99)), "place") == []
    assert all(hit.kind != "look" for hit in find(show, asked(render(SIDE, 5)), "place"))


def test_look_goes_by_colours_alone(room) -> None:
    show = open_show(room[0])
    turned = np.ascontiguousarray(other(2)[::-1, ::-1])
    hits = find(show, asked(turned), "look")
    assert (hits[0].name, hits[0].kind, hits[0].structures) == ("other2", "look", 0)
    assert hits[0].confidence == pytest.approx(0.5, abs=0.03)
    warm = np.asarray(other(2) * np.float32([2, 1, 0.5]))
    assert names(find(show, asked(warm), "look"))[0] != "other2" or (
        find(show, asked(warm), "look")[0].confidence < hits[0].confidence
    )


def test_several_pictures_find_what_each_shows(room) -> None:
    both = asked(render(SIDE, 5)) + asked(other(1))
    assert set(names(find(open_show(room[0]), both))[:3]) >= {"side", "other1"}


def test_clips_and_shots_are_left_out(room) -> None:
    show, ids = open_show(room[0]), room[1]
    for without in (ids["side"], (ids["side"], 1001)):
        assert "side" not in names(find(show, asked(render(SIDE, 0)), without=[without]))
    assert "side" in names(find(show, asked(render(SIDE, 0)), without=[(ids["side"], 1002)]))
    assert len(find(show, asked(render(SIDE, 0)), most=2)) == 2


def test_a_picture_of_nothing_finds_nothing_sure(room) -> None:
    show = open_show(room[0])
    black = np.zeros((270, 480, 3), np.float32)
    assert all(hit.kind == "look" for hit in find(show, asked(black)))
    nothing = [(black, np.zeros((270, 480), bool))]
    assert find(show, nothing, "look") == []
    assert find(show, nothing, "place") == []


def test_a_file_of_nothing_is_told_from_an_empty_show(room, still, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("answerprint.show.find.colours", lambda *_: b"")
    told = search(open_show(room[0]), still, by="look")
    assert (told["hits"], told["sentence"]) == ([], "Nothing of the picture counts.")
    told = search(make_show(tmp_path / "show"), still, by="look")
    assert told["sentence"] == "The show has no takes."


def test_an_empty_show_has_no_hits(tmp_path: Path) -> None:
    show = make_show(tmp_path / "show")
    assert find(show, asked(other(0))) == find(show, asked(other(0)), "look") == []


def test_a_take_whose_landmarks_are_damaged_is_told_and_ranked_by_its_looks(show, room) -> None:
    path = show.folder / ARRAYS / f"{room[1]['side']}.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (show.folder / ARRAYS / f"{room[1]['other1']}.npz").unlink()
    said: list[str] = []
    hits = find(show, asked(render(SIDE, 0)), told=said.append)
    assert {hit.kind for hit in hits if hit.name == "side"} == {"look"}
    assert next(hit for hit in hits if hit.kind == "look").name == "side"
    assert sorted(" ".join(each.split()[:6]) for each in said) == [
        "The landmarks of /dailies/other1.mov are gone",
        "The landmarks of /dailies/side.mov are damaged.",
    ]
    assert all("show verify" in each for each in said)


def test_the_answer_does_not_change(room) -> None:
    show = open_show(room[0])
    assert find(show, asked(render(SIDE, 5))) == find(show, asked(render(SIDE, 5)))


# --- a file ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("still") / "frame.exr")
    file = oiio.ImageBuf(oiio.ImageSpec(480, 270, 3, "half"))
    file.set_pixels(file.roi, render(SIDE, 5))
    assert file.write(path)
    return path


def test_a_file_is_looked_for_as_a_mirror_shows_it(room, still) -> None:
    show = open_show(room[0])
    assert search(show, still, colourspace="ACEScg")["hits"][0]["kind"] == "setup"
    flipped = search(show, still, mirrored=True, colourspace="ACEScg")
    assert "setup" not in {hit["kind"] for hit in flipped["hits"]}


def test_what_cannot_be_asked_is_refused(room, still) -> None:
    show = open_show(room[0])
    with pytest.raises(BadParameter, match="most is 0"):
        search(show, still, most=0)
    with pytest.raises(BadParameter, match="frame is 7"):
        search(show, still, frame=7)
    with pytest.raises(ValueError, match="by is 'smell'"):
        find(show, [], "smell")


def test_the_worker_finds_and_refuses(room, still) -> None:
    told = show_find(
        {"show": str(room[0]), "path": still, "by": "place", "colourspace": "ACEScg"}, Events()
    )
    assert told["hits"][0]["name"] == "side"
    assert json.loads(json.dumps(told)) == told | {"hits": json.loads(json.dumps(told["hits"]))}
    for wrong in ({"by": "smell"}, {"most": "3"}, {"frame": True}, {"mirrored": 1}):
        with pytest.raises(BadParameter):
            show_find({"show": str(room[0]), "path": still, **wrong}, Events())


def test_the_command_line_tells_the_takes(room, still) -> None:
    done = call("show", "find", still, "--show", str(room[0]), "--colourspace", "ACEScg")
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.startswith("setup")
    assert "side" in first
    assert "From the same spot" in first
    done = call("show", "find", still, "--show", str(room[0]), "--place", "--json")
    told = json.loads(done.stdout)
    assert told["hits"][0]["name"] == "side"


# --- what is kept of a take is asked for as a picture is ------------------------------------------


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show of two takes of one set-up and another place, from their media."""
    folder = tmp_path_factory.mktemp("learned")
    for turn, (name, camera) in enumerate({"A1": SIDE, "A2": SIDE, "B1": BEHIND}.items()):
        pictures = {1001 + n: render(camera, 7 * turn + n)[::2, ::2] for n in range(2)}
        save_shot(folder / "dailies" / name, pictures)
    add(make_show(folder / "show"), [str(folder / "dailies")])
    return folder


def looks(folder: Path, name: str, frames: tuple[int, int] = (1001, 1002)) -> Known | None:
    path = str(folder / f"dailies/{name}/{name}.%04d.exr")
    return kept(open_show(folder / "show"), path, "ACEScg", frames, frames[0])


def test_a_look_that_is_kept_finds_what_its_picture_finds(learned: Path) -> None:
    show, known = open_show(learned / "show"), looks(learned, "A1", (1001, 1001))
    assert known is not None
    by_look = find(show, [known])
    by_picture = find(show, asked(render(SIDE, 0)[::2, ::2]))
    assert names(by_look) == names(by_picture) == ["A1", "A2", "B1"]
    assert [hit.kind for hit in by_look] == [hit.kind for hit in by_picture]
    assert by_look[0].structures > 50


def test_other_frames_another_space_and_a_stranger_are_not_kept(learned: Path) -> None:
    show = open_show(learned / "show")
    path = str(learned / "dailies/A1/A1.%04d.exr")
    assert looks(learned, "A1", (1003, 1009)) is None
    assert kept(show, path, "Linear Rec.709 (sRGB)", (1001, 1002), 1001) is None
    assert looks(learned, "C1") is None


def test_media_that_changed_are_not_answered_for(learned: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(learned, tmp_path / "copy"))
    rows = "UPDATE clip SET path = replace(path, ?, ?)"
    with open_show(folder / "show").writing() as desk:
        desk.db.execute(rows, (str(learned), str(folder)))
    assert looks(folder, "A1") is not None
    shutil.rmtree(folder / "dailies/A1")
    save_shot(folder / "dailies/A1", {1001 + n: render(BEHIND)[::2, ::2] for n in range(2)})
    assert looks(folder, "A1") is None


def test_landmarks_that_are_damaged_are_not_asked_for(learned: Path, tmp_path: Path) -> None:
    folder = tmp_path / "show"
    shutil.copytree(learned / "show", folder)
    for each in (folder / ARRAYS).iterdir():
        data = bytearray(each.read_bytes())
        data[len(data) // 2] ^= 1
        each.write_bytes(data)
    path = str(learned / "dailies/A1/A1.%04d.exr")
    assert kept(open_show(folder), path, "ACEScg", (1001, 1002), 1001) is None
