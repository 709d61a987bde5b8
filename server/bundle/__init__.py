"""The bundle: a frozen ranking with all it was computed from, in one file that anybody can check anywhere.

    archive    the zip, byte for byte: one spelling, written and taken apart
    contents   which documents belong into it, and their names there
    signing    the installation's key, its fingerprint, signatures
    export     from an installation's databases to a file
    verify     from a file to what holds, or the first thing that does not

`verify` and what it imports must never know Flask, a database or a configuration: it runs on a stranger's laptop.
docs/verify.md says what a bundle proves.
"""

from __future__ import annotations
