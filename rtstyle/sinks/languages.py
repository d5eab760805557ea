"""How a container spells the language of a stream, and which it cannot say."""

from __future__ import annotations

from collections.abc import Mapping

_KEY, _UNKNOWN = "language", "und"
# What FFmpeg 8 writes into a .mov and reads again: QuickTime has numbers for languages, and FFmpeg one name for each,
# where ISO 639-2 has two for some (B, as in ger, and T, as in deu).
_KNOWN = (
    "alb amh ara arm asm aym aze baq bel ben bul bur cat ces chi dan dut dzo eng epo est fin fra geo ger gre grn guj "
    "heb hin hun ice ind iri ita jav jpn kan kas kaz khm kin kir kor kur lao lat lav lit mac mal mar may mlg mlt mol "
    "mon nep nor nya ori orm per pol por pus que ron run rus san sin slk slv smi snd som spa sve swa tam tat tel tgk "
    "tgl tha tib tir tuk tur uig ukr urd uzb vie wel yid"
)
_QUICKTIMES = frozenset(_KNOWN.split())
_NAMES = (
    "sqi:alb hye:arm eus:baq mya:bur zho:chi cze:ces nld:dut fre:fra kat:geo deu:ger ell:gre isl:ice mkd:mac msa:may "
    "fas:per rum:ron slo:slk swe:sve bod:tib cym:wel gle:iri"
)
_OTHER_NAMES = dict(pair.split(":") for pair in _NAMES.split())


def spelt(tags: Mapping[str, str], suffix: str) -> dict[str, str]:
    """The tags with the language as the container knows it."""
    if suffix.lower() != ".mov" or _KEY not in tags:
        return dict(tags)
    return {**tags, _KEY: _OTHER_NAMES.get(tags[_KEY], tags[_KEY])}


def lost_language(tags: Mapping[str, str], suffix: str) -> str | None:
    """The language that a file with this extension cannot say."""
    language = spelt(tags, suffix).get(_KEY, _UNKNOWN)
    lost = suffix.lower() == ".mov" and language not in {*_QUICKTIMES, _UNKNOWN}
    return language if lost else None
