"""Settings of mozilla-django-oidc, from `web.oidc` in nightly.yaml and the discovery document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qi_checker.nightly.config import Secret
from qi_checker.nightly.load import Settings
from qi_checker.web.runtime import Runtime

ENDPOINTS = (
    "OIDC_OP_AUTHORIZATION_ENDPOINT",
    "OIDC_OP_TOKEN_ENDPOINT",
    "OIDC_OP_USER_ENDPOINT",
    "OIDC_OP_JWKS_ENDPOINT",
)
Passwords = Callable[[Secret, Settings, str], str | None]


def oidc_settings(run: Runtime, password: Passwords) -> dict[str, Any]:
    """Return settings for Django; {} without OpenID Connect.

    The endpoints are empty until the first sign-in (`oidc.discover`): an unavailable provider must
    not lock out local accounts.
    """
    oidc = run.web.oidc
    if oidc is None:
        return {}
    ca_file = str(run.settings.path(oidc.ca_file)) if oidc.ca_file is not None else True
    return {
        **dict.fromkeys(ENDPOINTS, ""),
        "OIDC_RP_CLIENT_ID": oidc.client_id,
        "OIDC_RP_CLIENT_SECRET": password(oidc, run.settings, "web.oidc"),
        "OIDC_RP_SCOPES": "openid profile",
        "OIDC_RP_SIGN_ALGO": "RS256",
        "OIDC_USE_PKCE": True,
        "OIDC_PKCE_CODE_CHALLENGE_METHOD": "S256",
        "OIDC_USE_NONCE": True,
        "OIDC_TOKEN_USE_BASIC_AUTH": True,
        "OIDC_VERIFY_SSL": ca_file,
        "OIDC_TIMEOUT": 10,
        "OIDC_MAX_STATES": 20,
        "OIDC_STORE_ID_TOKEN": False,
        "OIDC_STORE_ACCESS_TOKEN": False,
        "OIDC_AUTHENTICATION_CALLBACK_URL": "oidc_callback",
        "OIDC_AUTHENTICATE_CLASS": "qi_checker.web.oidc.Begin",
        "OIDC_CALLBACK_CLASS": "qi_checker.web.oidc.Callback",
        "OIDC_CREATE_USER": True,
        "LOGIN_REDIRECT_URL_FAILURE": "/sign-in?refused=1",
        "ALLOW_LOGOUT_GET_METHOD": False,
    }
