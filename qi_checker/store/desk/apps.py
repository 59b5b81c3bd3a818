"""The desk as an application of Django: its migrations are separate from those of the nights."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "qi_checker.store.desk"
    label = "qi_desk"
    verbose_name = "Open cases as the last night saw them"
    default_auto_field = "django.db.models.BigAutoField"
