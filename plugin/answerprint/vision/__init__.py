"""Measuring instruments that several tools share. Knows nothing of tools or files."""
