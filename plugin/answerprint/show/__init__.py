"""The production's own memory: what was shot, where it was shot, and who approved what."""
