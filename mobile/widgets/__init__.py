"""The app's own small design system: a dozen widgets that show state and report taps.

They know the theme (`app.theme`) and how to say things (`app._`), never a document, a Store or a screen. One `.py` and
`.kv` pair each; `mobile.widgets.kv.load` reads the pair's rules once a process.
"""
