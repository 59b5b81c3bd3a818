"""The accounts of the web application, as an application of Django."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "qi_checker.web"
    label = "qi_web"
    verbose_name = "qi-checker"
    default_auto_field = "django.db.models.BigAutoField"
