"""The panel: Qt widgets made from the tools' declarations, before/after, jobs and numbers.

It knows no tool by name and no host but by `answerprint_bridge.host`. What it shows comes from
the tools' declarations and the host's items, what it does is a `Session`'s runs and looks, and
its pictures are PNGs of `view.render`; so nothing here needs torch, numpy or a colour library.
The same widgets run in a window of their own (`app`), in Resolve's panel process (`agent`) and
in a dock inside Nuke, under PySide6 or PySide2 and Python 3.10 or later. There the package has
another name, so its imports of itself are relative.
"""
