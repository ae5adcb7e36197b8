"""Proposals for missing shots in the host's edit: laid once, one shown at a time, matched.

gaps = call.result                                # of session.gaps
item = session.swap(gaps, "gap_1.2")              # laid, shown, the others of its hole muted
prepared = session.prepared(gaps, "gap_1.2")
if prepared.inputs:
    session.run(MATCH, {}, prepared.inputs)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Tuple

from .checking import item_of
from .edits import no_auditions
from .host import Host, Item
from .messages import HOST_REFUSED, WireError

MATCH = "match"
Gaps = Mapping[str, Any]
"""What `Session.gaps` answers: {cut, holes: [{id, range, proposals: [{id, name, needs, reference,
...}], ...}], shots: {name: row}, exported, ...}; a row of a shot is one of the check's report."""


@dataclass(frozen=True)
class Prepared:
    """The match of a proposal that is in the edit.

    inputs   of the tool MATCH: its item as the source, the shot beside it as the reference; empty
             where there is none to run.
    why      there is none though it needs one, '' where it needs none.
    """

    inputs: Dict[str, Item] = field(default_factory=dict)
    why: str = ""


class Auditions:
    """The part of a Session that lays the show's proposals into the host's edit."""

    host: Host
    _free: Callable[[], None]

    def audition(self, gaps: Gaps) -> Dict[str, str]:
        """Lay what `show.gaps` proposes above the holes, switched off: {proposal id: ref}. What is
        laid already stays as it is.

        Raises WireError where the host lays nothing, with what to do instead.
        """
        if "auditions" not in self.host.capabilities():
            told = no_auditions(self.host.info().name, str(gaps["cut"]))
            raise WireError(HOST_REFUSED, *told)
        self._free()
        return self.host.lay_auditions(gaps)

    def swap(self, gaps: Gaps, proposal: str) -> Item:
        """Show a proposal in its hole and mute the others there; all are laid where they are not.

        Raises WireError where the host could not lay it.
        """
        hole, row = _proposal(gaps, proposal)
        laid = self.audition(gaps)
        ref = _laid(laid, row)
        self.host.swap(ref, _others(hole, laid, proposal))
        return Item(ref, "clip", row["name"])

    def mute(self, gaps: Gaps, proposal: str) -> None:
        """Show the hole of a proposal as it was, with all that is laid above it muted."""
        hole, _ = _proposal(gaps, proposal)
        self.host.swap("", _others(hole, self.audition(gaps), ""))

    def prepared(self, gaps: Gaps, proposal: str) -> Prepared:
        """The match that a proposal in the edit needs."""
        _, row = _proposal(gaps, proposal)
        if "match" not in row["needs"]:
            return Prepared()
        name = row["reference"]
        if not name:
            return Prepared(why=f"No shot of the edit is known that {row['name']} should match.")
        shot = gaps["shots"][name]
        reference = item_of(shot, self.host.edit_then(gaps.get("exported", {})))
        if reference is None:
            told = f"The edit has no '{shot['clip']}' at {shot['timecode']} any more"
            return Prepared(why=f"{told}, which {row['name']} should match.")
        ref = _laid(self.audition(gaps), row)
        return Prepared({"source": Item(ref, "clip", row["name"]), "reference": reference})


def _proposal(gaps: Gaps, proposal: str) -> Tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The hole and the row of a proposal. KeyError for one that is not in it."""
    for hole in gaps["holes"]:
        for row in hole["proposals"]:
            if row["id"] == proposal:
                return hole, row
    raise KeyError(proposal)


def _others(hole: Mapping[str, Any], laid: Mapping[str, str], but: str) -> Tuple[str, ...]:
    ids = (row["id"] for row in hole["proposals"] if row["id"] != but)
    return tuple(laid[each] for each in ids if each in laid)


def _laid(laid: Mapping[str, str], row: Mapping[str, Any]) -> str:
    if row["id"] not in laid:
        hint = "See whether its file is there and opens in the host, or choose another take."
        raise WireError(HOST_REFUSED, f"{row['name']} is not above the edit.", hint)
    return laid[row["id"]]
