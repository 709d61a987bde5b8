"""The look: tokens, fonts and icons of the app. It must never know a screen or a document."""
