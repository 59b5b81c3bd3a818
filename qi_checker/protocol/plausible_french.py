"""The plausibility checks in French: what each sees, and what to do about it.

The night stores its findings with an English sentence that has details in words, and with the place
and counts as numbers. A French page makes its own sentence from those numbers. No native reader has
reviewed these texts yet; every French page of the web application says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Checks of the outcome of one protocol; all others are of the records, which protocols share.
_OF_A_PROTOCOL = {
    "kinds",
    "population",
    "excluded",
    "requirement",
    "rate",
    "exceptions",
    "after_surgery",
    "booked_outside",
    "other_events",
    "undecided",
    "history_verdicts",
}
FRENCH: dict[str, tuple[str, str]] = {
    "empty": (
        "table d’opérations ou d’événements sans aucune ligne utilisable",
        "Vérifier l’export : rien ne peut être évalué sans ces lignes",
    ),
    "rejected": (
        "lignes inutilisables",
        "Lire rejects.csv, ou lancer `inspect --dry-run` ; corriger l’export, ou sa correspondance",
    ),
    "torn": (
        "lignes au mauvais nombre de cellules, ou sans patient",
        "Chercher des séparateurs et des fins de ligne dans les textes, que l’export doit mettre entre guillemets",
    ),
    "repeated": (
        "lignes livrées deux fois avec le même contenu",
        "Vérifier si l’export a été ajouté à un export précédent",
    ),
    "same_operation": (
        "opérations d’un même patient le même jour sous plusieurs identifiants",
        "Livrer chaque opération une seule fois, avec ses actes sur une même ligne",
    ),
    "words": (
        "valeurs hors du vocabulaire de la colonne",
        "Faire correspondre ces mots : `words` dans mapping.yaml, ou `values` dans site.yaml",
    ),
    "kinds": (
        "genres d’événements absents, inconnus ou presque identiques à un genre demandé",
        "Faire correspondre le mot : `words` de kind dans mapping.yaml, ou `values` dans site.yaml",
    ),
    "contradictions": (
        "événements dont la modalité ou la région contredit leur propre code",
        "Vérifier la correspondance de la modalité et de la région, et si des colonnes ont été permutées",
    ),
    "codes": (
        "codes sans système, ou d’un système qu’aucune liste ne connaît",
        "Écrire les codes sous la forme SYSTÈME:CODE, séparés par des points-virgules",
    ),
    "code_shape": (
        "codes qui n’ont pas la forme de leur système : chiffres perdus, autre système",
        "Vérifier si un tableur a modifié les codes, et quel système contient la colonne",
    ),
    "recorded_before": (
        "événements réalisés, mais enregistrés avant d’avoir eu lieu",
        "Vérifier quelles colonnes contiennent l’heure de l’événement et celle de sa saisie, et le format des dates",
    ),
    "recorded_late": (
        "événements enregistrés plus de 14 jours après avoir eu lieu",
        "Vérifier que `at` contient le début de l’acquisition",
    ),
    "ordered_after": (
        "événements demandés après avoir été réalisés",
        "Vérifier quelle colonne contient l’heure de la demande, et le format des dates",
    ),
    "at_is_ordered": (
        "événements qui ont eu lieu le jour de leur demande",
        "Vérifier que `at` contient le début de l’acquisition, et non l’heure de la demande",
    ),
    "at_is_recorded": (
        "événements qui ont eu lieu à la minute de leur saisie",
        "Vérifier que `at` contient le début de l’acquisition, et non celui du compte rendu ou de l’import",
    ),
    "swapped_dates": (
        "dates où le jour et le mois semblent permutés",
        "Vérifier comment l’export écrit les dates : le mois ou le jour d’abord",
    ),
    "weekends": (
        "opérations le week-end, inhabituelles dans ces données",
        "Chercher jour et mois permutés, un fuseau erroné, des jours de sortie, ou des urgences dites programmées",
    ),
    "before_1990": (
        "dates antérieures à 1990",
        "Laisser vides les dates inconnues, sans valeur par défaut",
    ),
    "future": (
        "événements réalisés ou enregistrés, ou opérations réalisées, après la date de l’évaluation",
        "Vérifier l’année dans les données, et --as-of",
    ),
    "night": (
        "examens d’imagerie, ou débuts d’opération, entre 22 h et 6 h",
        "Vérifier le fuseau horaire de l’export : les heures sont peut-être en UTC",
    ),
    "midnight": (
        "heures à minuit précis",
        "Activer midnight_is_date dans site.yaml, ou ne pas livrer l’heure",
    ),
    "one_day": (
        "événements réalisés qui sont tous du même jour",
        "Vérifier si `at` contient une valeur par défaut ou le jour de l’export",
    ),
    "month_starts": (
        "événements réalisés, ou opérations programmées, le premier jour d’un mois",
        "Vérifier si les dates ont été ramenées au mois ; écrire 2026-05 si le jour n’est pas connu",
    ),
    "one_weekday": (
        "événements réalisés tous le même jour de la semaine",
        "Vérifier si les dates ont été ramenées à la semaine",
    ),
    "no_weekday": (
        "presque aucun événement un jour ouvré de la semaine",
        "Vérifier si l’export échoue ce jour-là",
    ),
    "partial": (
        "événements réalisés dont seuls le mois ou l’année sont connus",
        "Livrer le jour de l’acquisition",
    ),
    "exchanged": (
        "colonnes qui semblent permutées",
        "Vérifier l’en-tête de l’export et la correspondance de ces colonnes",
    ),
    "case_status": (
        "opérations annulées",
        "Vérifier la correspondance des mots du statut",
    ),
    "event_status": (
        "événements demandés jamais réalisés, alors que leur jour est passé",
        "Vérifier la correspondance des mots du statut",
    ),
    "in_error": (
        "événements demandés saisis par erreur",
        "Vérifier la correspondance des mots du statut",
    ),
    "still_scheduled": (
        "opérations dont le jour est passé et qui restent programmées",
        "Vérifier que le statut est mis à jour après l’opération",
    ),
    "no_events": (
        "patients opérés sans aucun événement",
        "Vérifier que les deux tables contiennent les mêmes patients et écrivent les identifiants de la même façon",
    ),
    "spelling": (
        "patients dont l’identifiant est écrit autrement dans les événements (zéros, séparateurs, casse, préfixe)",
        "Exporter les identifiants comme du texte ; les uniformiser dans la correspondance",
    ),
    "one_patient": (
        "événements d’un seul et même patient",
        "Chercher un identifiant par défaut, ou des identifiants tronqués ou arrondis",
    ),
    "timing": (
        "événements proches d’une opération de leur patient, à peine plus souvent que par hasard",
        "Vérifier si une colonne a été triée ou décalée seule",
    ),
    "unknown_cases": (
        "dérogations d’opérations qui ne figurent pas parmi les dossiers",
        "Vérifier que les deux tables écrivent les identifiants d’opération de la même façon",
    ),
    "unrecorded": (
        "événements réalisés d’une modalité demandée, sans recorded_at alors que la plupart en ont un",
        "En vérifier quelques-uns : ils sont peut-être annulés ou seulement demandés, ou ne sont pas des examens",
    ),
    "minute_of_order": (
        "examens d’une modalité demandée, réalisés à la minute de leur demande",
        "Vérifier si des demandes jamais réalisées sont exportées comme réalisées",
    ),
    "same_minute": (
        "examens d’une modalité demandée, par trois ou plus d’un même patient, d’une même région et d’une même minute",
        "Vérifier si d’autres résultats sont exportés comme imagerie ; livrer chaque examen une seule fois",
    ),
    "two_kinds": (
        "examens d’imagerie dont le code est aussi celui de résultats de laboratoire, d’autres résultats ou de visites",
        "Vérifier la correspondance de kind : un même code ne peut être imagerie et résultat",
    ),
    "after_admission": (
        "opérations réalisées plus de trois jours après l’admission",
        "Vérifier que surgery_at contient le jour de l’opération, et non celui de la sortie",
    ),
    "at_is_admitted": (
        "opérations réalisées qui ont commencé à la minute de l’admission",
        "Vérifier que surgery_at contient l’heure de l’opération, et non celle de l’admission",
    ),
    "replaced": (
        "opérations réalisées sans heure de début, suivies de la même opération avec un début dans les 60 jours",
        "Vérifier si des opérations annulées sont exportées comme réalisées",
    ),
    "newest_event": (
        "jours depuis l’événement le plus récent, une pause inhabituelle",
        "Vérifier que la source des événements livre toujours, et --as-of",
    ),
    "newest_surgery": (
        "jours depuis l’opération la plus récente, une pause inhabituelle",
        "Vérifier que l’export des opérations va jusqu’à aujourd’hui, et --as-of",
    ),
    "upcoming": (
        "aucune opération programmée",
        "Vérifier que l’export contient les opérations programmées, et pas seulement les opérations passées",
    ),
    "bookings": (
        "aucun rendez-vous à venir, malgré des opérations programmées",
        "Vérifier que les rendez-vous sont exportés ; s’ils ne le sont jamais, écrire bookings: off",
    ),
    "horizon": (
        "opérations programmées ou rendez-vous, dont aucun à plus d’une semaine",
        "Vérifier si l’export a un filtre qui coupe ce qui est plus loin",
    ),
    "far_ahead": (
        "opérations programmées à plus d’un an",
        "Vérifier l’année ; ne pas livrer d’opération sans date, au lieu d’une date par défaut comme 2099-12-31",
    ),
    "stopped": (
        "presque aucun événement d’un genre, d’une modalité ou d’une source, contrairement à l’habitude",
        "Vérifier sa source, et si son mot a changé",
    ),
    "fewer": (
        "opérations, ou opérations avec codes et événements, devenues plus rares depuis 28 jours",
        "Vérifier ce qui a changé dans l’export depuis",
    ),
    "earlier": (
        "opérations anciennes précédées d’un événement, bien plus rarement que les récentes",
        "Vérifier que l’export des événements remonte aussi loin que celui des opérations, avec les mêmes identifiants",
    ),
    "period": (
        "jours de la période que les données ne couvrent pas",
        "Attendre un export qui contient toute la période, ou choisir une période antérieure",
    ),
    "population": (
        "opérations auxquelles le protocole s’applique : aucune, ou bien moins que d’habitude",
        "Vérifier les codes d’actes et de diagnostics, ou si c’est le bon protocole",
    ),
    "excluded": (
        "opérations exclues par le protocole",
        "Vérifier les mots de l’urgence et des autres colonnes qu’utilisent les exclusions",
    ),
    "requirement": (
        "une exigence qu’aucun événement d’aucun patient ne peut remplir",
        "Vérifier la source et les mots des événements demandés",
    ),
    "rate": (
        "aucune opération conforme",
        "Vérifier quelques dossiers avant de transmettre ce chiffre",
    ),
    "exceptions": (
        "dérogations ignorées : expirées, non approuvées, approuvées par le demandeur, ou d’une exigence inconnue",
        "Lire les problèmes de données, qui disent pourquoi ; vérifier les dates et les noms des dérogations",
    ),
    "after_surgery": (
        "exigences dont l’événement est postérieur à l’opération",
        "Vérifier que surgery_at contient le jour de l’opération, et non celui de la réservation ou de l’admission",
    ),
    "booked_outside": (
        "rendez-vous hors de la fenêtre de leur opération",
        "Vérifier l’année et le format des rendez-vous et des opérations programmées",
    ),
    "other_events": (
        "opérations dont l’événement le plus proche a une autre région, une autre modalité ou un autre code",
        "Vérifier la correspondance de la région et de la modalité, et le nom de quelques-uns de ces examens",
    ),
    "undecided": (
        "exigences indécidables d’après les données",
        "Lire les motifs ; ce qui n’est pas enregistré ne peut être évalué",
    ),
    "history_rows": (
        "un nombre plus bas que les nuits précédentes",
        "Comparer l’export de cette nuit à celui de la veille",
    ),
    "history_vanished": (
        "opérations de la nuit précédente qui ont disparu",
        "Vérifier si des identifiants ont changé ou si des lignes ont été perdues",
    ),
    "history_verdicts": (
        "constats d’opérations terminées depuis longtemps, dont le statut ou l’événement a changé depuis hier",
        "Chercher ce qui a changé avant que quelqu’un n’agisse",
    ),
}


def in_french(row: Mapping[str, Any], protocol: str) -> str:
    """Return the sentence of a stored finding (`Finding.as_dict`); "" for a check without one."""
    sees, do = FRENCH.get(str(row.get("check")), ("", ""))
    if not sees:
        return ""
    places = [row["table"], row["column"]]
    if protocol and row["check"] in _OF_A_PROTOCOL:
        places.insert(0, f"protocole {protocol}")
    place = ", ".join(filter(None, places))
    count, of = int(row["count"]), int(row["of"])
    number = f"{_grouped(count)} sur {_grouped(of)} : " if of else f"{_grouped(count)} "  # days
    said = f"{place} : {number}{sees}. {do}."
    return said[:1].upper() + said[1:]


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")  # a narrow space that does not break
