"""The duty list as a file: CSV as `duties load` takes it back, or a workbook."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from survey.errors import Refused
from survey.exports import FORMATS
from survey.exports.base import Column, Document, Table, TableShape
from survey.queries.duties import COLUMNS, district_by_code, duty_rows

KINDS = ("csv", "xlsx")
MEANING: dict[str, tuple[str, str]] = {
    "code": ("事项代码，不再改变", "Code of the duty, never changed"),
    "indicator": ("所属指标的代码", "Code of the indicator it belongs to"),
    "name_zh": ("事项的中文名称", "What the duty is, in Chinese"),
    "name_en": ("事项的英文名称", "What the duty is, in English"),
    "terms": (
        "居民谈到该事项时用的词语，以分号分隔",
        "Words by which residents speak of it, semicolons between them",
    ),
    "responsible": ("street（街道）或部门代码", "street, or the code of a department"),
    "department_zh": ("部门中文名", "Name of the department in Chinese"),
    "department_en": ("部门英文名", "Name of the department in English"),
    "has_means": (
        "是否有相应的人、财、物和权限；no：只下任务不给条件，不扣街道分",
        "Whether it came with the means; no: handed down without, lowers no score",
    ),
    "source": ("依据的文件", "The document that says so"),
    "retired": ("yes：已停用", "yes: out of the list"),
}
DUTIES = TableShape(
    "duties",
    ("权责清单", "Duty list"),
    tuple(Column(name, "text", MEANING[name]) for name in COLUMNS),
)


def duty_file(kind: str, *, district: str | None = None) -> tuple[int, bytes]:
    """(number of duties, the file). kind: one of KINDS. Raises Refused (422) for another one."""
    if kind not in KINDS:
        raise Refused(
            "unknown_format",
            _l("The file must end in %(kinds)s.", kinds=" / ".join(f".{one}" for one in KINDS)),
            status=422,
        )
    found = district_by_code(district)
    duties = duty_rows(found.id)
    table = Table(DUTIES, tuple(tuple(duty.cells().values()) for duty in duties))
    about = {"district": found.code, "is_demo": found.is_demo}
    return len(duties), FORMATS[kind].write(Document(about, (table,)))
