"""The digest of a night: as files, as messages in the outbox, and sent to the mail server.

It lists the changes since the last reported night, not since the last stored night: if a run was
killed before it reported anything, the next run does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from qi_checker.cases.evaluated import actions_in
from qi_checker.digest.changes import Kind
from qi_checker.digest.contents import Digest, digest, of_desk
from qi_checker.digest.mail import Envelope, digest_html, digest_mail
from qi_checker.digest.snapshot import Snapshot
from qi_checker.digest.text import digest_text
from qi_checker.digest.tonight import tonight
from qi_checker.engines.duckdb import Evaluation
from qi_checker.errors import Problem, UserError
from qi_checker.nightly.config import seconds
from qi_checker.nightly.load import Settings, password
from qi_checker.nightly.moments import moment
from qi_checker.nightly.outbox import Outbox, prefix_of
from qi_checker.nightly.smtp import Delivery, Server, deliver
from qi_checker.protocol.as_of import AsOf
from qi_checker.protocol.bundle import Bundle
from qi_checker.protocol.plausible_findings import Refused
from qi_checker.render.atomic import refused, sweep_parts, write_file
from qi_checker.store import Night, Store


@dataclass(frozen=True)
class Ready:
    """A digest, and its run."""

    protocol: str
    run: int
    digest: Digest
    mark: str = ""  # set if it is not the digest of that run itself


@dataclass
class Digests:
    """Collects the digests of a night; then writes and sends them."""

    settings: Settings
    box: Outbox
    ready: list[Ready] = field(default_factory=list)
    since: dict[str, int | None] = field(default_factory=dict)  # by protocol: the run before
    foot: str = ""  # the last line of every mail

    @property
    def _reported_file(self) -> Path:
        return self.settings.state / "told.json"

    def prepare(
        self,
        store: Store,
        evaluation: Evaluation,
        night: Night,
        run: int,
        late_feeds: Sequence[str],
        reconfirm: Sequence[str] = (),
    ) -> None:
        """Make the digest of a protocol. `late_feeds` are sentences, which come first in it.

        `reconfirm` are sentences, too: exceptions approved before the date of surgery was moved.
        """
        ask = partial(digest, feed_failures=late_feeds, reconfirm=reconfirm)
        since = self._since(store, night.protocol, run)
        self.since[night.protocol] = since
        verdicts = night.manifest["verdicts"]
        if since is None:
            ready = ask(tonight(evaluation, night.manifest), verdicts=verdicts)
        elif since == store.base(run):
            # The usual night: the store has already compared it with this one.
            before = Snapshot(store.manifest(since), {}, {})
            now = tonight(evaluation, night.manifest)
            ready = ask(now, before, known=store.changes(run), verdicts=verdicts)
        else:
            rows = store.findings(since), store.cases(since)
            before = Snapshot.from_rows(store.manifest(since), *rows, where=f"run {since}")
            actions = (action.row for action in actions_in(evaluation))
            found_now = evaluation.findings(), evaluation.cases()
            now = Snapshot.from_rows(night.manifest, *found_now, actions=actions)
            earlier = self._once_solved(store, night.protocol, run)
            ready = ask(now, before, earlier=earlier)
        self.ready.append(Ready(night.protocol, run, ready))

    def refused(self, store: Store, as_of: AsOf, error: Refused) -> None:
        """Make the digests of a night whose records were refused: the last list, and its age."""
        for bundle in self.settings.bundles:
            name = bundle.protocol.id
            last = store.latest(name)
            if last is None:
                continue
            run = last.run_id
            rows = store.findings(run), store.cases(run)
            now = Snapshot.from_rows(store.manifest(run), *rows, where=f"run {run}")
            messages = [finding.message for finding in error.findings]
            old_digest = digest(now, refused=str(as_of), plausibility=messages)
            self.ready.append(Ready(name, run, old_digest, f"refused-{as_of.date}-"))

    def _since(self, store: Store, protocol: str, run: int) -> int | None:
        """Return the last reported night, else the night before this one."""
        reported = self._read_reported().get(protocol, {})
        kept = {r.run_id: (moment(r.as_of), r.run_id) for r in store.runs(protocol)}
        kept = {number: key for number, key in kept.items() if number < run and key <= kept[run]}
        # A repeated night is reported as it was the first time.
        number = reported.get("since") if reported.get("run") == run else reported.get("run")
        return number if number in kept else max(kept, key=lambda n: kept[n], default=None)

    def _once_solved(self, store: Store, protocol: str, run: int) -> set[tuple[str, str]]:
        """Return what the nights since then call reopened; the store knows earlier problems."""
        since = self.since[protocol] or 0
        runs = [r.run_id for r in store.runs(protocol) if since < r.run_id <= run]
        return {
            (change.case_id, change.requirement)
            for number in runs
            for change in store.changes(number)
            if change.kind is Kind.REOPENED
        }

    def _read_reported(self) -> dict[str, dict[str, int | None]]:
        try:
            found = json.loads(self._reported_file.read_text(encoding="utf-8"))
            return {
                name: {"run": reported["run"], "since": reported["since"]}
                for name, reported in found.items()
            }
        except (OSError, ValueError, AttributeError, KeyError, TypeError):
            return {}

    def queue(self, sent_at: datetime) -> None:
        """Queue messages in the outbox; then record what was reported."""
        try:
            reported = self._read_reported()
            for one in self.ready:
                self._queue(one, sent_at)
                if one.mark:
                    continue
                reported[one.protocol] = {"run": one.run, "since": self.since[one.protocol]}
            write_file(self._reported_file, (json.dumps(reported, indent=2) + "\n").encode())
        except OSError as error:
            raise refused(self.settings.state, error) from None

    def write(self) -> None:
        """Write the digests as files for people."""
        folder = self.settings.reports / "digest"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            sweep_parts(folder)
            for one in self.ready:
                write_file(folder / f"{one.protocol}.txt", digest_text(one.digest).encode())
                write_file(folder / f"{one.protocol}.html", digest_html(one.digest).encode())
                write_file(folder / f"{one.protocol}.eml", digest_mail(one.digest))
        except OSError as error:
            raise refused(folder, error) from None

    def _queue(self, one: Ready, sent_at: datetime) -> None:
        """Queue a message per recipient, with a name from the run and the address."""
        config = self.settings.config.digest
        if config is None or config.smtp is None:
            return
        host = config.sender.rpartition("@")[2]
        owners = owners_of(self.settings.bundles, one.protocol)
        every = set(owners_of(self.settings.bundles))
        for key, addresses in config.recipients.items():
            if key in every and key not in owners:
                continue  # a desk of another protocol
            content = of_desk(one.digest, key, owners[key]) if key in owners else one.digest
            for recipient in addresses:
                who = f"{one.protocol} {recipient.lower()}" + (
                    f" {content.desk}" if content.desk else ""
                )
                mark = hashlib.sha256(who.encode()).hexdigest()[:16]
                name = f"{prefix_of(one.run)}{one.mark}{mark}"
                message_id = f"<{name}@{host}>"
                envelope = Envelope(config.sender, (recipient,), message_id, "", sent_at, self.foot)
                self.box.add(f"{name}.eml", digest_mail(content, envelope))

    def send(self) -> Delivery | None:
        """Send the queue; return None without a mail server."""
        try:
            server = server_of(self.settings)
        except UserError as error:
            return Delivery(waiting=len(self.box.names("queued")), problem=error.problems[0])
        return deliver(self.box, server) if server is not None else None


def owners_of(bundles: Sequence[Bundle], protocol: str = "") -> dict[str, list[str]]:
    """Return the owners of one or all protocols, with the requirements that may need them."""
    owners: dict[str, list[str]] = {}
    for bundle in bundles:
        if protocol in ("", bundle.protocol.id):
            for leaf in (leaf for v in bundle.protocol.versions for leaf in v.leaves):
                for owner in leaf.owners:
                    owners.setdefault(owner, []).append(leaf.id)
    return owners


def server_of(settings: Settings) -> Server | None:
    """Return the mail server of the settings. Raise UserError if its password is missing."""
    config = settings.config.digest
    if config is None or config.smtp is None:
        return None
    smtp = config.smtp
    ca_file = settings.path(smtp.ca_file) if smtp.ca_file is not None else None
    if ca_file is not None and not ca_file.is_file():
        raise UserError(Problem("digest.smtp.ca_file", f"there is no {ca_file}"))
    secret = password(smtp, settings, "digest.smtp")
    return Server(smtp.host, smtp.port, smtp.tls, smtp.user, secret, ca_file, seconds(smtp.timeout))
