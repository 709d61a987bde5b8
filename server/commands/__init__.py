"""The subcommands of `thidua`, one a module (see server.cli)."""
