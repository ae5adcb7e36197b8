"""The CDL that an edit has on a clip, as each system writes it down."""

import opentimelineio as otio
import pytest
from edits import clip, external, span

from answerprint.edit.cdls import cdl_on

SOP = {"slope": [1.1, 1, 0.9], "offset": [-0.01, 0, 0.02], "power": [1, 1.05, 1]}
TEXT = "(1.1 1 0.9)(-0.01 0 0.02)(1 1.05 1)"
WHOLE = {**SOP, "saturation": 0.8}


def shot(metadata):
    made = clip("a", external("a.mov", 0, 9), span(0, 4))
    made.metadata.update(metadata)
    return made


@pytest.mark.parametrize(
    "metadata",
    [
        {"cdl": {"asc_sop": SOP, "asc_sat": 0.8}},
        {"cdl": {"ASC_SOP": TEXT, "ASC_SAT": "0.8"}},
        {"cdl": {**SOP, "saturation": 0.8}},
        {"CDL": f"{TEXT}(0.8)"},
        {"ASC_SOP": TEXT, "ASC_SAT": "0.8"},
        {"asc_sop": SOP, "asc_sat": 0.8},
        {"ALE": {"ASC_SOP": TEXT, "ASC_SAT": "0.8", "Scene": "12"}},
        {"AAF": {"UserComments": {"ASC_SOP": TEXT, "ASC_SAT": "0.8"}}},
        {"fcp_xml": {"colorinfo": {"asc_sop": TEXT, "asc_sat": "0.8"}}},
        {"Resolve_OTIO": {"Grade": {"ASC_SOP": TEXT, "ASC_SAT": 0.8}}},
        {"cmx_3600": {"comments": ["AVX2 EFFECT", f"ASC_SOP {TEXT}", "* ASC_SAT: 0.8"]}},
        {"cmx_3600": {"comments": [f"*asc_sop: {TEXT}", "ASC_SAT 0.8"]}},
    ],
)
def test_a_cdl_in_each_way_of_writing_it(metadata):
    assert cdl_on(shot(metadata)) == (WHOLE, "")


def test_it_may_stand_on_the_media_or_on_an_effect():
    on_media, on_effect = shot({}), shot({})
    on_media.media_reference.metadata["cdl"] = {"asc_sop": TEXT, "asc_sat": 0.8}
    said = {"cdl": {"asc_sop": TEXT, "asc_sat": 0.8}}
    on_effect.effects.append(otio.schema.Effect("", "CDL", said))
    assert cdl_on(on_media) == cdl_on(on_effect) == (WHOLE, "")


def test_the_clips_own_goes_first():
    made = shot({"ALE": {"ASC_SAT": "0.5"}, "cdl": {"asc_sat": 0.8}})
    made.media_reference.metadata["cdl"] = {"asc_sat": 0.3}
    assert cdl_on(made)[0]["saturation"] == 0.8


@pytest.mark.parametrize(("sop", "sat"), [(TEXT, None), (None, "0.8")])
def test_half_of_one_leaves_the_other_half_neutral(sop, sat):
    found, _ = cdl_on(shot({"ALE": {"ASC_SOP": sop or "", "ASC_SAT": sat or ""}}))
    neutral = {"slope": [1, 1, 1], "offset": [0, 0, 0], "power": [1, 1, 1]}
    assert found == {**(SOP if sop else neutral), "saturation": float(sat or 1)}


def test_one_that_cannot_be_read_is_told_and_another_one_still_read():
    assert cdl_on(shot({"cdl": {"asc_sop": "warm"}})) == (None, "warm")
    odd = shot({"cdl": {"asc_sop": "warm"}, "ALE": {"ASC_SOP": TEXT, "ASC_SAT": "0.8"}})
    assert cdl_on(odd) == (WHOLE, "")


@pytest.mark.parametrize("metadata", [{}, {"cdl": {}}, {"ALE": {"ASC_SOP": "", "ASC_SAT": ""}}])
def test_no_cdl_is_none(metadata):
    assert cdl_on(shot(metadata)) == (None, "")


def test_our_own_looks_are_none_of_the_edits():
    assert cdl_on(shot({"answerprint": {"look": {"asc_sop": SOP}}})) == (None, "")


def test_metadata_without_a_bottom_is_left_alone():
    told = {"asc_sat": 0.5}
    for _ in range(40):
        told = {"in": told}
    assert cdl_on(shot(told)) == (None, "")
