"""nightly.yaml: everything that is wrong is told at once, with its line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from qi_checker.errors import UserError
from qi_checker.nightly import database
from qi_checker.nightly.config import Nightly, Smtp, Store
from qi_checker.nightly.load import load_settings, settings_schema

GOOD = "site: site.yaml\ndata: data\nstate: state\n"
SMTP = "digest: {{from: a@h.example, recipients: {{lead: [b@h.example]}}, smtp: {{{}}}}}\n"


def problems(text: str, folder: Path, site: str = "timezone: UTC\n") -> list[str]:
    (folder / "site.yaml").write_text(site, encoding="utf-8")
    file = folder / "nightly.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as raised:
        load_settings(file)
    return [str(p).removeprefix(f"{folder}/") for p in raised.value.problems]


def test_everything_at_once(tmp_path: Path) -> None:
    text = (
        "site: site.yaml\ndata: data\nstat: state\nlock_wait: 3 weeks\npages: -1\n"
        "completeness: {imaging-CT: 50 %}\nstore: {password: x}\n"
        "digest: {from: me, recipients: {}, smtp: {host: a b, port: 70000, tls: ssl}}\n"
    )
    said = problems(text, tmp_path)
    assert [line.split(":")[1] for line in said] == [
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "8",
        "8",
        "8",
        "8",
    ]
    assert said[0].startswith("nightly.yaml:3:1: `stat` is not a key of the nightly job's settings")
    assert "Did you mean state?" in said[0]
    assert "`imaging-CT` is not a" in said[3]
    assert "Did you mean password_env?" in said[4]


@pytest.mark.parametrize("key", ["MRI booking desks", "mri booking desk"])
def test_a_recipient_that_is_nearly_a_desk(tmp_path: Path, key: str) -> None:
    """As a role it would get the actions of every desk."""
    text = f"digest: {{from: a@h.example, recipients: {{{key}: [b@h.example]}}}}\n"
    (line,) = problems(GOOD + text, tmp_path)
    assert line.startswith("nightly.yaml:")
    assert line.endswith("would get every action. Did you mean MRI booking desk?")


def test_problems_of_site_and_protocols_are_told_with_it(tmp_path: Path) -> None:
    said = problems(GOOD + "protocols: nowhere\n", tmp_path, site="timezone: Mars\n")
    assert said[0].startswith("site.yaml:1:11: `Mars` is not a time zone")
    assert "nowhere" in said[1]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            "store: {url: 'postgresql://a:secret@h/d'}\n",
            "the address of the store contains a password",
        ),
        ("store: {url: 'mysql://h/d'}\n", "this is not the address of a store"),
        ("store: {url: 'sqlite://h/d'}\n", "this is not the address of a store"),
        ("store: {url: 'postgresql://h:port/d'}\n", "this is not the address of a store"),
        ("store: {url: 'postgresql://[h/d'}\n", "this is not the address of a store"),
        ("store: {url: 'postgresql://h'}\n", "this is not the address of a store"),
        (SMTP.format("host: h, user: u"), "password_env or password_file is missing"),
        (SMTP.format("host: h, password_env: P"), "user is missing for the login"),
        (SMTP.format("host: h, user: u, password_env: P, tls: none"), "without encryption"),
        ("store: {password_env: A, password_file: b}\n", "the password is set twice"),
    ],
)
def test_what_the_keys_say_together(keys: str, expected: str, tmp_path: Path) -> None:
    said = problems(GOOD + keys, tmp_path)
    assert len(said) == 1 and said[0].startswith("nightly.yaml:4:") and expected in said[0]
    assert "secret" not in said[0]


def test_the_job_s_limits_go_before_those_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("{timezone: UTC, feeds: {imaging: 9 days, lab: 1 day}}")
    file = tmp_path / "nightly.yaml"
    file.write_text(GOOD + "freshness: {imaging: 2 days}\ncompleteness: {imaging.CT: 50 %}\n")
    found = load_settings(file)
    assert {k: str(v) for k, v in found.site.feeds.items()} == {"imaging": "2 days", "lab": "1 day"}
    assert found.site.completeness == {"imaging.CT": "50%"}
    assert found.status == tmp_path / "state" / "status.json"


def test_the_password_of_the_store_comes_from_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site.yaml").write_text("timezone: UTC\n")
    keys = "store: {url: 'postgresql://u@h:5433/d', password_env: QI_STORE}\n"
    (tmp_path / "nightly.yaml").write_text(GOOD + keys, encoding="utf-8")
    settings = load_settings(tmp_path / "nightly.yaml")
    monkeypatch.setenv("QI_STORE", "a@b/c")
    found = database.database(settings)
    assert (found.url, found.shown) == ("postgresql://u@h:5433/d", "postgresql://h:5433/d")
    assert found.settings()["PASSWORD"] == "a@b/c"
    monkeypatch.delenv("QI_STORE")
    with pytest.raises(UserError, match="the environment variable QI_STORE is not set"):
        database.database(settings)


@pytest.mark.parametrize(
    "name", ["a#1", "a?b=c", "a%41", "a b", "a&b;c", "a'\"b", "a@b:c", "[a]*", "ä"]
)
def test_a_path_is_a_path_and_no_part_of_an_address(name: str, tmp_path: Path) -> None:
    """Two folders whose names differ behind a `#` have two stores, each where it was said."""
    for folder in (name, f"{name}2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "site.yaml").write_text("timezone: UTC\n")
        for url in ("", f"store: {{url: {json.dumps(f'sqlite:///other/{name}.db')}}}\n"):
            file = tmp_path / folder / "nightly.yaml"
            file.write_text(GOOD.replace("state: state", "state: .") + url, encoding="utf-8")
            database.opened(load_settings(file)).close()
    made = {
        str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.suffix in (".db", ".sqlite3")
    }
    folders = (name, f"{name}2")
    assert made == {
        f"{f}/{file}" for f in folders for file in ("store.sqlite3", f"other/{name}.db")
    }


def test_the_schema_accepts_what_is_accepted() -> None:
    schema = settings_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    check.validate(yaml.safe_load(GOOD + SMTP.format("host: h, tls: implicit, port: 465")))
    for wrong in ("stat: x\n", "pages: -1\n", "freshness: {imaging: soon}\n", "data: 1\n"):
        assert list(check.iter_errors(yaml.safe_load(GOOD + wrong))), wrong
    assert [k for k, v in schema["properties"].items() if "description" not in v] == []
    for model in (schema, *schema["$defs"].values()):
        for value in model["properties"].values():
            if "default" in value:
                part = {**value, "$defs": schema["$defs"]}
                jsonschema.Draft202012Validator(part).validate(value["default"])


def test_the_settings_of_the_documentation_load_and_every_key_is_explained(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "nightly.md").read_text("utf-8")
    shown, *_ = re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "site.yaml").write_text("timezone: UTC\n")
    (tmp_path / "nightly.yaml").write_text(shown, encoding="utf-8")
    found = load_settings(tmp_path / "nightly.yaml")
    assert found.state == Path("/var/lib/qi-checker")
    keys = [*Nightly.model_fields, *Smtp.model_fields, *Store.model_fields, "from", "recipients"]
    assert [k for k in keys if not re.search(rf"\b{k}\b", page)] == []
