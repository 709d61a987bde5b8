"""The first page: a server's address and a code become an account on this phone."""

from __future__ import annotations

import threading
from typing import Any

from kivy.clock import mainthread
from kivy.properties import BooleanProperty, StringProperty

from mobile.enrol import CodeExpired, CodeUnknown, CodeUsed, EnrolmentError, enrol
from mobile.screens.page import Page
from mobile.widgets.kv import load


class EnrolPage(Page):
    """Asks, waits without blocking, and says beside the field that can be put right what went wrong."""

    server = StringProperty("")
    code = StringProperty("")
    server_problem = StringProperty("")
    code_problem = StringProperty("")
    busy = BooleanProperty(False)

    def refresh(self) -> None:
        self.server = self.server or self.app.default_server

    def submit(self) -> None:
        """Hand in the code, off this thread."""
        self.server_problem = "" if self.server.strip() else self.words("Write the server's address.")
        self.code_problem = "" if self.code.strip() else self.words("Write the code you were given.")
        if self.server_problem or self.code_problem or self.busy:
            return
        self.busy = True
        arguments = (self.server.strip(), self.code.strip(), self.app.device_label)
        threading.Thread(target=self._enrol, args=arguments, name="enrol", daemon=True).start()

    def _enrol(self, server: str, code: str, label: str) -> None:
        try:
            enrol(self.phone, server, code, label)
        except EnrolmentError as error:
            self._refused(error)
        else:
            self._done()

    @mainthread
    def _refused(self, error: EnrolmentError) -> None:
        self.busy = False
        if isinstance(error, CodeUnknown | CodeUsed | CodeExpired) or error.code == "code-limited":
            self.code_problem = error.message
        else:
            self.server_problem = error.message

    @mainthread
    def _done(self, *_: Any) -> None:
        self.busy = False
        self.code = ""
        self.app.account_changed()


load(__file__)
