"""The French table of sentences: `protocol/english.py` says what each template is for.

No native reader has reviewed it yet; every French page of the web application says so. Titles come from
the protocol without an article, so templates name them and let nothing agree with them in gender.
"""

from __future__ import annotations

from datetime import date

from qi_checker.protocol.vocabulary import Reason

FOUND: dict[Reason, str] = {
    Reason.IN_WINDOW: "{title} du {event_date} : {distance} ; {limit}.{lasts}",
    Reason.EXCEPTED: "{title} : dérogation approuvée, valable jusqu’au {expires_on}{asked_late}.",
    Reason.BOOKED_IN_WINDOW: "{title} : rendez-vous le {event_date}, {distance} ; {limit}.{lasts}",
    Reason.PARTIAL_DATE: "{title} : la date n’est connue qu’en partie (à partir du {event_date}) ; {limit}.",
    Reason.SAME_DAY_UNTIMED: "{title} du {event_date} {side} : aucune heure utilisable.",
    Reason.UNMAPPED: "Un événement du {event_date} est peut-être : {title}, mais il manque : {unrecorded}.",
    Reason.EXTERNAL_UNDATED: "Un examen externe est peut-être : {title}, mais sa date d’acquisition est inconnue.",
    Reason.REJECTED_RECORD: "Une ligne rejetée est peut-être : {title} ; voir les lignes rejetées.",
    Reason.FEED_STALE: "{title} : la source a trop peu livré ces derniers temps pour qu’on puisse conclure.",
    Reason.NEVER_ORDERED: "{title} : rien n’est enregistré.",
    Reason.ORDERED_NOT_BOOKED: "{title} : demande faite, mais aucun rendez-vous.",
    Reason.BOOKED_OUTSIDE_WINDOW: "{title} : rendez-vous le {event_date}, hors de la fenêtre ({window}).",
    Reason.BOOKING_PASSED: "{title} : rendez-vous du {event_date} passé, mais rien n’indique qu’il a été honoré.",
    Reason.WINDOW_NOT_OPEN: "{title} : rien n’est enregistré ; la fenêtre s’ouvre le {window_opens}.",
    Reason.TOO_OLD: "{title} du {event_date} : {distance} ; {limit}. {excess}",
    Reason.AFTER_SURGERY: "{title} du {event_date} : pas avant l’opération du {anchor}.",
    Reason.TOO_EARLY: "{title} du {event_date} : {distance} ; {limit}. Trop tôt.",
    Reason.TOO_LATE: "{title} du {event_date} : {distance} ; {limit}. Trop tard.",
    Reason.CANCELLED: "{title} : la date du {event_date} a été annulée.",
    Reason.WRONG_REGION: "{title} : l’examen le plus proche, du {event_date}, ne montre pas la région demandée.",
    Reason.WRONG_MODALITY: "{title} : l’examen le plus proche, du {event_date}, est d’une modalité qui ne compte pas.",
    Reason.EXCLUDED_CODE: "{title} : l’examen le plus proche, du {event_date}, porte un code qui ne compte pas.",
    Reason.WRONG_PROVENANCE: "{title} : l’examen le plus proche, du {event_date}, "
    "a été fait dans un lieu qui ne compte pas.",
    Reason.WRONG_VALUE: "{title} : l’événement le plus proche, du {event_date}, a une valeur qui ne compte pas.",
    Reason.TOO_FEW: "{title} : nombre insuffisant ; la dernière date est le {event_date}.",
    Reason.TOO_CLOSE: "{title} : nombre suffisant, mais dates trop rapprochées ; la dernière est le {event_date}.",
    Reason.EVENT_BETWEEN: "{title} du {event_date} : ne compte plus, en raison de ce qui a été fait depuis.",
    Reason.BETWEEN_UNKNOWN: "{title} du {event_date} : ne compte peut-être plus, quelque chose a pu être fait depuis.",
    Reason.NONE_FOUND: "{title} : rien n’est enregistré ({asks}), comme il se doit.",
    Reason.WINDOW_NOT_CLOSED: "{title} : rien n’est enregistré jusqu’ici ; rien ne doit avoir lieu {asks}{until}.",
    Reason.FORBIDDEN_EVENT: "{title} du {event_date} : {distance} ; rien de tel ne doit avoir lieu {asks}.",
    Reason.NO_SUCH_RECORDS: "{title} : aucun événement de ce genre n’est enregistré, pour aucun patient ; "
    "l’absence ne prouve donc rien.",
    Reason.UNTIMED: "{title} du {event_date} : l’heure est nécessaire, mais inconnue ; {limit}.",
    Reason.UNDATED: "{title} : sans date ; {limit}.",
    Reason.ANCHOR_UNKNOWN: "{title} : évaluation impossible, la date de référence ({anchors}) n’est pas connue{yet}.",
    Reason.CONDITION_NOT_MET: "{title} : sans objet pour ce dossier.",
    Reason.CONDITION_UNKNOWN: "{title} : on ne sait pas{yet} si ce dossier est concerné.",
    Reason.CANCELLED_CASE: "L’opération a été annulée.",
    Reason.NOT_IN_POPULATION: "L’opération ne fait pas partie de la population du protocole.",
    Reason.EXCLUDED: "Exclusion : {excluded_by}.",
    Reason.NOT_IN_FORCE: "Aucune version du protocole n’est en vigueur le {anchor}.",
    Reason.EVALUATION_ERROR: "{title} : l’évaluation a échoué.",
    Reason.EXPIRED_BY_RESCHEDULE: "{title} du {event_date} : à temps jusqu’au report de l’opération au {anchor}.",
}

BEFORE = "{length} avant {counted_from} ({from_day})"
AFTER = "{length} après {counted_from} ({from_day})"
LIMIT = "limite : {limit}"
NO_LIMIT = "sans limite d’ancienneté"
COUNTS_WHEN = "ce qui compte : {asks}"
ANY_TIME_BEFORE = "à tout moment avant l’opération"
UNTIL = ", jusqu’au {window_closes}"
YET = " pour l’instant"
ASKED_LATE = ", demandée après l’opération"
LASTS = " Reste valable pour une opération jusqu’au {valid_through}."
EXCESS, TOO_OLD = "{length} de trop.", "Date trop ancienne."
LESS_THAN_A_MINUTE = "moins d’une minute"
SIDE_OF_SURGERY = "n’a peut-être pas eu lieu avant l’opération"
SIDE = "n’a peut-être pas eu lieu du bon côté de la date de référence ({anchors})"
WINDOW, ANY_DAY = "{first} – {window_closes}", "sans début"
UNKNOWN_DAY = "jour inconnu"
CHECK = " À vérifier : {words}."
SINCE, PERHAPS_SINCE = "{title} depuis", "peut-être {title} depuis"

SPAN = "entre le {start} et le {window_closes}"
ARRANGE = "à organiser au plus tard le {act_by}."
ARRANGE_LATE = "le dernier jour pour l’organiser était le {act_by} : à faire aujourd’hui."
BOOK = "À programmer : {title}, {span} ; {arrange}"
OR_BOOK = "{first}, ou programmer : {title}, {span} ; {arrange}"
ONLY_VERIFY = "{first} ; {arrange}"
CLOSED = "Trop tard pour le faire à temps (jusqu’au {window_closes}) : déplacer l’opération ou demander une dérogation."
CLOSED_FOR_GOOD = (
    "Trop tard pour le faire à temps (jusqu’au {window_closes}) : demander une dérogation."
)
CALL_OFF = "Déplacer ce rendez-vous, ou l’opération après le {valid_through}, ou demander une dérogation ; {arrange}"
CALL_OFF_ONLY = "Déplacer ce rendez-vous ou demander une dérogation ; {arrange}"
WAIT = "Déplacer l’opération après le {valid_through} ou demander une dérogation ; {arrange}"
WAIVE = "Demander une dérogation ; {arrange}"
VERIFY: dict[Reason, str] = {
    Reason.PARTIAL_DATE: "Obtenir la date exacte",
    Reason.SAME_DAY_UNTIMED: "Obtenir l’heure",
    Reason.UNMAPPED: "Faire enregistrer : {to_record}",
    Reason.EXTERNAL_UNDATED: "Obtenir la date d’acquisition",
    Reason.REJECTED_RECORD: "Faire corriger l’enregistrement",
    Reason.FEED_STALE: "Faire réparer le flux avant toute réservation",
    Reason.UNTIMED: "Obtenir l’heure",
    Reason.UNDATED: "Obtenir la date",
    Reason.BETWEEN_UNKNOWN: "Vérifier ce qui a été fait, et quand",
    Reason.NO_SUCH_RECORDS: "Vérifier si de tels événements sont enregistrés",
    Reason.CONDITION_UNKNOWN: "Vérifier si le dossier est concerné",
}

WITHIN, AT_MOST, LESS_THAN = "au plus {length}", "au plus {length}", "moins de {length}"
AT_LEAST, MORE_THAN = "au moins {length}", "plus de {length}"
AT_ANY_TIME = "à tout moment"
COUNTED_BACK, COUNTED_ON = "{limits} avant {anchor}", "{limits} après {anchor}"
AROUND = "{far} avant, ou {reach} après, {anchor}"
ALSO = ", et "
ANCHORS = {"surgery": "l’opération", "admission": "l’admission"}
NAMED = "« {title} »"
COLUMNS = {
    "admitted_at": "l’admission",
    "born_on": "la naissance",
    "discharged_at": "la sortie",
    "ended_at": "la fin de l’opération",
    "started_at": "le début de l’opération",
    "surgery_at": "la date prévue de l’opération",
}

AND, OR = "et", "ou"
CRITERIA = {"code": "code", "modality": "modalité", "region": "région", "value": "valeur"}
KINDS: dict[str, str] = {
    "imaging": "imagerie",
    "lab": "laboratoire",
    "medication": "médicament",
    "procedure": "acte",
    "therapy": "traitement",
    "visit": "consultation",
}
REGIONS: dict[str, str] = {
    "liver": "foie",
    "abdomen": "abdomen",
    "abdomen-pelvis": "abdomen et pelvis",
    "chest-abdomen-pelvis": "thorax, abdomen et pelvis",
    "chest": "thorax",
    "pelvis": "pelvis",
    "head": "tête",
    "neck": "cou",
    "spine": "rachis",
    "breast": "sein",
    "extremity": "membre",
    "whole-body": "corps entier",
    "other": "autre région",
}
UNITS = {
    "minute": ("minute", "minutes"),
    "hour": ("heure", "heures"),
    "day": ("jour", "jours"),
    "week": ("semaine", "semaines"),
    "month": ("mois", "mois"),
    "year": ("an", "ans"),
    "working day": ("jour ouvré", "jours ouvrés"),
}
ZERO_IS_ONE = True
THOUSANDS = "\u202f"
MONTHS: tuple[str, ...] = (
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juil.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)
_DAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")


def day(value: date) -> str:
    """Write a day of a finding: `mer. 4 mars 2026`."""
    name, month = _DAYS[value.weekday()], MONTHS[value.month - 1]
    return f"{name} {day_of_month(value)} {month} {value.year}"


def day_of_month(value: date) -> str:
    """`4`, `1er`."""
    return "1er" if value.day == 1 else str(value.day)


ACTIONS = {
    "order": "À demander : {title}{when}{why_not}",
    "arrange": "À organiser : {title}{when}{why_not}",
    "confirm": "Vérifier si le rendez-vous du {day} a été honoré : {title}",
    "book_again": "À reprogrammer : {title}{when} (date du {day} annulée)",
    "book_ordered_on": "À programmer : {title}, demande du {day}{when}",
    "book_ordered": "À programmer : {title}, demande déjà faite{when}",
    "call_off": "À annuler ou à déplacer : {title}, rendez-vous du {day} ; période interdite : {first} – {until}",
    "move": "À déplacer : {title}, rendez-vous du {day} ; nouvelle date : {to}",
    "move_why": "{text} (le {day}, {age})",
    "no_slot": "{text}. Sans créneau : première date d’opération qui laisse le temps de tout organiser, le {first}",
    "forbidden": "{title}{of_day} alors que rien de tel ne doit avoir lieu : {choice}",
    "too_late": "Trop tard pour organiser : {title} ; {other}{choice}",
    "nothing": "",
    "any_day": "sans limite",
    "unknown_day": "jour inconnu",
    "of_day": " du {day}",
    "or_first": "{text:lower}, ou ",
    "move_surgery": "déplacer l’opération au {first} ou après, ou demander une dérogation",
    "exception": "demander une dérogation",
    "when": ", {range}",
    "when_until": ", à faire au plus tard le {day}",
    "range_from": "à partir du {first}",
    "range_day": "le {until}",
    "range_month": "du {first:day_of_month} au {until}",
    "range": "du {first} au {until}",
    "until": "au plus tard le {day}",
    "earlier": "plus tôt",
    "why_old": " (réalisation du {day}, {age})",
    "will_be_old": "soit {days} avant l’opération",
    "would_be_old": "soit {days} avant l’opération",
    "is_old": "date trop ancienne",
    "exact_date": "Obtenir la date exacte : {title} (date connue : {recorded})",
    "clock_time": "Obtenir l’heure : {title} du {day}",
    "acquisition_date": "Obtenir la date d’acquisition de l’examen externe : {title}",
    "unrecorded": "Enregistrer la modalité et la région de l’examen du {day}, qui est peut-être : {title}",
    "since": "Vérifier ce qui a été fait depuis, et quand : {title} du {day}",
    "correct": "Corriger {row}{fault} ; il s’agit peut-être de : {title}",
    "a_row": "la ligne rejetée",
    "fault": " ({fault})",
    "feed": "Faire réparer le flux « {kind} », puis rechercher de nouveau : {title}",
    "delivered": "Faire transmettre les données « {kind} » : il n’y en a pour aucun patient",
    "condition": "Vérifier si cette opération est concernée : {title}",
    "anchor": "Enregistrer la date de référence ({anchor}) : {title}",
    "date": "Obtenir la date : {title}",
    "or_another": "{text}, ou faire une nouvelle demande{when}",
}
NOT_COUNTED: dict[Reason, str] = {
    Reason.TOO_EARLY: " (réalisation du {day} : trop tôt)",
    Reason.TOO_LATE: " (réalisation du {day} : trop tard)",
    Reason.AFTER_SURGERY: " (réalisation du {day} : pas avant l’opération)",
    Reason.WRONG_REGION: " (réalisation du {day} : autre région)",
    Reason.WRONG_MODALITY: " (réalisation du {day} : autre modalité)",
    Reason.EXCLUDED_CODE: " (réalisation du {day} : code qui ne compte pas)",
    Reason.WRONG_PROVENANCE: " (réalisation du {day} : lieu qui ne compte pas)",
    Reason.WRONG_VALUE: " (réalisation du {day} : valeur qui ne compte pas)",
    Reason.TOO_FEW: " (réalisation du {day} : nombre insuffisant)",
    Reason.TOO_CLOSE: " (réalisation du {day} : trop proche des autres)",
    Reason.EVENT_BETWEEN: " (réalisation du {day} : ne compte plus, en raison de ce qui a été fait depuis)",
}
FAULTS: dict[str, str] = {
    "missing value": "valeur manquante",
    "unknown word": "mot inconnu",
    "unreadable date": "date illisible",
    "external study without an acquisition date": "examen externe sans date d’acquisition",
    "duplicate id": "identifiant en double",
    "duplicate id, same content": "identifiant en double, même contenu",
    "too few or too many cells": "trop ou trop peu de cellules",
}
