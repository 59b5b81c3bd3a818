"""Which counts of a report are printed, and which are withheld: docs/small-numbers.md.

The choice is information for a reader who knows the program, so `tests/statistics` tries every small
report. A rule that reads the true numbers may open another gap than the one it closes; one that
reads only what would be printed cannot.
"""

from __future__ import annotations

from collections.abc import Mapping

from qi_checker.statistics.overlaps import Overlaps, whole_of
from qi_checker.statistics.small_numbers import Profile, Shown, is_small, nested, rounded


def shown_counts(counts: Mapping[str, int], profile: Profile) -> dict[str, Shown]:
    """Round or withhold each count, so that no group of cases can be derived from the output."""
    if profile.rounded_to:
        fits = {name: not is_small(value, profile) for name, value in counts.items()}
    else:
        plan = [name for name in counts if name.startswith("plan_change")]
        imaging = [name for name in counts if name not in plan]
        fits = {}
        for names in (imaging, ["eligible", *plan]):  # a changed plan reveals nothing about imaging
            numbers = [counts[name] for name in names]
            fits |= dict(zip(names, nested(numbers, profile), strict=True))
    fits = _without_low(counts, fits, profile)
    fits = _without_low(counts, _printable(counts, fits, profile), profile)
    fits = _without_lone_days(counts, fits, profile)
    return {
        name: Shown(rounded(value, profile)) if fits[name] else Shown(None, profile.mark)
        for name, value in counts.items()
    }


def _without_low(
    counts: Mapping[str, int], fits: Mapping[str, bool], profile: Profile
) -> dict[str, bool]:
    """Withhold low counts if any count is withheld.

    Numbers just above the limit leave too few possible values for those below it. Without this a
    group of one could be worked out: of 11 operations, none compliant, 5 with a CT and 5 with an MRI
    in time, both ultrasound and the number with any study withheld (`lt5`).
    """
    if all(fits.values()):
        return dict(fits)
    return {n: fit and not 0 < counts[n] <= profile.low for n, fit in fits.items()}


def _printable(
    counts: Mapping[str, int], wanted: Mapping[str, bool], profile: Profile
) -> dict[str, bool]:
    """Return which `wanted` counts can be printed together; earlier counts take precedence.

    A profile that rounds withholds only small counts: its numbers are already imprecise.
    """
    found = dict(wanted)
    if profile.rounded_to:
        return found
    overlaps = Overlaps(counts, profile)
    printed: frozenset[str] = frozenset()
    for name in overlaps.counts:
        if wanted[name] and overlaps.exposed(printed | {name}):
            found[name] = False
        elif wanted[name]:
            printed |= {name}
    for key in overlaps.keys:  # the same number under another name
        met, there = f"in_window.{key}", f"present.{key}"
        if there in found and counts[met] == counts[there]:
            found[there] = found[there] and found[met]
    for name in counts:
        twin = whole_of(name.partition(".")[2].removesuffix("/whole"))
        twin = twin if twin in overlaps.counts else "eligible"
        if name.endswith("/whole") and counts[name] == counts[twin]:
            found[name] = found[name] and found[twin]
    return found


def _without_lone_days(
    counts: Mapping[str, int], fits: Mapping[str, bool], profile: Profile
) -> dict[str, bool]:
    """Withhold so that `days` is neither the only printed count nor the only one to guess.

    This reads nothing but what would be printed, so reports can only become alike: unlike a change
    to the choice before, it cannot tell two of them apart. With `lt5` both kinds revealed a group.
    Of 14 operations only 9 with any study were printed, which the choice does only if one complied;
    of 16 none complied and 10 had each of three studies, days withheld, so two had exactly one.
    """
    found = dict(fits)
    kinds = [n for n in counts if n.startswith(("in_window.", "present.")) and "/" not in n]
    if "days" not in counts or not kinds or profile.rounded_to:
        return found
    others = {"eligible", "compliant", *kinds, *(f"{n}/whole" for n in kinds)} & counts.keys()
    if fits["days"]:
        found["days"] = any(fits[name] for name in kinds)
    elif all(fits[name] for name in others):
        values = Overlaps(counts, profile).values_of_days(frozenset(others))
        last = max(name.partition(".")[2] for name in kinds)
        if values <= 2 * profile.largest:
            found |= {name: False for name in kinds if name.partition(".")[2] == last}
    return found
