"""One screen a night: order, size, ids only; as text, page and mail."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from qi_checker.digest.contents import digest, of_desk
from qi_checker.digest.mail import Envelope, digest_html, digest_mail
from qi_checker.digest.screen import subject
from qi_checker.digest.snapshot import Snapshot
from qi_checker.digest.text import digest_text
from qi_checker.engines.duckdb import evaluate
from qi_checker.errors import UserError
from qi_checker.protocol.as_of import AsOf
from qi_checker.sources.memory import from_rows
from tests.helpers.digests import night
from tests.helpers.folders import SITE
from tests.helpers.pages import as_read
from tests.helpers.protocols import liver
from tests.helpers.records import case, event, exception
from tests.helpers.snapshots import NIGHT_1, NIGHT_2, audit, found, line, snapshot_of

WIDE = "患者番号"


def test_an_empty_digest_is_still_one() -> None:
    cases = tuple(line(f"C{i}", "2026-03-05") for i in range(12))
    findings = [found(f"C{i}", status="booked", reason="booked_in_window") for i in range(12)]
    quiet = audit(*findings, as_of=NIGHT_2, cases=cases)
    watched = Snapshot.from_rows(
        {**quiet.manifest, "site": {"feeds": {"imaging": 3}}}, findings, cases
    )
    assert digest_text(digest(watched, watched)).splitlines()[0] == (
        "No action now, 12 checked, feeds fresh."
    )
    assert "feeds not watched" in digest_text(digest(quiet))
    assert digest_text(digest(audit())).splitlines()[1].startswith("Sun 1 Mar 2026")


def test_the_order_is_that_of_urgency() -> None:
    text = digest_text(night())
    heads = [
        text.index(f"\n{word}") for word in ("Feeds (", "To do (", "New since", "Changed since")
    ]
    assert heads == sorted(heads)
    assert "feeds failed, 1 action for 1 operation now, 3 checked, 1 new" in text.lower()
    assert "  Book an MRI between 2026-03-02 and 2026-03-12\n" in text
    assert "    until Thu 5 Mar (3 days); R000, surgery Thu 12 Mar; MRI desk\n" in text


def test_a_desk_reads_its_own_actions_only() -> None:
    whole = night(3, 2)
    assert {line.owner for line in whole.at_risk} == {"MRI desk"}
    mine, other = of_desk(whole, "MRI desk", ["mri"]), of_desk(whole, "CT desk", ["ct"])
    assert mine.at_risk == whole.at_risk and mine.now == 3
    assert subject(mine).startswith("MRI desk: ")
    assert (other.at_risk, other.now, other.cusum) == ((), 0, "")
    assert "no action now" in subject(other)
    assert other.feeds == whole.feeds, "what is wrong with the records concerns everybody"


def test_an_exception_to_be_reconfirmed_is_listed_and_counted() -> None:
    said = [
        f"C{n:02} ct: qi-{n} was for surgery on 2026-03-11, now on 2026-03-25." for n in range(9)
    ]
    text = digest_text(digest(audit(as_of=NIGHT_2), reconfirm=said))
    assert "9 to reconfirm" in text.splitlines()[0]
    assert f"Needs reconfirmation (9)\n  {said[0]}\n" in text
    assert "reconfirm" not in digest_text(digest(audit(as_of=NIGHT_2))).lower()
    page = digest_html(digest(audit(as_of=NIGHT_2), reconfirm=said))
    assert as_read(said[8]) in " ".join(_Page(page).text.split())


def test_what_the_store_gave_is_no_feed_that_broke_off() -> None:
    """Exceptions of the store become fewer when they are refused or purged: nothing was not delivered."""

    def with_files(*files: tuple[str, int]) -> Snapshot:
        base = audit(as_of=NIGHT_2)
        lines = [{"table": "exceptions", "file": file, "read": read} for file, read in files]
        return Snapshot.from_rows(
            {**base.manifest, "data": {"sha256": "d", "files": lines}}, [], []
        )

    delivered = ("exceptions.csv", 4)
    assert digest(with_files(delivered), with_files(delivered, ("the store", 9))).feeds == ()
    assert digest(with_files(), with_files(("the store", 9))).feeds == ()
    assert digest(with_files(("the store", 9)), with_files(delivered)).feeds == (
        "exceptions: no longer delivered.",
    )


def test_both_dates_of_a_moved_surgery_are_there() -> None:
    before = audit(found(status="met", reason="in_window", event_id="E1"))
    now = audit(
        found(status="expired", reason="too_old", event_id="E1"), surgery="2026-04-20", data="d2"
    )
    text = digest_text(digest(now, before))
    assert ("C1 mri: met → expired (flipped by a move: surgery Fri 20 Mar → Mon 20 Apr)") in text


def test_a_requirement_has_its_title_and_code_has_no_backticks() -> None:
    """An audit of an earlier version has no titles; then the id is shown."""
    before = audit(found(status="met", reason="in_window", event_id="E1"))
    gone = audit(found(status="unknown", reason="feed_stale"), data="d2")
    titles = {"titles": {"mri": "MRI of the liver"}}
    now = Snapshot.from_rows(
        {**gone.manifest, **titles},
        [vars(f) for f in gone.findings.values()],
        [vars(c) for c in gone.cases.values()],
    )
    check = ("Map the word: `words` of kind in mapping.yaml, or `<b>`.",)
    text, page = (
        show(digest(now, before, plausibility=check)) for show in (digest_text, digest_html)
    )
    for shown in (text, page):
        assert "C1 MRI of the liver: met → unknown" in shown
        assert "MRI of the liver: source too old" in shown and "`" not in shown
    assert "<code>words</code> of kind" in page and "<code>&lt;b&gt;</code>" in page
    assert "Map the word: words of kind" in text
    assert "C1 mri: met → unknown" in digest_text(digest(gone, before))


def test_a_last_day_is_said_in_words_and_data_problems_in_one_line() -> None:
    """Overdue, today, ahead; the reason of the finding is in the page."""
    days = {"R1": "2026-03-01", "R2": "2026-03-02", "R3": "2026-03-03"}
    more = {"next_action": "Order the MRI", "verdict": "action_needed", "owner": "Clinic"}
    cases = tuple(line(i, "2026-03-12", act_by=day, **more) for i, day in days.items())
    made = audit(as_of=NIGHT_2, cases=cases)
    manifest = {**made.manifest, "problems": ["a lost row", "another lost row"]}
    shown = digest(Snapshot.from_rows(manifest, [], [vars(c) for c in made.cases.values()]))
    text, page = digest_text(shown), digest_html(shown)
    for said in ("Sun 1 Mar (1 day overdue)", "Mon 2 Mar (today)", "Tue 3 Mar (1 day)"):
        assert f"until {said}" in text and f"Until {said}" in page
    assert "\n2 data problems may change this list: see the report.\n" in text
    assert "2 data problems may change this list" in page and "lost row" not in text + page


def test_a_trend_that_changed_and_a_feed_that_broke_off() -> None:
    now = audit(found(status="met", reason="in_window"))
    files = [{"table": "events", "read": 100}, {"table": "exceptions", "read": 3}]
    data = {"sha256": "d0", "files": files}
    before = Snapshot.from_rows({**now.manifest, "data": data}, [], [])
    less = {"sha256": "d1", "files": [{"table": "events", "read": 40}]}
    tonight = Snapshot.from_rows({**now.manifest, "data": less}, [], [])
    text = digest_text(digest(tonight, before, cusum="CUSUM: worse than the baseline."))
    assert "events: 40 rows, 100 in the earlier audit." in text
    assert "exceptions: no longer delivered." in text
    assert "CUSUM: worse than the baseline." in text
    assert subject(digest(tonight, before, cusum="x")).startswith("feeds failed, no action now")


@settings(max_examples=60, deadline=None)
@given(cases=st.integers(0, 40), changed=st.integers(0, 40))
def test_it_is_one_screen_and_says_how_many_more(cases: int, changed: int) -> None:
    made = night(cases, changed)
    lines = digest_text(made).splitlines()
    assert len(lines) <= 24 and max(map(cell_len, lines)) <= 78
    shown = sum(text.startswith("    until Thu 5 Mar") for text in lines)
    head = next((text for text in lines if text.startswith("To do (")), "To do (0)")
    counted = head[len("To do (") : -1].split(", ")
    assert int(counted[0]) == cases
    assert counted[1:] == ([f"{shown} shown"] if shown < cases else [])
    assert not cases or shown


@pytest.mark.parametrize("columns", [1, 20, 40, 60])
def test_a_narrow_terminal_folds_and_loses_nothing(columns: int) -> None:
    whole, narrow = digest_text(night(3, 3)), digest_text(night(3, 3), columns)
    assert narrow.split() == whole.split() or columns <= 20
    assert "".join(narrow.split()) == "".join(whole.split())
    assert max(map(cell_len, narrow.splitlines())) <= max(columns, 20)


def test_wide_characters_and_escape_sequences() -> None:
    name = f"{WIDE * 30}\x1b[31m\nSubject: x"
    night_ = audit(
        found(name, status="missing", reason="never_ordered"),
        as_of=NIGHT_2,
        cases=(line(name, "2026-03-05", verdict="not_compliant"),),
    )
    lines = digest_text(digest(night_, audit())).splitlines()
    assert max(map(cell_len, lines)) <= 78
    assert not any(set(text) & {"\x1b", "\n", "\t"} for text in lines)
    assert any(WIDE in text for text in lines)


class _Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_tables_with_the_style_inside() -> None:
    html = digest_html(night(3, 3))
    page = _Page(html)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"img", "svg", "a", "link", "script", "iframe", "object"}
    (kept,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    rules = re.findall(r"(@[a-z]+ ?[a-z]*) \{", kept)
    assert rules == ["@page", "@media print"] and kept.startswith("@page"), "for paper only"
    assert all("style" in given for tag, given in page.tags if tag in ("td", "th", "h1", "table"))
    assert not any({"src", "href", "background"} & set(given) for _, given in page.tags)
    for word in ("R000", "Until Thu 5 Mar (3 days)", "N000", "S002"):
        assert word in page.text


def test_texts_are_escaped() -> None:
    night_ = audit(
        found("<b>C</b>", status="missing", reason="never_ordered"),
        as_of=NIGHT_2,
        cases=(line("<b>C</b>", "2026-03-05", verdict="not_compliant"),),
    )
    assert "<b>" not in digest_html(digest(night_, audit()))


GIVEN = Envelope(
    "qi@example.org",
    ("a@example.org", "b@example.org"),
    "<night-1@example.org>",
    "=_part",
    dt.datetime(2026, 3, 2, 5, 0, tzinfo=dt.UTC),
)


def test_the_mail_is_text_first_then_a_page() -> None:
    made = night(2, 2)
    raw = digest_mail(made, GIVEN)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert (mail["From"], mail["To"]) == ("qi@example.org", "a@example.org, b@example.org")
    assert mail["Message-ID"] == "<night-1@example.org>" and mail.get_boundary() == "=_part"
    assert mail["Subject"] == subject(made)
    text, page = (part.get_content() for part in mail.iter_parts())
    assert text.replace("\r\n", "\n") == digest_text(made)
    assert page.replace("\r\n", "\n").strip() == digest_html(made).strip()
    assert max(len(row) for row in raw.split(b"\r\n")) <= 78


def test_the_mail_is_the_same_twice_and_another_one_tomorrow() -> None:
    assert digest_mail(night(), GIVEN) == digest_mail(night(), GIVEN)
    draft = digest_mail(night())
    assert draft == digest_mail(night()) and draft != digest_mail(night(2))
    ids = [email.message_from_bytes(digest_mail(night(i)))["Message-ID"] for i in (1, 2)]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": "a@b.c\r\nBcc: x@y.z"},
        {"recipients": ("a@b.c\nBcc: x@y.z",)},
        {"recipients": ("",)},
        {"message_id": "<a@b>\r\nX: y"},
        {"boundary": 'x"\r\nX: y'},
        {"sender": "a@b.c, d@e.f"},
        {"sender": "no address"},
    ],
)
def test_no_header_can_be_put_in(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="is not possible in a mail"):
        digest_mail(night(), Envelope(**wrong))


def test_a_title_cannot_put_a_header_in() -> None:
    now = audit(found(status="met", reason="in_window"))
    protocol = {**now.manifest["protocol"], "id": "x\r\nBcc: y@z.org", "title": "t\nSubject: u"}
    made = digest(Snapshot.from_rows({**now.manifest, "protocol": protocol}, [], []))
    mail = email.message_from_bytes(digest_mail(made), policy=email.policy.default)
    assert mail["Bcc"] is None and len(mail.get_all("Subject") or ()) == 1


def test_no_value_of_a_patient_is_in_it() -> None:
    """Everything that could identify somebody is in the records; the digest has the id only."""
    who = {"patient_id": "MRN-778899"}
    text = "JANE ROE 1950-01-02 MRI liver"
    tables = {
        "cases": [
            case("C1", "2026-03-05", status="scheduled", surgeon="Dr Zebra", site="Ward 9", **who)
        ],
        "events": [
            event("2026-01-01", "EVT-4711", description=text, modality="MR", region="liver", **who)
        ],
        "exceptions": [exception(note="Roe declined", requested_by="Dr Yak", approved_by="")],
    }
    records = from_rows(tables)
    evaluation = evaluate(liver(), records, AsOf.parse(NIGHT_2), SITE)
    now = snapshot_of(evaluation)
    made = digest(now, Snapshot.from_rows({**now.manifest, "as_of": NIGHT_1}, [], []))
    mail = digest_mail(made)
    parts = email.message_from_bytes(mail, policy=email.policy.default)
    shown = digest_text(made) + digest_html(made) + str(parts)
    assert "C1" in shown and "C1" not in subject(made)
    for secret in ("MRN", "778899", "ROE", "Roe", "1950", "Zebra", "Ward 9", "Yak", "EVT", "4711"):
        assert secret not in shown
