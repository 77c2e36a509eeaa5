"""All tables, one file per stage of the data's way; importing this package registers them."""

from __future__ import annotations

from survey.models.access import ROLES, Account, ApiKey, AuditEvent, Role
from survey.models.appeal import (
    APPEAL_KINDS,
    APPEAL_STATUSES,
    SIGN_OFF_STEPS,
    Appeal,
    AppealDocument,
    Exclusion,
    SignOff,
)
from survey.models.assessment import LISTED_KINDS, DirectScore, ListedItem, ObjectiveScore
from survey.models.base import Base, db, table_of
from survey.models.case import (
    CASE_ACTIONS,
    CASE_ORIGINS,
    CASE_STATES,
    Case,
    CaseCall,
    CaseEvent,
    Recheck,
    ReplyTemplate,
)
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
    FROZEN_STATUSES,
    REPORT_KINDS,
    Evaluation,
    EvaluationBundle,
    EvaluationReport,
    Policy,
    StreetResult,
    ThemeAdjustment,
)
from survey.models.fieldwork import CHANNELS, CollectionPoint, Invitation, Wave
from survey.models.mail import MailMessage
from survey.models.paper import PaperBatch, PaperEntry, PaperForm
from survey.models.picture import Picture
from survey.models.place import (
    Department,
    District,
    PopulationMargin,
    Stratum,
    Street,
    StreetCondition,
)
from survey.models.questionnaire import (
    AnswerOption,
    Indicator,
    IndicatorItem,
    Question,
    Questionnaire,
)
from survey.models.response import Answer, Comment, IndicatorScore, Response, ResponseTag
from survey.models.search import CommentWords
from survey.models.signed_in import AccountInvitation, OfficeSession, RecoveryCode
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
from survey.models.theme_tally import MentionBand, ThemeTally

__all__ = [
    "APPEAL_KINDS",
    "APPEAL_STATUSES",
    "CASE_ACTIONS",
    "CASE_ORIGINS",
    "CASE_STATES",
    "CHANNELS",
    "DUTY_BODIES",
    "FROZEN_STATUSES",
    "LISTED_KINDS",
    "PROPOSED_SCOPES",
    "REPORT_KINDS",
    "ROLES",
    "SIGN_OFF_STEPS",
    "THEME_STATES",
    "Account",
    "AccountInvitation",
    "Answer",
    "AnswerCube",
    "AnswerOption",
    "ApiKey",
    "Appeal",
    "AppealDocument",
    "ArrivalCube",
    "AuditEvent",
    "Base",
    "Case",
    "CaseCall",
    "CaseEvent",
    "ClusterCube",
    "CollectionPoint",
    "Comment",
    "CommentWords",
    "ContactRequest",
    "Department",
    "DirectScore",
    "District",
    "Duty",
    "Evaluation",
    "EvaluationBundle",
    "EvaluationReport",
    "Exclusion",
    "Indicator",
    "IndicatorItem",
    "IndicatorScore",
    "Invitation",
    "ListedItem",
    "MailMessage",
    "Mention",
    "MentionBand",
    "MomentCube",
    "ObjectiveScore",
    "OfficeSession",
    "PaperBatch",
    "PaperEntry",
    "PaperForm",
    "Picture",
    "Policy",
    "PopulationMargin",
    "Question",
    "Questionnaire",
    "Recheck",
    "RecoveryCode",
    "ReplyTemplate",
    "Response",
    "ResponseCube",
    "ResponseTag",
    "Role",
    "RollupPending",
    "RollupRun",
    "SignOff",
    "Slip",
    "SlipBatch",
    "SlipVoid",
    "SpentSlip",
    "Stratum",
    "Street",
    "StreetCondition",
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
    "ThemeTally",
    "Wave",
    "WaveDuties",
    "db",
    "table_of",
]
