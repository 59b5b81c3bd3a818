"""The addresses of the application; `access.PAGES` has the pages and their permissions."""

from __future__ import annotations

from django.urls import path
from django.utils.module_loading import import_string

from qi_checker.web.access import PAGES

API = "api/v1"  # every operation requires the token of a service: api.py

urlpatterns = [
    *(
        path(page.path, import_string(f"qi_checker.web.{page.view}"), name=page.name)
        for page in PAGES
    ),
    path(f"{API}/", import_string("qi_checker.web.api.api").urls),
]

handler400 = "qi_checker.web.trouble.bad_request"
handler403 = "qi_checker.web.trouble.forbidden"
handler404 = "qi_checker.web.trouble.not_found"
handler500 = "qi_checker.web.trouble.failed"

__all__ = ["urlpatterns"]
