"""The tables of what people write about cases. Nothing in them is evidence, and no verdict reads
them.

A row is never changed except for its end: something that was undone, or a wait that is over. People
are named by their login, as in the store, so that what they did stays readable without their
account.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

CONTACTS = ("tried", "reached", "left_message")


class Act(models.Model):
    """An action of somebody about a case."""

    case_id = models.TextField()
    by = models.TextField()
    role = models.TextField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)  # undone by the author

    class Meta:
        abstract = True
        indexes: ClassVar = (models.Index(fields=["case_id"], name="%(class)s_case"),)


class Note(Act):
    """A line of the thread of a case, addressed to a role or to everybody (empty)."""

    to_role = models.TextField(blank=True)
    text = models.TextField()

    class Meta(Act.Meta):
        pass


class Contact(Act):
    """An attempt to reach somebody about a case. `outcome`: tried, reached or left_message."""

    outcome = models.TextField()
    whom = models.TextField()
    text = models.TextField(blank=True)

    class Meta(Act.Meta):
        pass


class Look(Act):
    """A review of a case in its state then; `evidence` is the SHA-256 of that state.

    It is void if the evidence has changed.
    """

    protocol = models.TextField()
    evidence = models.CharField(max_length=64)

    class Meta(Act.Meta):
        pass


class Wait(Act):
    """A case leaves the list until a day. The last wait of a case that was not undone counts."""

    protocol = models.TextField()
    until = models.DateField()
    why = models.TextField(blank=True)

    class Meta(Act.Meta):
        pass


class IousEntry(Act):
    """The result of intra-operative ultrasound, as entered after surgery; docs/records.md, ious.

    A correction is a separate row that names the corrected row, so the first entry stays. A row
    can be corrected once: two people who correct the same row do not overwrite each other.
    """

    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT)
    values = models.TextField()  # JSON: column of ious and its text
    why = models.TextField(blank=True)  # reason of a correction

    class Meta(Act.Meta):
        pass


class NotesRead(models.Model):
    """The last note of a case's thread that somebody has read."""

    login = models.TextField()
    case_id = models.TextField()
    last_note = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = (
            models.UniqueConstraint(fields=["login", "case_id"], name="qi_notes_read_once"),
        )


class Acknowledged(models.Model):
    """The last run whose changes somebody knows, for one case or (`case_id` empty) for all."""

    login = models.TextField()
    protocol = models.TextField()
    case_id = models.TextField(blank=True)
    run_id = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = (
            models.UniqueConstraint(
                fields=["login", "protocol", "case_id"], name="qi_acknowledged_once"
            ),
        )


class SavedView(models.Model):
    """The filters of a list under a name. `role` is the team that shares it, or empty."""

    login = models.TextField()
    role = models.TextField(blank=True)
    name = models.TextField()
    query = models.TextField()  # as in the address
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = (
            models.UniqueConstraint(fields=["login", "role", "name"], name="qi_view_once"),
        )


class Sent(models.Model):
    """A form that was accepted. The same form is not accepted a second time."""

    token = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(db_index=True)
    result = models.TextField(blank=True)  # where the first submission led
