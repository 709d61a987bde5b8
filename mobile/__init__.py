"""The field app. Everything but screens and widgets imports without Kivy."""
