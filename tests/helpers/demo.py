"""What the made-up hospital shows, and what it cannot."""

from __future__ import annotations

from qi_checker.protocol.vocabulary import Reason

# What the liver protocol does not ask for, and what needs a site's feeds or an earlier night.
NOT_FROM_DATA = {
    Reason.EVALUATION_ERROR,
    Reason.FEED_STALE,
    Reason.EXPIRED_BY_RESCHEDULE,
    Reason.TOO_EARLY,
    Reason.TOO_LATE,
    Reason.WRONG_PROVENANCE,
    Reason.WRONG_VALUE,
    Reason.TOO_FEW,
    Reason.TOO_CLOSE,
    Reason.EVENT_BETWEEN,
    Reason.BETWEEN_UNKNOWN,
    Reason.NONE_FOUND,
    Reason.FORBIDDEN_EVENT,
    Reason.NO_SUCH_RECORDS,
    Reason.UNTIMED,
    Reason.UNDATED,
    Reason.ANCHOR_UNKNOWN,
    Reason.CONDITION_NOT_MET,
    Reason.CONDITION_UNKNOWN,
}
