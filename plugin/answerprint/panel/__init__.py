"""The panel: Qt widgets made from the tools' declarations, before/after, queue and numbers.

It knows no tool by name. What it shows comes from `tool.describe` over the wire, what it does
is `job.run`, and its pictures are PNGs of `view.render`; so nothing here needs torch, numpy or
a colour library. The same widgets run in a window of their own (`answerprint panel`) and in a
host's dock, under PySide6 or PySide2 and Python 3.10 or later.
"""
