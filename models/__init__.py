"""Weights that networks are shipped with, each in a folder with its card."""
