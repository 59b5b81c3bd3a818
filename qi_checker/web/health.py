"""Health of the process and of the store, for systemd, a proxy or a container."""

from __future__ import annotations

from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse

from qi_checker.errors import UserError
from qi_checker.store.models import Run
from qi_checker.store.transaction import reading


def health(request: HttpRequest) -> HttpResponse:
    """Confirm that the process answers, without querying the store."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def ready(request: HttpRequest) -> JsonResponse:
    """Report whether the store answers and has a night; else 503. Without personal data."""
    try:
        with reading("default"):
            connections["default"].ensure_connection()
            last = Run.objects.order_by("-id").values_list("as_of", flat=True).first()
    except UserError:
        return JsonResponse({"store": "cannot be reached", "last_night": None}, status=503)
    return JsonResponse({"store": "answers", "last_night": last}, status=200 if last else 503)
