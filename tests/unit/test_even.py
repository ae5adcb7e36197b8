"""A scene is evened: known changes of its shots are undone, and nothing else is touched.

The scene is the numpy room, as in the tests of findings; the changes are those of a grade, made by
their definitions in light, so no CDL in ACEScct holds all of them exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import PyOpenColorIO as ocio
import pytest
from edits import clip, external, saved, span
from seen import never, shot, study, taken
from soundstage.room import BEHIND, SIDE, WIDE, Camera, render
from soundstage.shots import save_shot
from test_check_light import Change, contrast, lifted, mired, saturation, stops

from answerprint.check import joint, light
from answerprint.check.corrected import write_corrected
from answerprint.check.even import Even, Evened, even
from answerprint.check.model import Study
from answerprint.check.run import check
from answerprint.edit.cut import read_cut, read_with_clips
from answerprint.errors import BadParameter, Cancelled
from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.frames.grade import Cdl
from answerprint.vision import fit

PAN = Camera(WIDE.eye, (0.6, 0.1, 5.0), 0.95)
CAMERAS = (WIDE, SIDE, WIDE, PAN)
Pictures = list[list[np.ndarray]]


@pytest.fixture(scope="module")
def room() -> Pictures:
    return [taken(camera, (turn,), 320) for turn, camera in enumerate(CAMERAS)]


def changed(room: Pictures, changes: Mapping[int, Change]) -> Pictures:
    return [
        [changes[turn](p) for p in pictures] if turn in changes else pictures
        for turn, pictures in enumerate(room)
    ]


def studied(pictures: Pictures) -> Study:
    return study([shot(f"s{turn}", turn, each) for turn, each in enumerate(pictures)])


def through(cdl: Cdl, picture: np.ndarray) -> np.ndarray:
    return acescct_inverse(cdl(acescct(picture.astype(np.float64)))).astype(np.float32)


def corrected(pictures: Pictures, made: Even) -> Pictures:
    return [
        [through(each.cdl, p) for p in shots]
        for each, shots in zip(made.shots, pictures, strict=True)
    ]


def left(room: Pictures, after: Pictures, turn: int) -> np.ndarray:
    """Stops by which each channel of a shot is still off, in the middle of its tones."""
    clean, now = room[turn][0], after[turn][0]
    lit = (clean > 0.02).all(-1) & (clean < 2).all(-1)
    return np.asarray(np.median(np.log2(now[lit] / clean[lit]), 0))


# --- what is done --------------------------------------------------------------------------


def test_a_scene_that_matches_is_left_alone(room) -> None:
    made = even(studied(room), None, never)
    assert [each.changed for each in made.shots] == [False] * 4
    assert all(each.cdl == Cdl() for each in made.shots)
    assert made.sentence == "No shots evened."


@pytest.mark.parametrize(
    "changes",
    [
        {1: stops(0.3), 2: mired(-30)},
        {1: mired(25), 3: contrast(1.15)},
        {2: saturation(0.75)},
        {2: lifted(0.01)},
        {0: stops(-0.4), 3: stops(0.25)},
    ],
    ids=["exposure and white", "white and contrast", "saturation", "blacks", "two exposures"],
)
def test_what_was_changed_is_undone_and_nothing_new_is_found(room, changes) -> None:
    pictures = changed(room, changes)
    before = studied(pictures)
    made = even(before, None, never)
    assert {f.mend for f in light.find(before)} == {f"s{turn}" for turn in changes}
    assert {each.shot for each in made.shots if each.changed} == {f"s{turn}" for turn in changes}
    after = corrected(pictures, made)
    assert light.find(studied(after)) == []
    for turn in changes:
        assert np.abs(left(room, after, turn)).max() < 0.05
        was, now = made.shots[turn].apart
        assert now < was


def test_a_hero_stays_and_its_scene_comes_to_it(room) -> None:
    pictures = changed(room, {2: lambda p: mired(25)(stops(-0.4)(p))})
    made = even(studied(pictures), "s2", never)
    assert [each.changed for each in made.shots] == [True, True, False, True]
    assert made.shots[2].why == "It is the hero."
    assert made.shots[0].to == "s2"
    after = corrected(pictures, made)
    assert light.find(studied(after)) == []
    wanted = np.log2(np.median(pictures[2][0] / room[2][0], (0, 1)))
    for turn in (0, 1, 3):
        assert left(room, after, turn) == pytest.approx(wanted, abs=0.04)


def test_what_a_change_did_is_told_in_stops_and_mired(room) -> None:
    made = even(studied(changed(room, {3: stops(-0.4)})), "s0", never)
    assert made.shots[3].stops == pytest.approx(0.4, abs=0.02)
    assert made.shots[3].mired == pytest.approx(0, abs=2)
    warmed = even(studied(changed(room, {2: mired(-30)})), "s0", never)
    assert warmed.shots[2].mired == pytest.approx(30, abs=3)
    assert "+30 mired" in warmed.shots[2].why or "+29 mired" in warmed.shots[2].why


def test_a_shot_that_shares_nothing_stays_and_is_told(room) -> None:
    away = shot("away", 4, [stops(-1)(p) for p in taken(BEHIND, (0,), 320)])
    shots = [shot(f"s{turn}", turn, each) for turn, each in enumerate(room[:2])]
    before = study([*shots, away])
    scene = replace(before.scenes[0], shots=("s0", "s1", "away"))
    made = even(replace(before, scenes=(scene,)), "s0", never)
    assert (made.cdls["away"], made.shots[2].to) == (Cdl(), "")
    assert made.shots[2].why == "It shares no surface with s0 that could be verified."
    assert made.sentence == "No shots evened, 1 left without a comparison."


def test_a_shot_that_is_lit_from_elsewhere_stays(room) -> None:
    def relit(picture: np.ndarray) -> np.ndarray:
        across = np.linspace(-1.2, 0.4, picture.shape[1])[None, :, None]
        return (picture * np.exp2(across)).astype(np.float32)

    made = even(studied(changed([room[0], room[2]], {1: relit})), "s0", never)
    assert not made.shots[1].changed
    assert made.shots[1].why == "It is lit from another side than s0; no grade mends that."


def test_it_can_be_cancelled(room) -> None:
    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        even(studied(room[:2]), None, stop)


# --- with what the edit has ----------------------------------------------------------------


def test_a_cdl_of_the_edit_is_in_the_new_one(room) -> None:
    own = Cdl((1.1, 1.0, 0.95), (-0.02, 0.0, 0.01), (1.05, 1.0, 1.0), 0.9)
    plates = changed(room, {2: stops(-0.5)})
    seen = [[through(own, p) for p in ps] if turn == 2 else ps for turn, ps in enumerate(plates)]
    before = studied(seen)
    graded = replace(before.shots[2].event, cdl=own.as_dict())
    shots = list(before.shots)
    shots[2] = replace(shots[2], event=graded)
    made = even(replace(before, shots=tuple(shots)), "s0", never)
    assert made.shots[2].changed
    after = [
        [through(made.cdls["s2"], p) for p in plates[2]] if t == 2 else room[t] for t in range(4)
    ]
    assert light.find(studied(after)) == []
    assert made.said[0].startswith("s2 had a CDL in the edit; the new one holds both, within 0.")


def test_a_cdl_of_the_edit_stays_where_nothing_is_to_be_done(room) -> None:
    before = studied(room[:2])
    own = Cdl(power=(1.2, 1.1, 1.0))
    graded = replace(before.shots[1], event=replace(before.shots[1].event, cdl=own.as_dict()))
    made = even(replace(before, shots=(before.shots[0], graded)), None, never)
    assert made.cdls == {"s0": Cdl(), "s1": own}
    assert not made.shots[1].changed


# --- all at once ---------------------------------------------------------------------------


def codes_of(count: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(0.2, 0.6, (count, 3))


def linked(looks: np.ndarray, ends: list[tuple[int, int]], noise: float = 0.0) -> list[joint.Link]:
    """Links between shots of one set of colours, each shot's as its look is undone."""
    random, made = np.random.default_rng(4), []
    for first, second in ends:
        true = codes_of(120)
        a, b = (joint.undo(looks[k], true) for k in (first, second))
        a, b = (v + random.normal(0, noise, v.shape) for v in (a, b))
        made.append(joint.link(first, second, a, b, np.ones(120), np.arange(120) // 4))
    return made


def looks_of(count: int) -> np.ndarray:
    looks = np.random.default_rng(5).normal(0, 0.7, (count, 10)) * fit.USUAL
    looks[0] = 0
    return looks


def free_but_first(count: int) -> np.ndarray:
    free = np.ones((count, 10), bool)
    free[0] = False
    return free


def test_a_cdl_is_undone_exactly() -> None:
    theta = looks_of(3)[2]
    codes = codes_of(50)
    assert joint.undo(theta, fit.apply(theta, codes)) == pytest.approx(codes, abs=1e-9)


def test_a_chain_does_not_drift() -> None:
    """Noise in one shot's colours wears down a contrast that is fitted one way: by 3 % a pair."""
    count = 10
    looks = np.zeros((count, 10))
    links = linked(looks, [(turn, turn + 1) for turn in range(count - 1)], noise=0.02)
    found = joint.joint(count, links, free_but_first(count), lambda: None)
    contrast_at_the_end = float(np.exp(found.theta[-1, 3]))
    assert contrast_at_the_end == pytest.approx(1, abs=0.1)
    assert abs(found.theta[-1, 0]) * 17.52 < 0.25  # stops, after nine pairs of a noise of 0.5


def test_a_pair_that_lies_loses_its_say() -> None:
    looks = looks_of(4)
    ends = [(0, 1), (1, 2), (2, 3), (0, 3), (1, 3), (0, 2)]
    links = linked(looks, ends)
    links[4] = replace(links[4], b=links[4].b + 0.05)
    found = joint.joint(4, links, free_but_first(4), lambda: None)
    assert found.say[4] < 0.25 < 0.9 < np.delete(found.say, 4).min()
    colours = codes_of(80)
    for turn in range(4):
        moved = fit.apply(found.theta[turn], joint.undo(looks[turn], colours))
        assert moved == pytest.approx(colours, abs=0.004)


def test_what_is_held_does_not_move() -> None:
    looks = looks_of(3)
    free = free_but_first(3)
    free[2, 3:] = False
    found = joint.joint(3, linked(looks, [(0, 1), (1, 2)]), free, lambda: None)
    assert not found.theta[~free].any()
    assert found.theta[free].any()


# --- files ---------------------------------------------------------------------------------

EDL = """TITLE: reel
FCM: NON-DROP FRAME

001  A001     V     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
* FROM CLIP NAME: wall
*ASC_SOP (1.1 1.0 0.9)(0.01 0.0 0.0)(1.0 1.0 1.0)
*ASC_SAT 0.9
002  A002     V     C        01:00:00:00 01:00:01:00 01:00:01:00 01:00:02:00
* FROM CLIP NAME: door
"""
NEW = Cdl((1.2, 1.0, 0.8), (0.0, -0.01, 0.02), (1.0, 1.1, 1.0), 0.95)


def told(name: str, cdl: Cdl) -> Evened:
    return Evened(name, "scene 1", "door", cdl, cdl, "")


def test_every_file_has_the_cdl_of_every_shot(tmp_path) -> None:
    (tmp_path / "reel.edl").write_text(EDL)
    whole = read_with_clips(str(tmp_path / "reel.edl"), rate="24")
    made = Even((told("wall", NEW), told("door", Cdl())), ())
    lists = write_corrected(made, *whole, tmp_path)
    assert lists.files == ("even.ccc", "even.otio", "even.edl")
    for name in lists.files[1:]:
        events = read_cut(str(tmp_path / name), rate="24").events
        assert {e.id: Cdl.of(dict(e.cdl or {})) for e in events} == made.cdls
    assert (tmp_path / "even.edl").read_text().count("ASC_SOP") == 2
    assert (tmp_path / "even.otio").read_text().count("1.1, 1.0, 0.9") == 0
    group = ocio.Config.CreateRaw().getProcessor(
        ocio.FileTransform(str(tmp_path / "even.ccc"), cccId="wall")
    )
    pixel = group.getDefaultCPUProcessor().applyRGB([0.4, 0.3, 0.5])
    assert pixel == pytest.approx(NEW(np.array([0.4, 0.3, 0.5])), abs=1e-5)


def test_a_shot_that_was_not_looked_at_keeps_its_cdl(tmp_path) -> None:
    (tmp_path / "reel.edl").write_text(EDL)
    whole = read_with_clips(str(tmp_path / "reel.edl"), rate="24")
    write_corrected(Even((told("door", NEW),), ()), *whole, tmp_path)
    wall, door = read_cut(str(tmp_path / "even.otio")).events
    assert Cdl.of(dict(wall.cdl)) == Cdl((1.1, 1.0, 0.9), (0.01, 0.0, 0.0), saturation=0.9)
    assert Cdl.of(dict(door.cdl)) == NEW


@pytest.fixture(scope="module")
def reel(tmp_path_factory):
    """Two takes of a wall, the second lighter."""
    folder = tmp_path_factory.mktemp("reel")
    children = []
    for name, gain in (("wall", 0.0), ("lighter", 0.5)):
        pictures = {1001 + n: render(WIDE, n, 320, 180) * np.float32(2**gain) for n in range(2)}
        save_shot(folder / name, pictures)
        media = external(folder / f"{name}/{name}.1001.exr", 1001, 2)
        children.append(clip(name, media, span(1001, 2)))
    return saved(folder / "reel.otio", *children), folder


def test_the_evened_cut_is_checked_again_and_nothing_is_found(reel) -> None:
    path, folder = reel
    first = check(path, folder / "one", kinds=["exposure"], hero="wall")
    assert [row["kind"] for row in first.report["findings"]] == ["exposure"]
    assert first.report["sentence"].endswith("1 shot evened.")
    assert {"even.ccc", "even.otio", "even.edl"} <= set(first.report["files"])
    page = (folder / "one/report.html").read_text("utf-8")
    assert page.count("lighter, evened") == 1
    kept = {"kinds": ["exposure"], "keep": folder}
    for _ in ("measured", "as it was kept"):
        again = check(str(folder / "one/even.otio"), folder / "two", **kept)
        assert again.report["findings"] == []
    assert "1 shot was seen through the CDL" in " ".join(again.report["warnings"])
    assert not (folder / "two/even.ccc").exists()
    plain = check(str(folder / "one/even.otio"), folder / "two", graded=False, **kept)
    (row,) = plain.report["findings"]
    assert row["value"] == pytest.approx(0.5, abs=0.03)


def test_what_the_edit_has_is_never_replaced_unseen(reel) -> None:
    path, folder = reel
    check(path, folder / "three", kinds=["gap"], even=True)
    with pytest.raises(BadParameter, match="CDLs of its own"):
        check(str(folder / "three/even.otio"), folder / "four", even=True, graded=False)
