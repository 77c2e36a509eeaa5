"""All tables, one file per stage of the data's way; importing this package registers them."""

from __future__ import annotations

from survey.models.access import ROLES, Account, ApiKey, AuditEvent, Role
from survey.models.base import Base, db, table_of
from survey.models.contact import ContactRequest
from survey.models.cube import (
    AnswerCube,
    ArrivalCube,
    ClusterCube,
    MomentCube,
    ResponseCube,
    RollupPending,
    RollupRun,
)
from survey.models.duty import DUTY_BODIES, Duty, WaveDuties
from survey.models.evaluation import (
    DirectScore,
    Evaluation,
    EvaluationBundle,
    Policy,
    StreetResult,
    ThemeAdjustment,
)
from survey.models.fieldwork import CHANNELS, CollectionPoint, Invitation, Wave
from survey.models.paper import PaperBatch, PaperEntry, PaperForm
from survey.models.picture import Picture
from survey.models.place import Department, District, PopulationMargin, Stratum, Street
from survey.models.questionnaire import (
    AnswerOption,
    Indicator,
    IndicatorItem,
    Question,
    Questionnaire,
)
from survey.models.response import Answer, Comment, IndicatorScore, Response, ResponseTag
from survey.models.slip import Slip, SlipBatch, SlipVoid, SpentSlip
from survey.models.theme import (
    Mention,
    Theme,
    ThemeDecision,
    ThemeJudgement,
    ThemeLineage,
    ThemeModel,
    ThemePeriod,
)
from survey.models.theme_state import PROPOSED_SCOPES, THEME_STATES, ThemeSignal, ThemeState

__all__ = [
    "CHANNELS",
    "DUTY_BODIES",
    "PROPOSED_SCOPES",
    "ROLES",
    "THEME_STATES",
    "Account",
    "Answer",
    "AnswerCube",
    "AnswerOption",
    "ApiKey",
    "ArrivalCube",
    "AuditEvent",
    "Base",
    "ClusterCube",
    "CollectionPoint",
    "Comment",
    "ContactRequest",
    "Department",
    "DirectScore",
    "District",
    "Duty",
    "Evaluation",
    "EvaluationBundle",
    "Indicator",
    "IndicatorItem",
    "IndicatorScore",
    "Invitation",
    "Mention",
    "MomentCube",
    "PaperBatch",
    "PaperEntry",
    "PaperForm",
    "Picture",
    "Policy",
    "PopulationMargin",
    "Question",
    "Questionnaire",
    "Response",
    "ResponseCube",
    "ResponseTag",
    "Role",
    "RollupPending",
    "RollupRun",
    "Slip",
    "SlipBatch",
    "SlipVoid",
    "SpentSlip",
    "Stratum",
    "Street",
    "StreetResult",
    "Theme",
    "ThemeAdjustment",
    "ThemeDecision",
    "ThemeJudgement",
    "ThemeLineage",
    "ThemeModel",
    "ThemePeriod",
    "ThemeSignal",
    "ThemeState",
    "Wave",
    "WaveDuties",
    "db",
    "table_of",
]
