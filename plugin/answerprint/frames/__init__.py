"""Pixels in and out: files, sequences, movies, colour. Knows nothing of tools."""
