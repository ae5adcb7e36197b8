"""Before and after, in one picture: a wipe between them, zoom, exposure, frame.

Pictures are PNGs that the worker's `view.render` makes through the show's SDR view. Exposure is
of the looking only; it goes to no result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .qt import QtCore, QtGui, QtWidgets, spot

SIZE = 1920  # of the longer side, in pixels: what a worker renders in a blink
SIDES = ("before", "after")
MODES = ("Wipe", "Before", "After")

Ask = Callable[[str, dict[str, Any], Callable[[Any], object]], object]
"""ask(method, params, on_done): a request of the wire; on_done gets its ended call."""


class Canvas(QtWidgets.QWidget):
    """The picture. Drag the wipe, turn the wheel to zoom, drag with the middle button to pan.

    Keys, with the focus here: arrows move the wipe, + and - zoom, F fits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(220, 130)
        self.setAccessibleName("Before and after")
        self.pictures: dict[str, QtGui.QImage] = {}
        self.messages: dict[str, str] = {}
        self.wipe, self.zoom, self.mode = 0.5, 1.0, "Wipe"
        self._pan = QtCore.QPointF()
        self._held: QtCore.QPointF | None = None

    def show_picture(self, side: str, image: QtGui.QImage | None, message: str = "") -> None:
        self.pictures.pop(side, None)
        self.messages[side] = message
        if image is not None:
            self.pictures[side] = image
        self.update()

    def fit(self) -> None:
        self.zoom, self._pan = 1.0, QtCore.QPointF()
        self.update()

    def zoom_by(self, factor: float, about: QtCore.QPointF | None = None) -> None:
        before = self.zoom
        self.zoom = min(32.0, max(0.1, self.zoom * factor))
        if about is not None:
            away = about - QtCore.QPointF(self.width() / 2, self.height() / 2) - self._pan
            self._pan -= away * (self.zoom / before - 1)
        self.update()

    def place(self) -> QtCore.QRectF:
        """Where the picture lies in the widget."""
        image = next(iter(self.pictures.values()), None)
        if image is None:
            return QtCore.QRectF(self.rect())
        scale = min(self.width() / image.width(), self.height() / image.height()) * self.zoom
        width, height = image.width() * scale, image.height() * scale
        left = (self.width() - width) / 2 + self._pan.x()
        return QtCore.QRectF(left, (self.height() - height) / 2 + self._pan.y(), width, height)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), QtGui.QColor("#191919"))
        place = self.place()
        smooth = QtGui.QPainter.RenderHint.SmoothPixmapTransform
        painter.setRenderHint(smooth, self.zoom < 4)
        share = {"Wipe": self.wipe, "Before": 1.0, "After": 0.0}[self.mode]
        if self.mode == "Wipe" and len(self.pictures) == 1:
            share = 1.0 if "before" in self.pictures else 0.0
        edge = place.left() + share * place.width()
        parts = {
            "before": QtCore.QRectF(0, 0, edge, self.height()),
            "after": QtCore.QRectF(edge, 0, self.width() - edge, self.height()),
        }
        for side, part in parts.items():
            if side in self.pictures and part.width() > 0:
                painter.setClipRect(part)
                painter.drawImage(place, self.pictures[side])
        painter.setClipping(False)
        self._captions(painter, share, edge)

    def _captions(self, painter: QtGui.QPainter, share: float, edge: float) -> None:
        align = QtCore.Qt.AlignmentFlag
        painter.setPen(QtGui.QColor("#e0e0e0"))
        if "before" in self.pictures and share > 0:
            self._write(painter, "Before", align.AlignTop | align.AlignLeft)
        if "after" in self.pictures and share < 1:
            self._write(painter, "After", align.AlignTop | align.AlignRight)
        if len(self.pictures) == 2 and 0 < share < 1:
            painter.drawLine(QtCore.QPointF(edge, 0), QtCore.QPointF(edge, self.height()))
        said = "\n".join(dict.fromkeys(m for m in self.messages.values() if m))
        if not said and not self.pictures:
            said = "Drop a shot on the panel"
        below = align.AlignBottom if self.pictures else align.AlignVCenter
        self._write(painter, said, align.AlignHCenter | below)

    def _write(self, painter: QtGui.QPainter, text: str, align: QtCore.Qt.AlignmentFlag) -> None:
        option = QtGui.QTextOption(align)
        option.setWrapMode(QtGui.QTextOption.WrapMode.WordWrap)
        painter.drawText(QtCore.QRectF(self.rect()).adjusted(12, 8, -12, -8), text, option)

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:
        self.zoom_by(1.0015 ** event.angleDelta().y(), spot(event))

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        self._held = spot(event)
        self._dragged(event)

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:
        self._dragged(event)

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        self._held = None

    def _dragged(self, event: QtGui.QMouseEvent) -> None:
        at = spot(event)
        if event.buttons() & QtCore.Qt.MouseButton.MiddleButton and self._held is not None:
            self._pan += at - self._held
            self._held = at
        elif event.buttons() & QtCore.Qt.MouseButton.LeftButton and self.pictures:
            place = self.place()
            self.set_wipe((at.x() - place.left()) / place.width())
        self.update()

    def set_wipe(self, share: float) -> None:
        """0 shows all of the result, 1 all of the source."""
        self.wipe = min(1.0, max(0.0, share))
        self.update()

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        key, keys = event.key(), QtCore.Qt.Key
        if key in (keys.Key_Left, keys.Key_Right):
            self.set_wipe(self.wipe + (0.05 if key == keys.Key_Right else -0.05))
        elif key in (keys.Key_Plus, keys.Key_Equal):
            self.zoom_by(1.25)
        elif key == keys.Key_Minus:
            self.zoom_by(0.8)
        elif key == keys.Key_F:
            self.fit()
        else:
            super().keyPressEvent(event)


class Viewer(QtWidgets.QWidget):
    """The canvas, its controls, and its pictures from the worker.

    Of each side one picture is asked for at a time; what was wanted meanwhile is asked next,
    and only the newest of it: a slider that is dragged does not queue pictures up.

    moved   another frame was gone to.
    """

    moved = QtCore.Signal()

    def __init__(self, ask: Ask) -> None:
        super().__init__()
        self._ask = ask
        self._paths: dict[str, str] = {}
        self._spaces: dict[str, str] = {}
        self.alone: dict[str, int] = {}  # side -> the only frame that there is of it
        self._wanted: dict[str, dict[str, Any]] = {}
        self._asked: dict[str, dict[str, Any]] = {}
        self.canvas = Canvas()
        self.frame = QtWidgets.QSpinBox()
        self.frame.setRange(-999_999, 9_999_999)
        self.frame.setValue(1001)
        self.exposure = QtWidgets.QDoubleSpinBox()
        self.exposure.setRange(-16, 16)
        self.exposure.setSingleStep(0.25)
        self.exposure.setToolTip("In stops; of the looking only, it goes to no result")
        self.mode = QtWidgets.QComboBox()
        self.mode.addItems(MODES)
        fit = QtWidgets.QPushButton("Fit")
        fit.clicked.connect(self.canvas.fit)
        bar = QtWidgets.QHBoxLayout()
        bar.setContentsMargins(8, 0, 8, 0)
        for text, widget in (("&Frame", self.frame), ("&Exposure", self.exposure)):
            label = QtWidgets.QLabel(text)
            label.setBuddy(widget)
            widget.setAccessibleName(text.replace("&", ""))
            widget.setButtonSymbols(QtWidgets.QAbstractSpinBox.ButtonSymbols.NoButtons)
            bar.addWidget(label)
            bar.addWidget(widget)
        bar.addStretch(1)
        bar.addWidget(self.mode)
        bar.addWidget(fit)
        box = QtWidgets.QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.canvas, 1)
        box.addLayout(bar)
        self.mode.setAccessibleName("What is shown")
        self.mode.currentTextChanged.connect(self._mode)
        self.frame.valueChanged.connect(self._moved)
        self.exposure.valueChanged.connect(lambda _: self.refresh())

    def look_at(
        self,
        side: str,
        path: str,
        frame: int | None = None,
        space: str = "",
        alone: int | None = None,
    ) -> None:
        """Show this shot on that side; '' shows nothing there.

        frame   go to this one. alone: the picture is of this frame only, whatever is gone to.
        space   colour space of the files, where somebody said it.
        """
        self._paths[side], self._spaces[side] = path, space
        self.alone.pop(side, None)
        if alone is not None:
            self.alone[side] = alone
        if frame is not None:
            self.frame.blockSignals(True)
            self.frame.setValue(frame)
            self.frame.blockSignals(False)
        self.refresh()

    def wanted_size(self) -> int:
        """Pixels on the longer side that a picture needs to fill the canvas."""
        side = max(self.canvas.width(), self.canvas.height()) * self.devicePixelRatioF()
        return min(SIZE, max(256, round(side)))

    def refresh(self) -> None:
        """Ask for the pictures as they should be now, changed on disk or not."""
        for side in SIDES:
            path = self._paths.get(side, "")
            if not path:
                self._wanted.pop(side, None)
                self.canvas.show_picture(side, None)
                continue
            told = {"space": self._spaces[side]} if self._spaces[side] else {}
            self._wanted[side] = {
                "path": path,
                "frame": self.alone.get(side, self.frame.value()),
                "exposure": self.exposure.value(),
                "display": "",
                "size": SIZE,
                **told,
            }
            self._next(side)

    def _moved(self) -> None:
        self.refresh()
        self.moved.emit()

    def _next(self, side: str) -> None:
        if side in self._wanted and side not in self._asked:
            self._asked[side] = self._wanted.pop(side)
            self._ask("view.render", self._asked[side], lambda call: self._came(side, call))

    def _came(self, side: str, call: Any) -> None:
        asked = self._asked.pop(side)
        if self._paths.get(side) == asked["path"]:
            self._show(side, call)
        self._next(side)

    def _show(self, side: str, call: Any) -> None:
        if call.error:
            said = f"{call.error.title} {call.error.hint}".strip()
            self.canvas.show_picture(side, None, said)
        else:
            image = QtGui.QImage(call.result["path"])
            gone = f"The picture {call.result['path']} cannot be read." if image.isNull() else ""
            self.canvas.show_picture(side, None if gone else image, gone or self._stale(side))

    def _stale(self, side: str) -> str:
        """That a picture is not of the frame that is shown."""
        only = self.alone.get(side)
        return "" if only in (None, self.frame.value()) else f"{side.capitalize()}: frame {only}"

    def _mode(self, mode: str) -> None:
        self.canvas.mode = mode
        self.canvas.update()
