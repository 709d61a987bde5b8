"""The pages of the app, one `.py` and `.kv` pair each. They show what `Phone` answers and report taps to it.

A page reads the phone in `refresh`, writes through it at once, and never touches a document, a Store or the network.
"""
