"""People's entries as an application of Django, with migrations separate from the nights'."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "qi_checker.store.people"
    label = "qi_people"
    verbose_name = "What people write about cases"
    default_auto_field = "django.db.models.BigAutoField"
