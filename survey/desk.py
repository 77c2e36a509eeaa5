"""The desk somebody works at: a street office, a department, or the evaluation office."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Desk:
    """Who acts, and for whom. At most one of street and department is set.

    The evaluation office sees every case; a street its own, whoever holds them; a department
    those it holds or held, and those it was called to.
    """

    username: str
    street_code: str | None = None
    department_code: str | None = None
    is_evaluator: bool = False
    #: An auditor: sees what the evaluation office sees and changes nothing.
    only_reads: bool = False

    @property
    def sees_all(self) -> bool:
        """Whether cases of every street are seen."""
        return self.is_evaluator or self.only_reads
