"""The locked policy document: every value of the method with its default, bounds and help.

The fields of one frozen dataclass are the single source: they give the keys, types and
defaults, and their metadata the section and the help in both languages, so that a settings
page, the schema and the validation come from one place. They are declared by section in
``policy_score``, ``policy_weights``, ``policy_themes``, ``policy_ranks``,
``policy_publication`` and ``policy_cases``. ``Policy.sha256`` identifies a policy for good.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from analysis.policy_cases import CaseValues
from analysis.policy_consistency import check_consistency
from analysis.policy_entries import OPEN, RANDOM, PolicyEntry, PolicyError, entries_of
from analysis.policy_publication import IntegrityValues, PublicationValues
from analysis.policy_ranks import BlendValues, RankValues
from analysis.policy_score import PolicyHead, ScoreValues, ValidValues
from analysis.policy_themes import ThemeValues
from analysis.policy_values import read_value
from analysis.policy_weights import PrecisionValues, WeightValues

__all__ = ["ENTRIES", "OPEN", "RANDOM", "Policy", "PolicyEntry", "PolicyError"]


# A dataclass takes the fields of its last base first: read the sections from below.
@dataclass(frozen=True)
class Policy(
    CaseValues,
    IntegrityValues,
    PublicationValues,
    RankValues,
    BlendValues,
    ThemeValues,
    PrecisionValues,
    WeightValues,
    ValidValues,
    ScoreValues,
    PolicyHead,
):
    """All parameters of one evaluation.

    Build with ``Policy.from_dict`` (overrides of the defaults) or ``Policy.from_locked`` (a
    document that was locked before); never edit in place.
    """

    @classmethod
    def from_dict(
        cls, overrides: Mapping[str, Any] | None = None, *, is_locked: bool = False
    ) -> Policy:
        """The defaults with ``overrides`` put over them, validated (``is_locked``: as
        ``check_consistency`` validates a locked policy).

        Raises ``PolicyError`` with a code (``unknown_key``, ``wrong_type``, ``out_of_range``,
        ``weights_sum``, ``repeated``, ``unknown_level``, ``inconsistent``) and an English message.
        """
        if overrides is not None and not isinstance(overrides, Mapping):
            raise PolicyError("wrong_type", "A policy must be a JSON object of names and values.")
        known = {entry.key: entry for entry in ENTRIES}
        values: dict[str, Any] = {}
        for key, given in (overrides or {}).items():
            if key not in known:
                near = get_close_matches(str(key), known, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise PolicyError(
                    "unknown_key", f"The policy has no value named {key!r}.{hint}", key=key
                )
            values[key] = read_value(known[key], given)
        policy = cls(**values)
        check_consistency(policy, is_locked=is_locked)
        return policy

    @classmethod
    def from_locked(cls, document: Mapping[str, Any]) -> Policy:
        """The policy of a whole document as it was locked, whatever version wrote it.

        ``to_dict``, ``canonical_json`` and ``sha256`` stay those of ``document``, also when this
        version of the software has values that the document does not name: they take their
        defaults and are listed in ``added_since``. Raises as ``from_dict`` does.
        """
        policy = cls.from_dict(document, is_locked=True)
        # A cached property may be filled beforehand, also of a frozen dataclass.
        policy.__dict__["document"] = copy.deepcopy(dict(document))
        return policy

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document that is hashed, with plain JSON types. Read only; ``to_dict`` copies it."""
        return json.loads(json.dumps(asdict(self), ensure_ascii=False))

    def to_dict(self) -> dict[str, Any]:
        """A copy of the whole document with plain JSON types, in the order of the sections."""
        return copy.deepcopy(self.document)

    @cached_property
    def canonical_json(self) -> str:
        """The document with sorted keys and no spaces: equal policies, equal text."""
        return json.dumps(
            self.document,
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )

    @cached_property
    def sha256(self) -> str:
        """Hex digest of ``canonical_json``; printed with every output."""
        return hashlib.sha256(self.canonical_json.encode()).hexdigest()

    @property
    def added_since(self) -> tuple[str, ...]:
        """Values a locked document does not name, so that their defaults hold; else empty."""
        return tuple(entry.key for entry in ENTRIES if entry.key not in self.document)

    @property
    def indicators(self) -> tuple[str, ...]:
        """Codes of the indicators, in the order of ``omega``."""
        return tuple(self.omega)

    def stream_of(self, channel: str) -> str:
        """Stream of a channel; one that the policy does not name is open."""
        return self.streams.get(channel, OPEN)


ENTRIES = entries_of(Policy)
