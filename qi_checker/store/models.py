"""The tables of the store. Rows of history are valid from one run until another.

People are named by their login (`user.get_username()` in the web application), not by a key: what
somebody did stays readable when the account is gone.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Document(models.Model):
    """A piece of a manifest that many nights share, by its SHA-256."""

    digest = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()


class Run(models.Model):
    """One night of one protocol that was kept as a whole."""

    protocol = models.TextField()
    as_of = models.TextField()  # as the manifest has it: a date or a date-time of the site
    started_at = models.DateTimeField()
    actor = models.TextField()
    parts = models.TextField()  # manifest, feeds and inputs: JSON, or the digest of a document
    digest = models.CharField(max_length=64)  # of everything that was kept
    correction = models.IntegerField(default=0)  # 1, 2 ...: so often was this as_of kept before

    class Meta:
        indexes = (models.Index(fields=["protocol", "as_of"], name="qi_run_as_of"),)


class Interval(models.Model):
    """A row that was the same from run `from_run` until `to_run`, which has another or none."""

    protocol = models.TextField()
    case_id = models.TextField()
    from_run = models.BigIntegerField()
    to_run = models.BigIntegerField(null=True)
    row = models.TextField()  # the JSON of the row, with a mark for the day of the night

    COLUMNS: ClassVar[tuple[str, ...]] = ("case_id", "row")
    KEY: ClassVar[int] = 1  # so many of them say which row it is

    class Meta:
        abstract = True


def _indexes(name: str) -> tuple[models.Index, ...]:
    still = models.Q(to_run=None)
    return (
        models.Index(fields=["protocol", "case_id"], name=f"{name}_open", condition=still),
        models.Index(fields=["case_id"], name=f"{name}_case"),
        models.Index(fields=["to_run"], name=f"{name}_until", condition=~still),
    )


class FindingRow(Interval):
    requirement = models.TextField()
    status = models.TextField()
    act_by = models.TextField()  # ISO date, or empty

    COLUMNS: ClassVar[tuple[str, ...]] = ("case_id", "requirement", "status", "act_by", "row")
    KEY: ClassVar[int] = 2

    class Meta:
        indexes = _indexes("qi_finding")


class CaseRow(Interval):
    """`seal` is the hash of all open rows of a case in the form of `lines.py`, or empty.

    A night whose rows have the same seal is not compared any further.
    """

    seal = models.CharField(max_length=64, default="", db_default="")

    COLUMNS: ClassVar[tuple[str, ...]] = ("case_id", "seal", "row")

    class Meta:
        indexes = _indexes("qi_case")


class ActionRow(Interval):
    """What somebody must do about a requirement; `position` is its place among those of the case.

    Stores of earlier versions have none for their nights: there the case has its first action.
    """

    requirement = models.TextField()
    position = models.TextField()  # 001, 002 ...: as text, like every other column of a line
    act_by = models.TextField()  # ISO date

    COLUMNS: ClassVar[tuple[str, ...]] = ("case_id", "requirement", "position", "act_by", "row")
    KEY: ClassVar[int] = 3

    class Meta:
        indexes = _indexes("qi_action")


class ScheduleRow(Interval):
    """When the operation was planned for: `row` is the text of surgery_at."""

    class Meta:
        indexes = _indexes("qi_schedule")


class EvidenceRow(Interval):
    """`row` is the SHA-256 of the records that the findings of a case rest on."""

    class Meta:
        indexes = _indexes("qi_evidence")


class ChangeRow(models.Model):
    """One thing that changed in a run, and why; `row` is its JSON, `position` its place in the list."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    case_id = models.TextField(db_index=True)
    position = models.IntegerField()
    row = models.TextField()


class TrailEntry(models.Model):
    """One thing that somebody did. Never changed: triggers refuse it, and the hashes show it.

    `payload` is NULL where its text was erased for the sake of a patient; its digest stays.
    """

    sequence = models.BigIntegerField(primary_key=True)
    at = models.TextField()
    actor = models.TextField()
    action = models.TextField()
    payload = models.TextField(null=True)
    payload_sha256 = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)


class TrailPermit(models.Model):
    """A row is here only inside the transaction that erases entries; the triggers look for it."""

    why = models.TextField()


class ExceptionRequest(models.Model):
    """A waiver that somebody asked for; what became of it are its steps."""

    case_id = models.TextField(db_index=True)
    requirement = models.TextField()
    reason = models.TextField()
    note = models.TextField()
    valid_from = models.DateField()
    expires_on = models.DateField()


class ExceptionStep(models.Model):
    """Something that was done about a waiver; never changed, only followed by another step."""

    exception = models.ForeignKey(ExceptionRequest, on_delete=models.CASCADE, related_name="steps")
    action = models.TextField()  # requested, approved, refused, reconfirmed or revoked
    at = models.DateTimeField()
    by = models.TextField()
    role = models.TextField()
    surgery_day = models.DateField(null=True)  # what the operation was planned for then
    why = models.TextField()


class SignOff(models.Model):
    """That somebody stands for a case as it was; `parts` are the hashes of what that was."""

    case_id = models.TextField(db_index=True)
    protocol = models.TextField()
    by = models.TextField()
    role = models.TextField()
    at = models.DateTimeField()
    note = models.TextField()
    parts = models.TextField()
    sha256 = models.CharField(max_length=64)
