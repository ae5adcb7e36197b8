"""DaVinci Resolve: the adapter between Answerprint and a project that is open in Resolve.

Standard library only; Resolve's own `resolve` object is handed in. Written from Blackmagic's
published scripting documents and tested against a double: nothing of it has run in Resolve.
"""
