"""Answerprint's core: measures shots and prepares their correction."""

__version__ = "0.1.0"
