"""Helpers beside this file, such as `soundstage`, can be imported by all tests below it."""
