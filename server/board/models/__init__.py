"""What pages and programs read: frozen answers of the board, figures exact, texts by code.

A page formats and links; it never computes. Points are `Fraction` (format with `schemas.figures.format_points`), names
are `{"vi", "en"}`, sentences are `Said` (say with `server.messages.say`), times are the documents' own UTC strings.
None always means "not known", never zero. These shapes must never know HTML, SQL or a language.
"""
