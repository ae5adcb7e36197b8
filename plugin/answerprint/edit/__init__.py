"""Edits through OpenTimelineIO: what is cut, from which media, with which handles."""
