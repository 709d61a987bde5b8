"""What a unit claims beside its criteria: read before approving, added, shown with evidence, withdrawn.

It is given what to show and whom to tell, and knows no phone. A claim counts only by the group's decision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from kivy.app import App

from mobile.cards import ClaimItem, ClaimView
from mobile.i18n import _, ngettext_
from mobile.screens.phrases import points
from mobile.widgets.kv import load
from mobile.widgets.sheet import Option, Sheet


class ClaimsSheet(Sheet):
    """Every claim, then the items of the scheme that can be claimed. Whoever may not write sees the claims alone."""

    def __init__(
        self,
        *,
        claims: Sequence[ClaimView],
        items: Sequence[ClaimItem],
        editable: bool,
        attach: Callable[[int], object],
        withdraw: Callable[[int], object],
        add: Callable[[ClaimItem], object],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for index, claim in enumerate(claims):
            told = Option(
                text=claim.item_name, detail=claim_words(claim), icon="image-plus-outline", tag=f"claim:{index}"
            )
            self._line(told, partial(attach, index), taps=editable)
            if editable:
                gone = Option(text=_("Withdraw"), icon="delete-outline", tag=f"claim:drop:{index}")
                self._line(gone, partial(withdraw, index))
        self.ids.none.text = "" if claims else _("Nothing is claimed yet.")
        locale = App.get_running_app().locale
        for item in items if editable else ():
            name = f"{item.name} ({'+' if item.bonus else '−'}{points(item.points, locale)})"
            self._line(Option(text=name, icon="plus", tag=f"claim:add:{item.id}"), partial(add, item))

    def _line(self, option: Option, then: Callable[[], object], *, taps: bool = True) -> None:
        option.disabled = not taps

        def chosen(_option: Option) -> None:
            self.dismiss()
            then()

        option.bind(on_release=chosen)
        self.ids.list.add_widget(option)


def claim_words(claim: ClaimView) -> str:
    """`Giải Nhất · decision 12/QĐ · 2 pieces of evidence`."""
    number = _("decision {number}").format(number=claim.number) if claim.number else _("no decision number yet")
    count = len(claim.evidence)
    proof = ngettext_("{n} piece of evidence", "{n} pieces of evidence", count) if count else _("no evidence yet")
    return " · ".join(part for part in (claim.subject, number, proof) if part)


load(__file__)
