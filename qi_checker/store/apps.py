"""The store as an application of Django; the coordinator's web application installs it too."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "qi_checker.store"
    label = "qi_store"
    verbose_name = "qi-checker store"
    default_auto_field = "django.db.models.BigAutoField"
