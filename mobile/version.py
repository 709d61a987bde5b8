"""The app's version, as the server is told it and as the store shows it. `mobile/buildozer.spec` reads it from here."""

APP_VERSION = "0.1.0"
