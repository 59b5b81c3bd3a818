"""The tables of the desk. A row is there once for each protocol that applies to the case."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models

NO_DAY = dt.date(9999, 12, 31)  # sorts behind every day; nothing of it is ever shown


class Known(models.Model):
    """What the last night knew of a protocol beyond single cases."""

    protocol = models.TextField(primary_key=True)
    run_id = models.BigIntegerField()
    as_of = models.TextField()
    sha256 = models.CharField(max_length=64)  # of the protocol that the night judged by
    context = models.TextField()  # JSON of judging.Context, cut to what open cases need
    origin = models.TextField()  # JSON: table, and the file that it was read from
    feeds = models.TextField()  # JSON: rows of `feed_rows`
    warnings = models.TextField()  # JSON: plausibility checks that warned, most severe first
    upcoming = models.IntegerField()  # upcoming operations that the protocol applies to
    problems = models.TextField()  # JSON: data problems, as the audit lists them
    # How often the desk of the protocol was written: a night that is repeated has the same run.
    written = models.BigIntegerField(default=0)


class CaseFile(models.Model):
    """The rows of a case as the night read them: its own, its patient's events, its exceptions.

    Rows that no requirement asks for are left out (`reading.relevant`).
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
    """A line of the work list. `act_by` is NO_DAY where nothing is to be done.

    `evidence` is the SHA-256 of the case's rows and of the protocol: what a look and a sign-off are
    about. `live`: somebody did something since the night, and it was judged again.
    """

    protocol = models.TextField()
    case_id = models.TextField()
    patient_id = models.TextField()
    site = models.TextField()
    surgeon = models.TextField()
    room = models.TextField()
    surgery_at = models.TextField()  # as the records have it
    surgery_day = models.DateField()
    status = models.TextField()  # of the operation: scheduled, performed
    upcoming = models.BooleanField()
    verdict = models.TextField()
    act_by = models.DateField()
    latest = models.DateField(null=True)  # last day of surgery on which everything still holds
    requirements = models.TextField()  # JSON: id, title, status, reason of each
    actions = models.TextField()  # JSON: the actions, most urgent first
    said = models.TextField(default="[]")  # JSON: the text of each by its key (cases/said.py)
    evidence = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)  # of everything above, so that a night finds changes
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
    """One thing to do about a case: which desk, by when. The list is filtered by it."""

    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="todo")
    requirement = models.TextField()
    action = models.TextField()
    owner = models.TextField()
    first = models.DateField(null=True)  # days on which the event would count
    last = models.DateField(null=True)
    act_by = models.DateField()

    class Meta:
        indexes: ClassVar = (
            models.Index(fields=["owner", "act_by"], name="qi_desk_owner"),
            models.Index(fields=["last"], name="qi_desk_last"),
        )
