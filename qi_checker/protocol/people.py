"""Decide whether two names belong to the same person: the four-eyes rule needs two people.

The store and files share this function. It follows NFKC_Casefold of Unicode (UAX 31): composed and
decomposed letters, full-width forms, case, blanks and invisible characters make no difference, so
`José` is `JOSE` + U+0301 and `straße` is `STRASSE`. Letters of another alphabet that look like Latin
ones count as the Latin ones (a skeleton in UTS 39): a name in Cyrillic that reads `оак` is `oak`.
Accents do make a difference: `José` and `Jose` may be two people.
"""

from __future__ import annotations

import re
import unicodedata

SAME = "approved by the requester"
MIXED = "a name mixes letters of two alphabets"
NO_REQUESTER, NOT_APPROVED = "no requester", "not approved"

# Lower case on both sides. If only the capitals look alike (В and B, Н and H), they are mapped by
# the capital: names are written both ways.
_CYRILLIC = "авгекмнорстухіјѕԁһӏԛԝьґё", "abrekmhopctyxijsdhlqwbrë"
_GREEK = "αβγεζηικμνορςτυχω", "abyezhikmnopctyxw"
_ARMENIAN = "օսոհցզ", "ounhgq"
_LATIN = "ıɑɡʏɩᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡᴢ", "iagyiabcdefghijklmnoprstuvwz"
_COPTIC = "ⲁⲃⲉⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭⳅ", "abehikmnopctyxz"
_LISU = "ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpdtgkjczfmnlsrvhwxyaeiou"
# In lower case as casefold writes it: Cherokee's capitals.
_CHEROKEE = "ᎠᎡᎢᎪᎫᎬᎳᎷᎻᏀᏃᏔᏙᏚᏞᏟᏢᏦᏧᏴ", "drtajewmhgzwvslcpkjb"
_ALPHABETS = (_CYRILLIC, _GREEK, _ARMENIAN, _LATIN, _COPTIC, _LISU, _CHEROKEE)
_LOOKS = str.maketrans(*("".join(each) for each in zip(*_ALPHABETS, strict=True)))
# Blank outside the category Cf: Hangul fillers, a Braille pattern, variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u2800\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Japanese, Chinese and Korean mix several scripts in one word; none of them looks Latin.
_TOGETHER = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC")


def identity(name: str) -> str:
    """Return a key that is equal for two names of one person; empty if nothing is visible."""
    last, text = "", name
    while last != text:  # two rounds for all but a few letters
        last = text
        text = _visible(unicodedata.normalize("NFKC", text)).casefold()
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.translate(_LOOKS).split())


def mixes_alphabets(name: str) -> bool:
    """Whether one word mixes letters of two alphabets, as in a name that imitates another."""
    text = _visible(unicodedata.normalize("NFKC", name))
    return any(len(_alphabets(word)) > 1 for word in re.split(r"[\W\d_]+", text))


def fault(requested_by: str, approved_by: str) -> str:
    """Return why two names fail the four-eyes rule (the exception is ignored), else empty text."""
    requester, approver = identity(requested_by), identity(approved_by)
    if not approver:
        return NOT_APPROVED
    if not requester:
        return NO_REQUESTER
    if requester == approver:
        return SAME
    if mixes_alphabets(requested_by) or mixes_alphabets(approved_by):
        return MIXED
    return ""


def _visible(text: str) -> str:
    visible = (c for c in text if unicodedata.category(c) != "Cf")
    return _INVISIBLE.sub("", "".join(visible))


def _alphabets(word: str) -> set[str]:
    """Return the scripts of a word: LATIN from the Unicode name LATIN SMALL LETTER A."""
    result = set()
    for letter in word:
        if unicodedata.category(letter).startswith("L"):
            script = unicodedata.name(letter, "UNKNOWN").partition(" ")[0].partition("-")[0]
            result.add("CJK" if script in _TOGETHER else script)
    return result - {"MODIFIER", "CJK"}
