"""The phone's own sentences, by code: what a status bar or a dialog says, and what to do next.

Codes are what modules pass around and tests compare; sentences are said at the last moment, in the language of then.
Sentences about documents belong to `schemas.messages`.
"""

from __future__ import annotations

from mobile.i18n import N_, _

MESSAGES = {
    # The status of synchronisation.
    "not-enrolled": N_("This phone is not enrolled yet. Type the server's address and the code you were given."),
    "starting": N_("Getting ready…"),
    "first-fill": N_("Fetching your checklists for the first time…"),
    "syncing": N_("Sending and fetching…"),
    "all-sent": N_("Everything is on the server."),
    "rest-follows": N_("What waits goes out by itself."),
    "offline": N_("No network. Everything is kept on this phone and goes out by itself."),
    "waiting-wifi": N_("Photos wait for Wi-Fi; everything else is sent."),
    "captive": N_("This network asks you to sign in first. Open a web page to do so, or use another network."),
    "server-trouble": N_("The server does not answer properly. This phone tries again by itself; nothing is lost."),
    "signed-out": N_("The server no longer knows this phone. Enrol it again; everything on it is kept."),
    "some-refused": N_("The server refused something. See the reason in the outbox."),
    "set-aside": N_(
        "The server fails over this one again and again. It is kept here and offered again by itself; "
        "tell your administrator."
    ),
    "some-waiting": N_("Part of it could not be exchanged. This phone tries again by itself."),
    "phone-full": N_("This phone has no space left. Free some, then try again; what was saved is safe."),
    "store-damaged": N_("A file of this app is damaged. Keep the phone as it is and call your administrator."),
    "update-app": N_("This version of the app is too old for the server. Update it; everything on the phone is kept."),
    "log-broken": N_(
        "The group's log of decisions on the server no longer leads to decisions this phone holds. "
        "Tell the group's leader and the Ministry."
    ),
    # Enrolment.
    "code-unknown": N_("This code is not known. Check it letter by letter, or ask for a new one."),
    "code-used": N_("This code was used already. Each code enrols one phone: ask for a new one."),
    "code-expired": N_("This code has expired. Ask for a new one."),
    "code-limited": N_("Too many attempts. Wait a few minutes and try again."),
    "no-network": N_("The server cannot be reached. Check the network and the address, and try again."),
    "enrol-server-trouble": N_("The server has a problem right now. Try again in a few minutes."),
    "not-thidua": N_("There is no Thidua server at this address. Check the address."),
    # Photos.
    "photo-unreadable": N_("This file is not a photo the app can read. Take the photo again, or choose another."),
    "photo-too-large": N_("This photo is too large to open. Choose a smaller one."),
    "no-photo": N_("Evidence needs at least one photo."),
    "no-title": N_("Say in a few words what the photo shows."),
    "no-place-to-keep": N_("This phone has no database for that yet. Connect once, then try again."),
    # Checklists.
    "checklist-unknown": N_("This checklist is not on this phone yet. Connect once, then try again."),
    "not-editable": N_("This checklist can no longer be changed here."),
    # Minutes and replies.
    "minutes-need-checklist": N_("Submit the checklist first: the result of the minutes is computed from it."),
    "minutes-time": N_("Write the times as 08:30; the end comes after the beginning."),
    "minutes-place": N_("Say where the visit took place."),
    "minutes-present": N_("Say who was there, for the team and for the unit."),
    "minutes-name": N_("Write the name of who agreed."),
    "reply-empty": N_("Write your reply in a few words."),
    "reply-over": N_("This can no longer be answered: the time for a reply has passed, or it was decided."),
    "text-too-long": N_("This text is too long: at most {max} characters."),
}


def say(code: str, **params: str) -> str:
    """The sentence for `code` in the language of now. Raises KeyError for a code nobody wrote a sentence for."""
    return _(MESSAGES[code]).format(**params)
