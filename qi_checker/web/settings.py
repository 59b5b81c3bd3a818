"""Settings of Django. They come from nightly.yaml; there is no second place to set anything."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from qi_checker.errors import Problem, UserError
from qi_checker.nightly.config import seconds
from qi_checker.nightly.database import database
from qi_checker.nightly.load import password
from qi_checker.store.database import APPS
from qi_checker.web.oidc_settings import oidc_settings
from qi_checker.web.runtime import runtime

_run = runtime()
_host = urlsplit(_run.web.url)


def _secret_key() -> str:
    """Return the key of the site, created at the first start and readable only by the service."""
    named = _run.web.key_file
    path = _run.settings.path(named) if named else _run.settings.state / "web.key"
    try:
        if named is None and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        why = (error.strerror or "it cannot be read").lower()
        raise UserError(Problem("web.key_file", f"{path}: {why}")) from None
    if len(key) < 32:
        advice = "Write at least 32 random characters into it"
        raise UserError(Problem("web.key_file", f"{path} holds too short a key", "", advice))
    return key


SECRET_KEY = _secret_key()
DEBUG = False
ALLOWED_HOSTS = [_host.hostname or ""]
ROOT_URLCONF = "qi_checker.web.urls"
WSGI_APPLICATION = "qi_checker.web.wsgi.application"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = _run.settings.site.timezone
USE_I18N = True
LANGUAGE_CODE = _run.web.language
LANGUAGES = (("en", "English"), ("fr", "Français"))

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "axes",
    "csp",
    *APPS,
    "qi_checker.web.apps.WebConfig",
]

# Two writers wait for each other for a moment only: then a page says that the night is being
# stored.
DATABASES = {"default": replace(database(_run.settings), wait=1).settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": None}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "qi_checker.web.static.Static",
    "qi_checker.web.middleware.policy",
    "qi_checker.web.middleware.headers",
    "qi_checker.web.trouble.Trouble",
    "qi_checker.web.middleware.characters",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "qi_checker.web.middleware.account",
    "qi_checker.web.middleware.session",
    "qi_checker.web.i18n.language",
    "qi_checker.web.middleware.guard",
    "axes.middleware.AxesMiddleware",
]

# ---- who somebody is ----------------------------------------------------------------------------

AUTH_USER_MODEL = "qi_web.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("login", "name")},
    },
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    *(["qi_checker.web.accounts.LocalAccounts"] if _run.web.local_accounts else []),
    *(["qi_checker.web.oidc.Backend"] if _run.web.oidc is not None else []),
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in"

# A name is locked after five wrong passwords, from any address, for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "qi_checker.web.accounts.tried"
AXES_LOCKOUT_CALLABLE = "qi_checker.web.signin.locked"
AXES_CLIENT_IP_CALLABLE = "qi_checker.web.middleware.client_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_SENSITIVE_PARAMETERS = ["login", "password"]

globals().update(oidc_settings(_run, password))

# ---- cookies and headers ------------------------------------------------------------------------

_prefix = "__Host-" if _run.secure else "qi_"
SESSION_ENGINE = "qi_checker.web.sessions"
SESSION_COOKIE_NAME = f"{_prefix}session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _run.secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"  # Strict breaks the way back from OIDC
SESSION_COOKIE_AGE = int(seconds(_run.web.longest))
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = f"{_prefix}csrf"
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "qi_checker.web.trouble.csrf_failed"
CSRF_TRUSTED_ORIGINS = [_run.web.url.rstrip("/")]
if _run.secure and _run.web.proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if _run.secure else 0
SECURE_SSL_REDIRECT = False  # the proxy does this; the application is behind it
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # with `no-referrer` browsers send `Origin: null`
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 200_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 0  # nothing is uploaded
FILE_UPLOAD_HANDLERS: list[str] = []
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# No value of a request is logged: trouble.py writes the failure, its place in the program, and a
# number. Django would print addresses and traces, the client of OIDC complete responses of the
# provider.
_silent = {"handlers": ["nowhere"], "propagate": False}
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "loggers": dict.fromkeys(("django", "axes", "mozilla_django_oidc", "urllib3"), _silent),
}
