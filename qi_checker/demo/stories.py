"""Ways a requirement can turn out for a case: one function for each situation in a hospital.

The name of a story says what went right or wrong; docs/evaluation.md defines the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from qi_checker.demo.ledger import (
    AS_OF,
    BIOPSY_CT,
    CHEST_CT,
    PET_CT,
    RECTAL_MRI,
    SCANS,
    Case,
    Hospital,
    Study,
)

# Days from scan to surgery: median about 20, as in the standardised group of the index paper,
# whose range was 1 to 98.
IN_TIME = ((0.0, 1), (0.1, 6), (0.5, 19), (0.85, 27), (1.0, 30))
TOO_OLD = ((0.0, 31), (0.5, 40), (0.8, 62), (1.0, 98))


def _study(h: Hospital, name: str) -> Study:
    # The last of each group is the rare one for which the protocol gives advice.
    studies = SCANS[name]
    return studies[-1] if h.chance.one_in(0.06) else h.chance.pick(studies[:-1])


def _in_window(h: Hospital, case: Case) -> date:
    """Return a day inside the window that is not in the future."""
    if case.lead <= 0:
        return case.back(h.chance.along(IN_TIME))
    return case.back(h.chance.between(case.lead, 30))


def in_window(h: Hospital, case: Case, name: str) -> None:
    study = _study(h, name)
    if h.chance.one_in(0.1):  # a source that delivers only the procedure code
        study = replace(study, modality="", region="")
    outside = {"provenance": "external"} if h.chance.one_in(0.12) else {}
    h.scan(case, study, _in_window(h, case), **outside)


def on_the_last_day(h: Hospital, case: Case, name: str) -> None:
    h.scan(case, _study(h, name), case.back(30))


def too_old(h: Hospital, case: Case, name: str) -> None:
    days = h.chance.along(TOO_OLD)
    h.scan(case, _study(h, name), case.back(max(days, case.lead)))


def a_day_too_old(h: Hospital, case: Case, name: str) -> None:
    h.scan(case, _study(h, name), case.back(31))


def much_too_old(h: Hospital, case: Case, name: str) -> None:
    h.scan(case, _study(h, name), case.back(98))


def never(h: Hospital, case: Case, name: str) -> None:
    """Nothing was ordered."""


def ordered(h: Hospital, case: Case, name: str) -> None:
    day = min(case.back(h.chance.between(12, 20)), AS_OF)
    h.scan(case, _study(h, name), day, status="ordered", at="")


def booked(h: Hospital, case: Case, name: str) -> None:
    first = max(AS_OF + timedelta(days=1), case.back(29))
    h.scan(
        case,
        _study(h, name),
        first + timedelta(days=h.chance.between(0, (case.day - first).days - 1)),
    )


def booked_early(h: Hospital, case: Case, name: str) -> None:
    """Booked for the originally planned date of surgery."""
    h.scan(case, _study(h, name), case.back(h.chance.between(33, case.lead - 1)))


def booked_late(h: Hospital, case: Case, name: str) -> None:
    h.scan(case, _study(h, name), max(case.day, AS_OF) + timedelta(days=6))


def booking_passed(h: Hospital, case: Case, name: str) -> None:
    h.scan(case, _study(h, name), _in_window(h, case) - timedelta(days=1), status="booked")


def cancelled(h: Hospital, case: Case, name: str) -> None:
    h.scan(case, _study(h, name), _in_window(h, case), status="cancelled")


def broken_off(h: Hospital, case: Case, name: str) -> None:
    """The study was broken off; the system still closed it as completed."""
    study = replace(_study(h, name), codes="DCM:110515")
    h.scan(case, study, _in_window(h, case))


def wrong_region(h: Hospital, case: Case, name: str) -> None:
    study = RECTAL_MRI if name == "mri" else CHEST_CT
    h.scan(case, replace(study, codes=""), _in_window(h, case))


def excluded_code(h: Hospital, case: Case, name: str) -> None:
    study = RECTAL_MRI if name == "mri" else BIOPSY_CT
    h.scan(case, study, _in_window(h, case))


def pet_ct(h: Hospital, case: Case, name: str) -> None:
    h.scan(case, PET_CT, _in_window(h, case))


def after_surgery(h: Hospital, case: Case, name: str) -> None:
    h.scan(case, _study(h, name), case.day, at=f"{case.day.isoformat()}T16:40")


def untimed(h: Hospital, case: Case, name: str) -> None:
    h.scan(case, _study(h, name), case.day, at=case.day.isoformat())


def month_only(h: Hospital, case: Case, name: str) -> None:
    """An outside study in the month in which the window opens, day unknown."""
    opens = case.back(30)
    day = opens if opens.day > 1 else case.day
    h.scan(case, _study(h, name), opens, at=f"{day:%Y-%m}", provenance="external")


def unmapped(h: Hospital, case: Case, name: str) -> None:
    study = replace(_study(h, name), region="", codes="")
    h.scan(case, study, _in_window(h, case))


def undated(h: Hospital, case: Case, name: str) -> None:
    """Known only from the referral letter."""
    letter = {"at": "", "provenance": "external", "ordered_at": ""}
    h.scan(case, _study(h, name), _in_window(h, case), **letter)


def unreadable(h: Hospital, case: Case, name: str) -> None:
    day = _in_window(h, case)
    h.scan(case, _study(h, name), day, at=f"{day:%d/%m/%Y}")


_LATE = 4  # every fourth exception is requested after surgery


def exempt(h: Hospital, case: Case, name: str) -> None:
    start = min(case.back(h.chance.between(8, 25)), AS_OF)
    unsuitable = "contraindication-mri" if name == "mri" else "contraindication-contrast"
    reason = h.chance.pick((unsuitable, "patient-declined", "alternative-imaging"))
    entry = {"reason": reason}
    requested_on = case.day + timedelta(days=2)
    if requested_on < AS_OF and len(h.exceptions) % _LATE == 0:
        entry |= dict.fromkeys(
            ("requested_at", "approved_at", "recorded_at"), requested_on.isoformat()
        )
    h.exception(case.case_id, name, start, **entry)


Story = Callable[[Hospital, Case, str], None]
Pair = tuple[Story, Story]  # of the CT, of the MRI

# Number of past cases per pair of stories; all others have both scans in time.
PAST: tuple[tuple[int, Pair], ...] = (
    (5, (in_window, too_old)),
    (2, (too_old, in_window)),
    (1, (too_old, too_old)),
    (1, (in_window, a_day_too_old)),
    (1, (in_window, much_too_old)),
    (2, (in_window, on_the_last_day)),
    (2, (in_window, never)),
    (1, (never, never)),
    (1, (in_window, ordered)),
    (1, (in_window, booking_passed)),
    (1, (in_window, booked_late)),
    (1, (in_window, cancelled)),
    (1, (in_window, broken_off)),
    (1, (in_window, wrong_region)),
    (1, (wrong_region, in_window)),
    (1, (in_window, excluded_code)),
    (1, (excluded_code, in_window)),
    (1, (pet_ct, in_window)),
    (1, (in_window, after_surgery)),
    (1, (untimed, in_window)),
    (2, (in_window, month_only)),
    (2, (in_window, unmapped)),
    (1, (undated, in_window)),
    (1, (in_window, undated)),
    (1, (in_window, unreadable)),
    (6, (in_window, exempt)),
    (1, (exempt, in_window)),
)
# Stories of upcoming cases with an open window, in calendar order, repeated.
SOON: tuple[Pair, ...] = (
    (in_window, in_window),
    (in_window, booked),
    (too_old, in_window),
    (in_window, never),
    (in_window, ordered),
    (booked, booked),
    (in_window, booking_passed),
    (in_window, in_window),
    (in_window, cancelled),
    (in_window, wrong_region),
    (pet_ct, booked),
    (in_window, booked_late),
    (excluded_code, in_window),
    (in_window, unmapped),
    (in_window, exempt),
    (booked, booked),
    (in_window, undated),
    (broken_off, booked),
    (in_window, month_only),
    (exempt, booked),
)
# Stories of upcoming cases before the window opens.
LATER: tuple[Pair, ...] = (
    (booked, booked),
    (never, never),
    (booked, ordered),
    (booked_early, booked),
    (ordered, never),
    (booked, booked),
    (booked, never),
)
