"""All about one contact in one archive: for programs as JSON lines, for people as a page, and the files themselves."""

from __future__ import annotations

import enum
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import attrs

from careplug.contributions import EntitySpec
from careplug.criteria import All, Criteria, Is, Order
from careplug.errors import Invalid, NotFound
from careplug.feedback.base import FEEDBACK, check_text
from careplug.messages.entities import Party
from careplug.privacy import journal
from careplug.privacy.about import PAGE, belonging, entity_said, naming, owns_timeline, registered, who
from careplug.privacy.page import Page
from careplug.refs import Actor, Ref
from careplug.text import say
from careplug.timeline.facts import plain
from careplug.timeline.story import Timeline

if TYPE_CHECKING:
    from careplug.care import Care
    from careplug.unit import CareUnit

__all__ = ["ExportReport", "export_contact"]

FORMAT = 1
"""The version of the archive's layout."""


@attrs.frozen(kw_only=True)
class ExportReport:
    """What an export wrote: rows by entity, facts, files; ``missing`` are files whose bytes are no longer kept."""

    ref: Ref
    path: str
    rows: dict[str, int] = attrs.field(factory=dict)
    facts: int = 0
    files: int = 0
    missing: int = 0

    def text(self, language: str = "en") -> str:
        """The report in words."""
        said = [f"{entity_said(name, language)} {count}" for name, count in sorted(self.rows.items())]
        counts = ("、" if language.startswith("zh") else ", ").join(said) or "–"
        line = say(
            "privacy.export.done",
            language,
            ref=self.ref,
            path=self.path,
            rows=counts,
            facts=self.facts,
            files=self.files,
        )
        return "\n".join(
            [line, *([say("privacy.export.missing", language, missing=self.missing)] if self.missing else [])]
        )


def export_contact(
    care: Care,
    ref_or_party: Ref | Party | str,
    path: str | Path,
    *,
    actor: Actor,
    request: str = "",
    tenant: str = "",
    language: str = "zh_CN",
) -> ExportReport:
    """Write everything about somebody into a new ZIP archive, and tell the privacy journal.

    It holds ``about.json``, ``data/ENTITY.jsonl`` (a row a line; one with a story has its ``facts``), ``files/`` and
    ``index.html`` in the language asked for. Rows are read a page at a time, so that memory stays small. Needs
    ``privacy.export``. ``Invalid`` where the file is there already or cannot be written; nothing half-written stays.
    """
    ref = who(ref_or_party, "export")
    told = check_text(request, "export.request", longest=100)
    with care.read(actor=actor, tenant=tenant) as unit:
        unit.allow("privacy.export", ref)
    target = Path(path)
    if target.exists():
        raise Invalid("privacy.exists", field="export.file.exists", value=target)
    part = target.with_name(f"{target.name}.part")
    try:
        part.touch(mode=0o600)  # for its owner's eyes alone
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive, Page(care, ref, language) as page:
            run = _Run(care, actor, tenant, ref, archive, page)
            report = run.write()
        part.replace(target)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise Invalid("privacy.file", field="export.file", value=target, problem=problem) from None
    finally:
        part.unlink(missing_ok=True)
    with care.unit(actor=actor, tenant=tenant) as unit:
        data = {"ref": str(ref), "request": told, "rows": report.rows, "facts": report.facts, "files": report.files}
        journal.note(unit, "contact_exported", data)
    return attrs.evolve(report, path=str(target))


class _Run:
    """Writes one archive. Entries of a ZIP are written one after the other, so each entity is read once."""

    def __init__(self, care: Care, actor: Actor, tenant: str, ref: Ref, archive: zipfile.ZipFile, page: Page) -> None:
        self.care = care
        self.actor = actor
        self.tenant = tenant
        self.ref = ref
        self.archive = archive
        self.page = page
        self.report = ExportReport(ref=ref, path="")
        self.cases: list[str] = []

    def write(self) -> ExportReport:
        """Cases first, for other rows hang on them."""
        specs = sorted(registered(self.care), key=lambda spec: (spec.name != FEEDBACK, spec.name))
        attached: list[tuple[str, str]] = []
        for spec in specs:
            attached += self._entity(spec)
        for key, name in attached:
            self._file(key, name)
        about = {
            "careplug": FORMAT,
            "ref": str(self.ref),
            "tenant": self.tenant,
            "at": plain(self.care.clock()),
            "rows": self.report.rows,
            "facts": self.report.facts,
            "files": self.report.files,
        }
        self.archive.writestr("about.json", json.dumps(about, ensure_ascii=False, indent=2, sort_keys=True))
        with self.archive.open("index.html", "w") as out:
            self.page.copy_to(out)
        return self.report

    def _entity(self, spec: EntitySpec) -> list[tuple[str, str]]:
        """Write an entity's rows, if there are any; the files they name."""
        attached: list[tuple[str, str]] = []
        with tempfile.TemporaryFile() as kept:
            count = 0
            for row, facts in self._rows(spec):
                data = plain(attrs.asdict(row, recurse=True, value_serializer=_value))
                if facts is not None:
                    data["facts"] = facts
                kept.write(json.dumps(data, ensure_ascii=False, sort_keys=True).encode() + b"\n")
                self.page.row(spec.name, data)
                count += 1
                if spec.name == FEEDBACK:
                    self.cases.append(row.id)
                if spec.name == "attachment":
                    attached.append((row.key, f"files/{row.feedback_id}-{row.sequence}-{_safe(row.name)}"))
            if count:
                self._keep(f"data/{spec.name}.jsonl", kept)
                rows = {**self.report.rows, spec.name: count}
                self.report = attrs.evolve(self.report, rows=rows)
        return attached

    def _keep(self, name: str, kept: IO[bytes]) -> None:
        kept.seek(0)
        with self.archive.open(name, "w") as out:
            shutil.copyfileobj(kept, out)

    def _rows(self, spec: EntitySpec) -> Iterator[tuple[Any, list[dict[str, Any]] | None]]:
        """Every row about the person, each once, those with a story with their facts."""
        named = naming(spec, self.ref)
        for where in (named, *self._hanging(spec)):
            after, more = "", where is not None
            while more and where is not None:
                with self.care.read(actor=self.actor, tenant=self.tenant) as unit:
                    wanted = All(where, Is("id", "gt", after))
                    page: list[Any] = unit.store.find(spec.cls, wanted, order=(Order("id"),), limit=PAGE)
                    # what names the person itself was told before
                    new = page if where is named else [row for row in page if not self._is_named(spec, row)]
                    told = [(row, self._story(unit, spec, row)) for row in new]
                yield from told
                after, more = (page[-1].id, True) if len(page) == PAGE else ("", False)

    def _hanging(self, spec: EntitySpec) -> Iterator[Criteria | None]:
        for start in range(0, len(self.cases), PAGE) if spec.name != FEEDBACK else ():
            yield belonging(spec, FEEDBACK, self.cases[start : start + PAGE])

    def _is_named(self, spec: EntitySpec, row: Any) -> bool:
        return any(getattr(row, name) == self.ref for name in spec.about)

    def _story(self, unit: CareUnit, spec: EntitySpec, row: Any) -> list[dict[str, Any]] | None:
        if not owns_timeline(spec):
            return None
        found = unit.get(Timeline).facts(spec.name, row.id)
        self.report = attrs.evolve(self.report, facts=self.report.facts + len(found))
        return [
            {"sequence": fact.sequence, "at": plain(fact.at), "actor": fact.actor, "type": fact.type, "data": fact.data}
            for fact in found
        ]

    def _file(self, key: str, name: str) -> None:
        try:
            with self.care.setup.files.open(key, tenant=self.tenant) as stream, self.archive.open(name, "w") as out:
                shutil.copyfileobj(stream, out)
        except NotFound:
            self.report = attrs.evolve(self.report, missing=self.report.missing + 1)
            return
        self.report = attrs.evolve(self.report, files=self.report.files + 1)


def _value(_instance: Any, _field: Any, value: Any) -> Any:
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    return value.hex() if isinstance(value, bytes) else value


def _safe(name: str) -> str:
    """A file's name that no archive takes for a folder."""
    return "".join("_" if letter in '/\\:*?"<>|' or not letter.isprintable() else letter for letter in name)[-120:]
