"""Identity providers for tests: our own that can lie, nanoidp, and the npm package
oidc-provider."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import requests
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.helpers.web import free_port

CLIENT, SECRET = "qi-checker", "a secret of the client"
Lie = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Provider:
    """A provider that signs any claims; `codes` are the issued ones."""

    port: int
    claims: dict[str, Any] = field(default_factory=dict)
    lie: Lie = field(default=dict)  # changes the claims before they are signed
    algorithm: str = "RS256"
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def token(self, request: dict[str, str]) -> str:
        """Return the ID token for an authorization request."""
        now = int(time.time())
        standard = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = self.lie(standard | {"nonce": request["nonce"]} | self.claims)
        if self.algorithm == "none":
            return jwt.encode(claims, None, algorithm="none", headers={"kid": "1"})
        return jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"kid": "1"})

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "1", "alg": "RS256", "use": "sig"}]}


@contextmanager
def provider() -> Iterator[Provider]:
    """Run a provider until the end of the block."""
    running = Provider(free_port())
    server = ThreadingHTTPServer(("127.0.0.1", running.port), _handler(running))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(of: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Log nothing."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {k: v[0] for k, v in parse_qs(parts.query).items()}
            if parts.path == "/.well-known/openid-configuration":
                names = {"authorization": "auth", "token": "token", "userinfo": "me"}
                endpoints = {f"{k}_endpoint": f"{of.issuer}/{v}" for k, v in names.items()}
                self._json({"issuer": of.issuer, "jwks_uri": f"{of.issuer}/keys", **endpoints})
            elif parts.path == "/keys":
                self._json(of.keys())
            elif parts.path == "/me":
                self._json(of.claims)
            elif parts.path == "/auth":
                of.requests.append(query)
                code = f"code-{len(of.requests)}"
                of.codes[code] = query
                back = urlencode({"code": code, "state": query["state"]})
                self.send_response(302)
                self.send_header("Location", f"{query['redirect_uri']}?{back}")
                self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {k: v[0] for k, v in parse_qs(body).items()}
            request = of.codes.pop(sent["code"], None)
            if request is None or "client_secret" in sent or "code_verifier" not in sent:
                return self._json({"error": "invalid_grant"}, 400)
            return self._json(
                {"id_token": of.token(request), "access_token": "x", "token_type": "Bearer"}
            )

        def _json(self, value: Any, status: int = 200) -> None:
            text = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    return Handler


@contextmanager
def nanoidp(folder: Path, users: dict[str, list[str]]) -> Iterator[str]:
    """Run nanoidp with these users and groups; the password is the name. Yield its issuer."""
    port = free_port()
    issuer = f"http://localhost:{port}"
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "config_version": 1,
        "server": {"host": "127.0.0.1", "port": port},
        "oauth": {
            "issuer": issuer,
            "audience": CLIENT,
            "clients": [{"client_id": CLIENT, "client_secret": SECRET}],
        },
    }
    people = {name: {"password": name, "groups": groups} for name, groups in users.items()}
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (folder / "users.yaml").write_text(
        yaml.safe_dump({"config_version": 1, "users": people}), encoding="utf-8"
    )
    command = [sys.executable, "-m", "nanoidp", "--config", str(folder), "--port", str(port)]
    with _running(command, folder, issuer):
        yield issuer


_NPM = """
import Provider from "oidc-provider";
const [port, redirect] = process.argv.slice(2);
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: "%s", client_secret: "%s", redirect_uris: [redirect] }],
  claims: { openid: ["sub", "groups"], profile: ["name"] },
  conformIdTokenClaims: false,
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, groups: [`qi-${id}`] }) }),
});
provider.listen(Number(port));
""" % (CLIENT, SECRET)  # noqa: UP031 - braces are JavaScript


@contextmanager
def npm_provider(folder: Path, redirect: str) -> Iterator[str]:
    """Run npm's oidc-provider; `QI_CHECKER_OIDC_PROVIDER` is a folder with its node_modules."""
    port = free_port()
    shutil.copytree(
        os.environ["QI_CHECKER_OIDC_PROVIDER"], folder, symlinks=True, dirs_exist_ok=True
    )
    (folder / "serve.mjs").write_text(_NPM, encoding="utf-8")
    issuer = f"http://localhost:{port}"
    with _running(["node", "serve.mjs", str(port), redirect], folder, issuer):
        yield issuer


@contextmanager
def _running(command: list[str], folder: Path, issuer: str) -> Iterator[None]:
    with (folder / "provider.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            for _ in range(200):
                try:
                    requests.get(f"{issuer}/.well-known/openid-configuration", timeout=5)
                    break
                except requests.RequestException:
                    time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait()
