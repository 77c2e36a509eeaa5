"""The files of a recompute bundle, and the inputs of an evaluation read back from them.

A bundle is a set of named files (a zip outside). The full one, for auditors, holds everything
an evaluation was computed from; the public one starts from the blended scores, their variances
and effective sample sizes (``bundle_public``). Nothing here opens a file: bytes in, records out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_type_hints

from analysis import bundle_tables as tables
from analysis.adjustment import ThemeRecord
from analysis.bundle_tables import TableSpec, read_rows, write_rows
from analysis.bundle_year import earlier_files, read_earlier, year_circumstances
from analysis.evaluation_records import Appeal
from analysis.policy import Policy
from analysis.strict_json import unique_keys
from analysis.types import AnalysisError, StreetCube
from analysis.wave_evaluation import EvaluationInputs, StreetFacts

FORMAT = "jieping-bundle"
VERSION = 1
MANIFEST, POLICY, RESULTS = "manifest.json", "policy.json", "results.json"
THEMES, CIRCUMSTANCES = "themes.json", "circumstances.json"
FULL, PUBLIC = "full", "public"

README, GROUPS, YEAR = "README.txt", "groups.json", "year.json"

Files = Mapping[str, bytes]
COUNTS: tuple[tuple[TableSpec, str], ...] = (
    (tables.RESPONSES, "responses"),
    (tables.MOMENTS, "moments"),
    (tables.ANSWERS, "answers"),
    (tables.CLUSTERS, "clusters"),
)


NAMES = {
    FULL: {
        MANIFEST,
        POLICY,
        RESULTS,
        README,
        THEMES,
        CIRCUMSTANCES,
        tables.STREETS.name,
        tables.MARGINS.name,
        tables.STRATA.name,
        tables.DIRECT.name,
        tables.OBJECTIVE.name,
        tables.EARLIER.name,
        *(spec.name for spec, _part in COUNTS),
    },
    PUBLIC: {MANIFEST, POLICY, RESULTS, README, GROUPS, YEAR},
}
"""The files that each kind of bundle may hold."""

ADDED_SINCE: dict[type, frozenset[str]] = {
    ThemeRecord: frozenset(("right_mentions", "sample_members", "sample_judged", "sample_right"))
}
"""Fields that bundles sealed before them do not have; their defaults change no figure."""


def json_bytes(document: Any) -> bytes:
    """A document as JSON in UTF-8; numbers with all their digits, never NaN."""
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode()


def read_json_file(files: Files, name: str) -> Any:
    """A JSON file of the bundle. Raises ``AnalysisError`` (``bad_bundle``)."""
    if name not in files:
        raise AnalysisError("bad_bundle", f"The bundle has no file {name}.", file=name)
    try:
        return json.loads(files[name].decode(), object_pairs_hook=unique_keys)
    except AnalysisError as error:
        raise AnalysisError("bad_bundle", f"{name}: {error.message}", file=name) from None
    except ValueError as error:
        raise AnalysisError("bad_bundle", f"{name} is not JSON: {error}.", file=name) from None


def sealed(files: Files, *, kind: str, about: Mapping[str, Any]) -> dict[str, bytes]:
    """The files with their manifest: what the bundle is, and the sha256 of every file.

    ``kind`` is ``full`` or ``public``; ``about`` names wave, revision and policy.
    """
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "kind": kind,
        **about,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
    return {MANIFEST: json_bytes(manifest), **files}


def read_manifest(files: Files) -> dict[str, Any]:
    """The manifest. Raises ``AnalysisError`` (``bad_bundle``) when it is not one of ours."""
    manifest = read_json_file(files, MANIFEST)
    known = isinstance(manifest, dict) and manifest.get("format") == FORMAT
    if not known or not isinstance(manifest.get("files"), dict):
        raise AnalysisError("bad_bundle", f"{MANIFEST} is not that of a recompute bundle.")
    if manifest.get("version") != VERSION or manifest.get("kind") not in (FULL, PUBLIC):
        raise AnalysisError(
            "bad_bundle",
            f"{MANIFEST}: version {manifest.get('version')} of kind {manifest.get('kind')!r} is "
            f"not known here; known are full and public of version {VERSION}.",
        )
    unknown = sorted(set(files) - NAMES[manifest["kind"]])
    if unknown:
        raise AnalysisError(
            "bad_bundle", f"{unknown[0]} does not belong into a {manifest['kind']} bundle."
        )
    return manifest


def changed_files(files: Files, manifest: Mapping[str, Any]) -> list[str]:
    """Names of files that are missing, unexpected, or not those of the manifest's sha256."""
    expected = manifest["files"]
    found = {n: hashlib.sha256(data).hexdigest() for n, data in files.items() if n != MANIFEST}
    return sorted(n for n in expected.keys() | found if expected.get(n) != found.get(n))


def write_inputs(inputs: EvaluationInputs) -> dict[str, bytes]:
    """The files of all that an evaluation is computed from.

    Strata are written once for all streets. Cubes that name theirs in another order come back
    with equal sums whose weights can differ in the last bit.
    """
    cubes = inputs.accepted
    residents = [
        (cube.code, variable, category, n)
        for cube in cubes
        for variable, margin in cube.margins.items()
        for category, n in margin.items()
    ]
    streets = [
        (facts.code, facts.group, cube.population)
        for facts, cube in zip(inputs.streets, cubes, strict=True)
    ]
    scores = [
        (facts.code, place, score)
        for facts in inputs.streets
        for place, score in enumerate(facts.direct, start=1)
    ]
    return {
        POLICY: json_bytes(inputs.policy.to_dict()),
        tables.STREETS.name: write_rows(tables.STREETS, streets),
        tables.MARGINS.name: write_rows(tables.MARGINS, residents),
        tables.STRATA.name: write_rows(tables.STRATA, stratum_rows(cubes)),
        **{spec.name: write_rows(spec, count_rows(inputs, part)) for spec, part in COUNTS},
        tables.DIRECT.name: write_rows(tables.DIRECT, scores),
        **objective_files(inputs.streets),
        **earlier_files(inputs.earlier),
        THEMES: json_bytes([asdict(theme) for theme in inputs.themes]),
        CIRCUMSTANCES: json_bytes(circumstances(inputs)),
    }


def objective_files(streets: Sequence[StreetFacts]) -> dict[str, bytes]:
    """The table of objective indicators; no file when no street has one, as it was before them."""
    rows = [
        (facts.code, name, score) for facts in streets for name, score in facts.objective.items()
    ]
    return {tables.OBJECTIVE.name: write_rows(tables.OBJECTIVE, rows)} if rows else {}


def stratum_rows(cubes: Sequence[StreetCube]) -> list[tuple[Any, ...]]:
    """Categories of every stratum, in the order in which weights are computed.

    A stratum without any category is a row with two empty cells.
    """
    strata: dict[Hashable, Mapping[str, str]] = {}
    for cube in cubes:
        strata |= cube.strata
    return [
        (key, variable, category)
        for key, categories in strata.items()
        for variable, category in (categories or {"": ""}).items()
    ]


def count_rows(inputs: EvaluationInputs, part: str) -> Iterator[tuple[Any, ...]]:
    """Rows of one cube table of all streets; status ``accepted``, or ``both`` for the cubes with
    待核查 responses as well."""
    for status, cubes in (("accepted", inputs.accepted), ("both", inputs.with_quarantined or ())):
        for cube in cubes:
            for row in getattr(cube, part):
                if part == "answers":
                    indicator, stratum, channel, option, n = row
                    yield status, cube.code, stratum, channel, indicator, option, n
                elif part == "clusters":
                    point, stratum, channel, indicator, n, total = row
                    yield status, cube.code, stratum, channel, point, indicator, n, total
                else:
                    yield status, cube.code, *row


def circumstances(inputs: EvaluationInputs) -> dict[str, Any]:
    """What counts beside numbers: the wave before, appeals, exclusions."""
    appeals = inputs.appeals
    return {
        "previous_last": dict(inputs.previous_last),
        "pooled_waves": inputs.pooled_waves,
        "appeals": None if appeals is None else [asdict(appeal) for appeal in appeals],
        "excluded": {
            facts.code: facts.excluded_because for facts in inputs.streets if facts.excluded_because
        },
        "has_quarantined": inputs.with_quarantined is not None,
        **year_circumstances(inputs.wave, inputs.earlier),
    }


def read_inputs(files: Files) -> EvaluationInputs:
    """The inputs of an evaluation from the files of a full bundle.

    Raises ``AnalysisError`` (``bad_bundle``, and those of a bad policy).
    """
    facts = read_circumstances(files)
    streets = unique_rows(files, tables.STREETS, keys=1)
    direct: dict[str, list[float]] = {code: [] for code, _group, _population in streets}
    for street, _assessor, score in unique_rows(files, tables.DIRECT, keys=2):
        known_street(direct, street, tables.DIRECT)
        direct[street].append(score)
    objective: dict[str, dict[str, float]] = {code: {} for code in direct}
    if tables.OBJECTIVE.name in files:
        for street, name, score in unique_rows(files, tables.OBJECTIVE, keys=2):
            known_street(objective, street, tables.OBJECTIVE)
            objective[street][name] = score
    appeals = facts["appeals"]
    return EvaluationInputs(
        policy=Policy.from_locked(read_json_file(files, POLICY)),
        streets=tuple(
            StreetFacts(
                code, group, tuple(direct[code]), facts["excluded"].get(code), objective[code]
            )
            for code, group, _population in streets
        ),
        accepted=read_cubes(files, streets, "accepted"),
        with_quarantined=read_cubes(files, streets, "both") if facts["has_quarantined"] else None,
        themes=read_themes(files),
        previous_last=facts["previous_last"],
        pooled_waves=facts["pooled_waves"],
        appeals=None if appeals is None else tuple(record(Appeal, one) for one in appeals),
        wave=str(facts.get("wave", "")),
        earlier=read_earlier(files),
    )


def rows_of(files: Files, spec: TableSpec) -> list[tuple[Any, ...]]:
    """All rows of a table of the bundle. Raises ``AnalysisError`` (``bad_bundle``)."""
    if spec.name not in files:
        raise AnalysisError("bad_bundle", f"The bundle has no file {spec.name}.", file=spec.name)
    return list(read_rows(spec, files[spec.name]))


def unique_rows(files: Files, spec: TableSpec, *, keys: int) -> list[tuple[Any, ...]]:
    """The rows of a table whose first ``keys`` columns may stand once only."""
    rows = rows_of(files, spec)
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        if row[:keys] in seen:
            named = ", ".join(str(part) for part in row[:keys])
            raise AnalysisError("bad_bundle", f"{spec.name} has {named} twice.", file=spec.name)
        seen.add(row[:keys])
    return rows


def known_street(known: Mapping[str, Any], street: str, spec: TableSpec) -> None:
    """Raise ``AnalysisError`` (``bad_bundle``) for a street that the bundle does not list."""
    if street not in known:
        raise AnalysisError(
            "bad_bundle",
            f"{spec.name} names the street {street!r}, which {tables.STREETS.name} does not.",
            file=spec.name,
        )


def read_cubes(
    files: Files, streets: Sequence[tuple[Any, ...]], status: str
) -> tuple[StreetCube, ...]:
    """The cubes of every street with one status, in the order of the streets."""
    strata: dict[Hashable, dict[str, str]] = {}
    for stratum, variable, category in unique_rows(files, tables.STRATA, keys=2):
        held = strata.setdefault(stratum, {})
        if variable:
            held[variable] = category
    margins: dict[str, dict[str, dict[str, float]]] = {code: {} for code, *_more in streets}
    for street, variable, category, n in unique_rows(files, tables.MARGINS, keys=3):
        known_street(margins, street, tables.MARGINS)
        margins[street].setdefault(variable, {})[category] = n
    parts: dict[str, dict[str, list[Any]]] = {
        code: {part: [] for _spec, part in COUNTS} for code, *_more in streets
    }
    for spec, part in COUNTS:
        for row_status, street, *row in rows_of(files, spec):
            known_street(parts, street, spec)
            if row_status == status:
                parts[street][part].append(cube_row(part, row))
    return tuple(
        StreetCube(code, strata, **parts[code], margins=margins[code], population=population)
        for code, _group, population in streets
    )


def cube_row(part: str, row: Sequence[Any]) -> tuple[Any, ...]:
    """A row of a file in the order of the cube's record."""
    if part == "answers":
        stratum, channel, indicator, option, n = row
        return indicator, stratum, channel, option, n
    if part == "clusters":
        stratum, channel, point, indicator, n, total = row
        return point, stratum, channel, indicator, n, total
    return tuple(row)


def read_themes(files: Files) -> tuple[ThemeRecord, ...]:
    """The themes of the bundle. Raises ``AnalysisError`` (``bad_bundle``)."""
    themes = read_json_file(files, THEMES)
    if not isinstance(themes, list):
        raise AnalysisError("bad_bundle", f"{THEMES} must be a list.", file=THEMES)
    return tuple(record(ThemeRecord, one) for one in themes)


def read_circumstances(files: Files) -> dict[str, Any]:
    """What counts beside numbers. Raises ``AnalysisError`` (``bad_bundle``)."""
    found = read_json_file(files, CIRCUMSTANCES)
    wanted = {
        "previous_last": dict,
        "pooled_waves": int,
        "appeals": list | None,
        "excluded": dict,
        "has_quarantined": bool,
    }
    for name, kind in wanted.items():
        if not isinstance(found, dict) or name not in found or not isinstance(found[name], kind):
            raise AnalysisError(
                "bad_bundle", f"{CIRCUMSTANCES}: {name} is missing or of another kind."
            )
    return found


def record(kind: type, given: Any) -> Any:
    """A record from its JSON object. Raises ``AnalysisError`` (``bad_bundle``)."""
    wanted = get_type_hints(kind)
    required = set(wanted) - ADDED_SINCE.get(kind, frozenset())
    if not isinstance(given, dict) or not required <= set(given) <= set(wanted):
        raise AnalysisError("bad_bundle", f"A {kind.__name__} has other fields than expected.")
    for name, value in given.items():
        is_number = wanted[name] is float and isinstance(value, int) and not isinstance(value, bool)
        if not (is_number or isinstance(value, wanted[name])):
            raise AnalysisError(
                "bad_bundle", f"A {kind.__name__}: {name} cannot be {json.dumps(value)}."
            )
    return kind(**given)
