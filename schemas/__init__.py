"""What a document says and what follows from it: pure, with no I/O, no clock, no Flask and no Kivy."""
