"""*Show*, missing shots: listed, laid above the edit, swapped in with one click and matched."""

import pytest
from show_host import GAPS, HOLES, PROPOSAL, SHOTS, STILL, asked, choose, texts, write


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
