"""What people write, as an application of Django: its migrations are separate from those of the
nights."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "qi_checker.store.people"
    label = "qi_people"
    verbose_name = "What people write about cases"
    default_auto_field = "django.db.models.BigAutoField"
