"""The tables of the desk. A case has one row for each protocol that applies to it."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models

NO_DAY = dt.date(9999, 12, 31)  # sorts after every other day; never shown


class Known(models.Model):
    """Data of the last night about a protocol as a whole."""

    protocol = models.TextField(primary_key=True)
    run_id = models.BigIntegerField()
    as_of = models.TextField()
    sha256 = models.CharField(max_length=64)  # of the protocol that the night used
    context = models.TextField()  # JSON of judging.Context, reduced to what open cases need
    origin = models.TextField()  # JSON: table, and the file it was read from
    feeds = models.TextField()  # JSON: rows of `feed_rows`
    warnings = models.TextField()  # JSON: plausibility checks that warned, most severe first
    upcoming = models.IntegerField()  # upcoming operations that the protocol applies to
    problems = models.TextField()  # JSON: data problems, as the audit lists them
    # Counts how often the protocol's desk was written: a repeated night has the same run.
    written = models.BigIntegerField(default=0)


class CaseFile(models.Model):
    """The input rows of a case: its own row, its patient's events and its exceptions.

    Rows that no requirement needs are omitted (`reading.relevant`).
    """

    protocol = models.TextField()
    case_id = models.TextField()
    rows = models.TextField()  # JSON: case, events, exceptions; in file order, cells as text
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = (
            models.UniqueConstraint(fields=["protocol", "case_id"], name="qi_desk_file_once"),
        )
        indexes: ClassVar = (models.Index(fields=["case_id"], name="qi_desk_file_case"),)


class WorkItem(models.Model):
    """A line of the work list. `act_by` is NO_DAY if there is nothing to do.

    `evidence` is the SHA-256 of the case's rows and of the protocol; reviews and sign-offs refer to
    it. `live`: the case was judged again after the night, because of what somebody did.
    """

    protocol = models.TextField()
    case_id = models.TextField()
    patient_id = models.TextField()
    site = models.TextField()
    surgeon = models.TextField()
    room = models.TextField()
    surgery_at = models.TextField()  # as in the records; in the time of the site if with an offset
    surgery_day = models.DateField()
    status = models.TextField()  # of the operation: scheduled, performed
    upcoming = models.BooleanField()
    verdict = models.TextField()
    act_by = models.DateField()
    latest = models.DateField(null=True)  # last day of surgery on which everything still holds
    requirements = models.TextField()  # JSON: id, title, status, reason of each
    actions = models.TextField()  # JSON: the actions, most urgent first
    said = models.TextField(default="[]")  # JSON: the text of each by its key (cases/phrases.py)
    evidence = models.CharField(max_length=64)
    changed_run = models.BigIntegerField(default=0)
    changes = models.TextField(default="[]")  # JSON: kind, requirement, words and cause of each
    live = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = (
            models.UniqueConstraint(fields=["protocol", "case_id"], name="qi_desk_item_once"),
        )
        indexes: ClassVar = (
            models.Index(fields=["act_by", "surgery_day", "case_id"], name="qi_desk_order"),
            models.Index(fields=["surgeon", "act_by", "surgery_day"], name="qi_desk_surgeon"),
            models.Index(fields=["site", "act_by", "surgery_day"], name="qi_desk_site"),
            models.Index(fields=["surgery_day", "room"], name="qi_desk_day"),
            models.Index(fields=["case_id"], name="qi_desk_case"),
        )


class DeskAction(models.Model):
    """One action for a case: who does it, and by when. Used to filter the list."""

    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="todo")
    requirement = models.TextField()
    action = models.TextField()
    owner = models.TextField()
    first = models.DateField(null=True)  # first and last day on which the event would count
    last = models.DateField(null=True)
    act_by = models.DateField()

    class Meta:
        indexes: ClassVar = (
            models.Index(fields=["owner", "act_by"], name="qi_desk_owner"),
            models.Index(fields=["last"], name="qi_desk_last"),
        )
