"""The application for gunicorn; the variable QI_CHECKER_CONFIG names nightly.yaml."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qi_checker.web.settings")

application = get_wsgi_application()
