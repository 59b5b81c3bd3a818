"""The tables of the store. Rows of history are valid from one run until another.

People are named by their login (`user.get_username()` in the web application), not by a key: the
actions of somebody stay readable without the account.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Document(models.Model):
    """A part of a manifest that many nights share, by its SHA-256."""

    digest = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()


class Run(models.Model):
    """One night of one protocol, stored completely."""

    protocol = models.TextField()
    as_of = models.TextField()  # as in the manifest: a date or a date-time of the site
    started_at = models.DateTimeField()
    actor = models.TextField()
    parts = models.TextField()  # manifest, feeds and inputs: JSON, or the digest of a document
    digest = models.CharField(max_length=64)  # of everything that was stored
    correction = models.IntegerField(default=0)  # 1, 2 ...: how often this as_of was stored before

    class Meta:
        indexes = (models.Index(fields=["protocol", "as_of"], name="qi_run_as_of"),)


class Interval(models.Model):
    """A row that is valid from run `from_run` until `to_run`, which has a different row or none."""

    protocol = models.TextField()
    case_id = models.TextField()
    from_run = models.BigIntegerField()
    to_run = models.BigIntegerField(null=True)
    row = models.TextField()  # the JSON of the row, with a mark for the day of the night

    COLUMNS: ClassVar[tuple[str, ...]] = ("case_id", "row")
    KEY: ClassVar[int] = 1  # number of columns that identify a row

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
    """`seal` is the hash of what all open rows of a case say, in the form of `lines.py`, or empty.

    A night whose rows have the same seal is not compared any further.
    """

    seal = models.CharField(max_length=64, default="", db_default="")

    COLUMNS: ClassVar[tuple[str, ...]] = ("case_id", "seal", "row")

    class Meta:
        indexes = _indexes("qi_case")


class ActionRow(Interval):
    """An action for a requirement; `position` is its place among the actions of the case.

    Nights of earlier versions have none; there the case has only its first action.
    """

    requirement = models.TextField()
    position = models.TextField()  # 001, 002 ...: as text, like every other column of a line
    act_by = models.TextField()  # ISO date

    COLUMNS: ClassVar[tuple[str, ...]] = ("case_id", "requirement", "position", "act_by", "row")
    KEY: ClassVar[int] = 3

    class Meta:
        indexes = _indexes("qi_action")


class ScheduleRow(Interval):
    """The planned time of an operation: `row` is the text of surgery_at."""

    class Meta:
        indexes = _indexes("qi_schedule")


class EvidenceRow(Interval):
    """`row` is the SHA-256 of the records behind the findings of a case."""

    class Meta:
        indexes = _indexes("qi_evidence")


class ChangeRow(models.Model):
    """One change in a run, with its cause; `row` is its JSON, `position` its place in the list."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    case_id = models.TextField(db_index=True)
    position = models.IntegerField()
    row = models.TextField()


class TrailEntry(models.Model):
    """One action of a person. Never changed: triggers refuse changes, and the hashes reveal them.

    `payload` is NULL if its text was erased to protect a patient; its digest stays.
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
    """A row exists only inside the transaction that erases entries; the triggers check for it."""

    why = models.TextField()


class ExceptionRequest(models.Model):
    """A requested waiver; its steps have its further history."""

    case_id = models.TextField(db_index=True)
    requirement = models.TextField()
    reason = models.TextField()
    note = models.TextField()
    valid_from = models.DateField()
    expires_on = models.DateField()


class ExceptionStep(models.Model):
    """One step of a waiver; never changed, only followed by another step."""

    exception = models.ForeignKey(ExceptionRequest, on_delete=models.CASCADE, related_name="steps")
    action = models.TextField()  # requested, approved, refused, reconfirmed or revoked
    at = models.DateTimeField()
    by = models.TextField()
    role = models.TextField()
    surgery_day = models.DateField(null=True)  # planned day of the operation at that time
    why = models.TextField()


class SignOff(models.Model):
    """The sign-off of a case in its state then; `parts` are the hashes of that state."""

    case_id = models.TextField(db_index=True)
    protocol = models.TextField()
    by = models.TextField()
    role = models.TextField()
    at = models.DateTimeField()
    note = models.TextField()
    parts = models.TextField()
    sha256 = models.CharField(max_length=64)
