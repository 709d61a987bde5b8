"""Reading a module's kv rules exactly once: Kivy applies a file loaded twice twice over."""

from __future__ import annotations

from pathlib import Path

from kivy.lang import Builder

_loaded: set[str] = set()


def load(module_file: str) -> None:
    """Apply the `.kv` beside the module whose `__file__` this is. Safe to repeat."""
    path = str(Path(module_file).with_suffix(".kv"))
    if path not in _loaded:
        _loaded.add(path)
        Builder.load_file(path)
