"""Names for ids in sentences: rules know units and accounts by id alone, people know them by name.

It must never decide anything: an id it does not know names itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schemas import ids
from server.registry import Registry

_UNITS: Final = frozenset({"unit", "units", "over", "leader", "deputy", "holder"})
_PEOPLE: Final = frozenset({"account", "by"})
"""Parameters of sentences that are ids of units, and of accounts."""


def named(registry: Registry, params: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """The parameters of a sentence with units by their short names and accounts by their persons' names."""

    def shown(key: str, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [shown(key, each) for each in value]
        if not isinstance(value, str) or not ids.is_word(value):
            return value
        if key in _UNITS:
            unit = registry.find(ids.unit_id(value))
            return value if unit is None else unit["short_names"].get(locale) or unit["short_names"]["vi"]
        if key in _PEOPLE:
            account = registry.find(ids.account_id(value))
            person = None if account is None else registry.find(ids.person_id(account["person"]))
            return value if person is None else person["name"]
        return value

    return {key: shown(key, value) for key, value in params.items()}
