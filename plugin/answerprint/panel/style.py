"""How the panel looks: dark and neutral, so that it does not sway the eye that judges a picture.

Set on the window, never on the application: inside a host that belongs to the host.
"""

from __future__ import annotations

SHEET = """
* { font-size: 13px; color: #c8c8c8; }
QWidget { background: #2b2b2b; }
QLabel, QCheckBox { background: transparent; }
QToolButton { padding: 4px 8px; }
QLabel[heading="true"] { color: #e8e8e8; border-top: 1px solid #3d3d3d; padding-top: 8px; }
QLabel#busy { color: #e0a06c; }
QLabel[quiet="true"] { color: #8f8f8f; font-size: 11px; }
QLabel#summary { color: #a8a8a8; }
QLabel#notice { background: #46302c; border-left: 3px solid #d0694a; padding: 8px; }
QLineEdit, QPlainTextEdit, QTextBrowser, QComboBox, QSpinBox, QDoubleSpinBox, QTreeWidget {
    background: #1f1f1f; border: 1px solid #3d3d3d; border-radius: 3px; padding: 4px;
    selection-background-color: #4f6f8f; }
QComboBox QAbstractItemView { background: #1f1f1f; selection-background-color: #4f6f8f; }
QLineEdit:focus, QPlainTextEdit:focus, QTextBrowser:focus, QComboBox:focus, QSpinBox:focus,
QDoubleSpinBox:focus, QTreeWidget:focus, QPushButton:focus, QToolButton:focus {
    border: 1px solid #7f9fbf; }
QCheckBox:focus { color: #ffffff; }
QLineEdit[refused="true"] { border: 1px solid #d0694a; }
QLabel[refusal="true"] { color: #e08a6c; font-size: 11px; }
QPushButton { padding: 5px 12px; }
QPushButton, QToolButton {
    background: #3a3a3a; border: 1px solid #4a4a4a; border-radius: 3px; }
QPushButton:hover, QToolButton:hover { background: #444444; }
QPushButton:disabled, QToolButton:disabled { color: #6a6a6a; background: #303030; }
QPushButton#run { background: #3f5f7f; border-color: #55789b; color: #ffffff; }
QPushButton#run:hover { background: #4a6d90; }
QPushButton#run:disabled { background: #303030; border-color: #4a4a4a; color: #6a6a6a; }
QPushButton#run:focus { border: 1px solid #b0cbe6; }
QTabWidget::pane { border: 1px solid #3d3d3d; }
QTabBar::tab { background: #2b2b2b; padding: 6px 14px; border: 1px solid transparent; }
QTabBar::tab:selected { background: #363636; border-bottom: 2px solid #7f9fbf; }
QHeaderView::section { background: #2b2b2b; border: none; padding: 4px; color: #8f8f8f; }
QProgressBar { background: #1f1f1f; border: none; border-radius: 2px; text-align: center; }
QProgressBar::chunk { background: #3f5f7f; border-radius: 2px; }
QScrollArea { border: none; }
QSplitter::handle { background: #232323; }
QSlider { background: transparent; min-height: 18px; }
QSlider::groove:horizontal { height: 3px; background: #1a1a1a; }
QSlider::handle:horizontal {
    width: 10px; margin: -6px 0; background: #8f8f8f; border-radius: 3px; }
QSlider::handle:horizontal:focus { background: #b0cbe6; }
QScrollBar:vertical { background: #2b2b2b; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: #4a4a4a; border-radius: 4px; min-height: 30px; }
QScrollBar:horizontal { background: #2b2b2b; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: #4a4a4a; border-radius: 4px; min-width: 30px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QCheckBox::indicator, QTreeWidget::indicator {
    width: 14px; height: 14px; background: #1f1f1f; border: 1px solid #6a6a6a; border-radius: 3px; }
QCheckBox::indicator:checked, QTreeWidget::indicator:checked {
    background: #6f94b8; border-color: #9dbcd9; }
QCheckBox::indicator:focus { border: 1px solid #b0cbe6; }
QToolTip { background: #1f1f1f; color: #c8c8c8; border: 1px solid #4a4a4a; }
"""
