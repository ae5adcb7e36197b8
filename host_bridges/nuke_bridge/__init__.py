"""Answerprint inside Nuke 15, 16 and 17. Standard library and Nuke's own module only.

Nothing in here has been run in Nuke: it is written from the vendor's documentation, type stubs
and public scripts, and tested against a double of the `nuke` module.
"""
