"""*Show*, missing shots: listed, laid above the edit, swapped in with one click and matched."""

import pytest
from show_host import GAPS, HOLES, PROPOSAL, SHOTS, STILL, asked, choose, texts, write

from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.showing import Take


def test_missing_shots_are_listed_with_what_could_stand_for_them(page, folder, until):
    page.missing.click()
    until(lambda: page.finder.state == "done")
    assert asked(folder)[0][1]["path"].endswith("sc010.otio")
    tops = [page.list.topLevelItem(n) for n in range(page.list.topLevelItemCount())]
    assert [top.text(0) for top in tops] == ["01:00:02:00  48 frames", "01:00:09:00  12 frames"]
    assert texts(page) == [["A001C002\n1001-1002", "head\nneeds match, retime 80 %", "40 %"]]
    assert tops[1].child(0).text(0) == "The show has nothing for it."
    assert "2 shots are missing" in page.about.text()
    choose(page, 0)
    assert "retime to 80 %" in page.detail.text()
    page.desk.host.selected = ["hero"]  # what is selected is not the hole
    page.place.click()
    until(lambda: page.desk.host.placements)
    assert page.desk.host.placements == [("frames", 1001, 1002, "", "show A001C002")]
    assert not page.match.isEnabled()
    page.ask_for(STILL)  # back to what sees a picture
    until(lambda: len(page.list.rows) == 2)
    assert not page.elsewhere.isVisible()


def test_a_host_that_lays_no_takes_says_where_they_can_be_auditioned(page, until):
    page.missing.click()
    until(lambda: page.finder.state == "done")
    assert not page.audition.isVisible()
    assert not page.swap.isVisible()
    assert page.match.isVisible()
    cut = page.finder.found["cut"]
    told = "Shelf lays no takes above an edit. Import {} in a program that opens cuts as OTIO."
    assert page.elsewhere.text() == told.format(cut)


@pytest.fixture
def gaps(page, until):
    """The page with the missing shots of a host that lays takes above its edit."""
    page.desk.host.can |= {"auditions"}
    page.window().panel.refresh()
    until(lambda: "auditions" in page._can)
    page.missing.click()
    until(lambda: page.finder.state == "done")
    return page


def test_takes_are_laid_switched_off_where_the_host_can(gaps, until):
    assert gaps.audition.isVisible()
    assert not gaps.match.isVisible()
    assert not gaps.place.isVisible()
    assert not gaps.elsewhere.isVisible()
    states = []
    gaps.finder.moved.connect(lambda: states.append(gaps.bar.format()))
    gaps.audition.click()
    until(lambda: gaps.desk.host.laid)
    until(lambda: not gaps.finder.open)
    assert gaps.desk.host.laid == {"gap_1.1": False}
    assert "Laying the takes above the edit" in states
    assert gaps.finder.note == "1 takes lie above the edit, switched off."
    gaps.desk.host.opens = set()
    gaps.audition.click()
    until(lambda: "did not open" in gaps.finder.note)
    assert gaps.finder.note.endswith("switched off. Shelf did not open A001C002.")


def test_one_click_swaps_a_take_in_and_matches_it(gaps, until):
    host = gaps.desk.host
    assert not gaps.swap.isEnabled()
    choose(gaps, 0)
    assert gaps.swap.text().replace("&", "") == "Swap and match"
    gaps.swap.click()
    until(lambda: gaps.desk.jobs)
    (job,) = gaps.desk.jobs
    assert host.laid == {"gap_1.1": True}
    assert host.shown == [3]
    named = {name: each.ref for name, each in job.order.inputs.items()}
    assert named == {"source": "gap_1.1", "reference": "hero"}
    assert job.order.near == "gap_1.1"
    assert "Its match to hero: " in gaps.finder.note
    until(lambda: job.ended)
    assert job.state == "done", job.error
    shown = "A001C002, 1001-1002, is shown in its place. Its match to hero: done."
    assert gaps.about.text().endswith(shown)
    assert host.placed, "the look"
    gaps.back.click()
    until(lambda: host.laid == {"gap_1.1": False})
    assert gaps.finder.note == "A001C002 is muted: the hole is as it was."
    assert not gaps.back.isEnabled()


def test_a_take_that_needs_no_match_is_only_swapped_in(begin, host, folder, until):
    host.can |= {"auditions"}
    alone = {**PROPOSAL, "needs": []}
    write(folder, gaps={**GAPS, "holes": [{**HOLES[0], "proposals": [alone]}]})
    page = begin(host)
    until(lambda: page.missing.isEnabled())
    page.missing.click()
    until(lambda: page.finder.state == "done")
    choose(page, 0)
    assert page.swap.text().replace("&", "") == "Swap in"
    page.swap.click()
    until(lambda: "is shown in its place." in page.finder.note)
    assert host.laid == {"gap_1.1": True}
    assert page.desk.jobs == []
    assert "not matched" not in page.finder.note


def test_a_shot_that_left_the_edit_is_said_and_the_take_shown_all_the_same(gaps, until):
    gaps.finder.found["shots"] = {"hero": {**SHOTS["hero"], "cut": [700, 701]}}
    choose(gaps, 0)
    gaps.swap.click()
    until(lambda: "not matched" in gaps.finder.note)
    assert gaps.desk.host.laid == {"gap_1.1": True}
    assert gaps.desk.jobs == []
    assert "The edit has no 'hero' at 01:00:00:00 any more" in gaps.finder.note


def test_a_take_that_the_host_did_not_open_is_refused(gaps, until):
    gaps.desk.host.opens = set()
    choose(gaps, 0)
    gaps.swap.click()
    until(lambda: gaps.notice.text())
    assert gaps.notice.text().startswith("A001C002 is not above the edit.\nSee whether")
    assert gaps.finder.state == "refused"
    assert not gaps.back.isEnabled()


def test_a_cancel_while_the_host_exports_its_edit_is_not_lost(page, folder, until):
    write(folder, wait=True)
    page.desk.host.during = page.finder.cancel
    page.missing.click()
    until(lambda: page.finder.state == "cancelled")
    assert page.notice.text() == ""
    assert page.finder.holes == []


# --- taken back --------------------------------------------------------------------------------


def swap(page, until, number=0):
    """Swap a take in with its button; the job of its match, None for none."""
    choose(page, number)
    steps = len(page.finder.undo.steps)
    page.swap.click()
    until(lambda: len(page.finder.undo.steps) > steps and not page.finder.open)
    return page.finder.undo.steps[-1].match


def back(page, until):
    """One step with the button; what the page says then."""
    steps = len(page.finder.undo.steps)
    assert page.back.isEnabled()
    page.back.click()
    until(lambda: len(page.finder.undo.steps) < steps)
    return page.finder.note


@pytest.fixture
def three(begin, host, folder, until):
    """Two takes for the first hole and one for the second; none needs a match."""
    host.can |= {"auditions"}
    host.opens |= {"A001C005"}
    rows = [
        {**PROPOSAL, "id": "gap_1.1", "needs": []},
        {**PROPOSAL, "id": "gap_1.2", "needs": [], "name": "A001C005"},
        {**PROPOSAL, "id": "gap_2.1", "needs": [], "name": "A001C009"},
    ]
    first, second = HOLES
    holes = [{**first, "proposals": rows[:2]}, {**second, "proposals": rows[2:]}]
    write(folder, gaps={**GAPS, "holes": holes})
    page = begin(host)
    until(lambda: page.missing.isEnabled())
    page.missing.click()
    until(lambda: page.finder.state == "done")
    return page


def on(page):
    return [ref for ref, shown in page.desk.host.laid.items() if shown]


def test_all_that_was_done_is_taken_back_one_by_one_last_first(three, until):
    swap(three, until, 0)
    swap(three, until, 1)
    swap(three, until, 2)
    assert on(three) == ["gap_1.2", "gap_2.1"]
    assert back(three, until) == "A001C009 is muted: the hole is as it was."
    assert on(three) == ["gap_1.2"]
    assert back(three, until) == "A001C005 is muted: A001C002 is shown again."
    assert on(three) == ["gap_1.1"]
    back(three, until)
    assert on(three) == []
    assert not three.back.isEnabled()


def test_the_same_take_swapped_in_again_is_one_step(three, until):
    swap(three, until, 0)
    choose(three, 0)
    three.swap.click()
    until(lambda: three.finder.open)
    until(lambda: not three.finder.open)
    assert back(three, until) == "A001C002 is muted: the hole is as it was."
    assert on(three) == []
    assert not three.back.isEnabled()


def test_a_take_that_was_placed_after_a_swap_is_taken_back_first(gaps, until):
    swap(gaps, until)
    host = gaps.desk.host
    host.selected = ["hero"]
    gaps.ask_for(STILL)
    until(lambda: gaps.finder.state == "done" and len(gaps.list.rows) == 2)
    choose(gaps, 0)
    gaps.place.click()
    until(lambda: len(gaps.finder.undo.steps) == 2)
    assert back(gaps, until) == "the artist's version stands now."
    assert host.taken_back[-1].startswith("take on hero")
    assert on(gaps) == ["gap_1.1"]
    back(gaps, until)
    assert on(gaps) == []


@pytest.mark.parametrize("then", ["another show", "another search"])
def test_a_swap_is_taken_back_whatever_was_asked_since(gaps, until, tmp_path, then):
    swap(gaps, until)
    searched = gaps.finder.found
    if then == "another show":
        write(tmp_path / "other")
        gaps.finder.choose(str(tmp_path / "other"))
        until(lambda: gaps.finder.show == str(tmp_path / "other"))
    else:
        gaps.missing.click()
        until(lambda: gaps.finder.found is not searched and not gaps.finder.open)
    assert back(gaps, until) == "A001C002 is muted: the hole is as it was."
    assert on(gaps) == []


def test_the_match_of_a_take_that_is_taken_back_is_cancelled(gaps, until):
    job = swap(gaps, until)
    assert not job.ended
    back(gaps, until)
    until(lambda: job.ended)
    assert job.state == "cancelled"
    assert gaps.desk.host.placed == {}
    assert gaps.finder.note == "A001C002 is muted: the hole is as it was."


def test_what_is_refused_can_still_be_taken_back(gaps, until):
    host = gaps.desk.host
    gaps.finder.undo.placed(Take.proposed(PROPOSAL), ["one", "two", "three"])
    gaps.finder.moved.emit()
    taken = []

    def take_back(ref):
        if ref == "two" and not host.selected:
            raise WireError(HOST_REFUSED, "It is locked.", "Unlock it.")
        taken.append(ref)
        return "the artist's version"

    host.take_back = take_back
    gaps.back.click()
    until(lambda: "It is locked" in gaps.notice.text())
    assert gaps.back.isEnabled()
    host.selected = ["hero"]  # somebody unlocked it
    back(gaps, until)
    assert taken == ["one", "two", "three"], "each once"
    assert not gaps.back.isEnabled()


def test_a_swap_that_cannot_be_taken_back_stays_to_be(gaps, until):
    job = swap(gaps, until)
    until(lambda: job.ended)
    gaps.desk.host.is_busy = "it renders"
    gaps.back.click()
    until(lambda: "it renders" in gaps.notice.text())
    assert gaps.back.isEnabled()
    gaps.desk.host.is_busy = ""
    back(gaps, until)
    assert on(gaps) == []


def test_a_hole_is_muted_whatever_was_shown_in_it(three, until):
    assert not three.mute.isEnabled()
    swap(three, until, 0)
    swap(three, until, 2)
    swap(three, until, 1)
    choose(three, 0)
    three.mute.click()
    until(lambda: on(three) == ["gap_2.1"])
    assert three.finder.note == "All takes of the hole are muted: it is as it was."
    back(three, until)
    assert on(three) == []
    assert not three.back.isEnabled()


def test_an_answer_keeps_what_the_host_told_of_its_edit(page, until, monkeypatch):
    monkeypatch.setattr(page.desk.host, "edit_exported", lambda: {"first": 7})
    page.missing.click()
    until(lambda: page.finder.state == "done")
    assert page.finder.found["exported"] == {"first": 7}
