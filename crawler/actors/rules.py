"""Who says whom did it: patterns over the tags of one sentence.

Each pattern is a regular expression in which a letter is a word: `A` a threat actor, `S` a state, `J` a people's
adjective, `G` and `C` an agency or company that is accused of hacking, `H`, `D`, `O`, `P` other agencies, companies,
organisations and persons, `M` malware; the small letters and digits stand for kinds of words (`vocabulary.TAGS`), `.`
for any other word, `N` for one with a capital, `,` for a break. All repeats are bounded: a pattern costs what a
sentence is long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache

_GROUP = {  # hackers and the state they belong to, by where the language puts its adjectives
    "before": r"[SJ][klnaeVp.G9N]{0,5}?h{1,2}",
    "after": r"h{1,2}[klae.4N]{0,2}?J",
}
_BEHIND_IT = r"(?:[SJ][.kp4a]{0,3})?[GCA]|[SJ]k?"  # "China's Ministry of State Security"
_FROM = r"h[35][.]?[SJ]"
_NAMED = r"(?:(?:[SJ][klnaeVp.G9N]{0,6}h{0,2},?[.&]{0,2}|h{0,2})AJ?)"  # "the Russian group, known as Turla"
_OFFICE = r"(?:(?:[SJ][pka.4]{0,3})?[GC])"
_LED = r"(?:[79.et,4]|8y?)"  # what stands between who and what they did
_LED_ON = (
    r"(?:[79.et4]|8y?)"  # and for a state without a break: "APT28, tied to Russia, is behind it" speaks of another
)

# Atomic: what was read as somebody is never read again as less.
_OFFICIAL = r"k{0,2}o(?:[34t5]{1,2}[.]?[SGCHDON]{1,3})?"  # "researchers at ESET"
WHO = rf"(?>[SJGCHDOPN](?:[p4&]{{0,2}}[SJGCHDOPNkoia]){{0,5}}|{_OFFICIAL})"
_SPEAKER = rf"(?>[SJGCHDOP](?:[p4&]{{0,2}}[SJGCHDOPNkoia]){{0,5}}|(?<!3)(?<!3\.){_OFFICIAL})"  # not "in a report"
_ONE = r"(?>[SGCHDOPN]k?o{0,2}|k{0,2}o{1,2})"  # where nothing parts one who speaks from another who acts
WHOM = (
    r"(?>(?:[.a]{0,3}4)?(?:[.e9pka]{0,2}(?:Ju|[SJN]p?k|[SJ]h|[SJGHCDOPixoN])"
    r"(?:[43&]{1,2}(?=[.9pka]{0,2}[SJGHCDOPixoN]))?){1,8})"
)


class Needs(Flag):
    """What a sentence must hold besides a pattern to be a claim, and what follows from the pattern."""

    NOTHING = 0
    DEED = auto()  # a word of hacking elsewhere in the sentence
    PARTY = auto()  # a victim, or one who says so
    NARROW = auto()  # the victim stands inside the pattern or just before it, or is not told
    DENIAL = auto()  # the accused speak


Draft = tuple[str, str, Needs]  # the tags it needs one of, the pattern, what else it needs


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern whose group `a` is the accused; `c` and `v`, where there are such, who says so and the victim.

    `verbs`: tags of which it holds at least one. Most sentences hold none, and need not be searched.
    """

    verbs: frozenset[str]
    pattern: re.Pattern[str]
    needs: Needs


@dataclass(frozen=True, slots=True)
class Grammar:
    """The patterns of a language."""

    rules: tuple[Rule, ...]
    attackers: re.Pattern[str]  # who is called an attacker, whatever the sentence says of it
    speakers: re.Pattern[str]  # group `c`: who says something
    subject: re.Pattern[str]  # group `c`: who stands before a verb that ends the text so far
    object: re.Pattern[str]  # group `v`: whom, right after a verb
    robbed: re.Pattern[str]  # group `v`: from whom, after a verb
    wronged: re.Pattern[str]  # group `v`: whom, elsewhere in the sentence
    sufferer: re.Pattern[str]  # group `v`: who stands before "was hacked"


@cache
def grammar(options: frozenset[str]) -> Grammar:
    """The patterns for a language's options: where adjectives stand, where verbs do, which particles are left out."""
    groups = "|".join(_GROUP[side] for side in ("before", "after") if side in options) or _GROUP["before"]
    on = "2" if "to on" in options else ""
    linked = rf"h{{1,2}},?[.79ea8t]{{0,4}}l[.et1453ka{on}]{{0,4}}(?:{_BEHIND_IT})"  # "hackers said to work for"
    hackers = f"(?:{_NAMED}|{linked}|{groups}|{_FROM})"
    attacker = f"(?:{hackers}|{_OFFICE})"
    state = "S|[ko]{1,2}[.a]?J" if "after" in options else "[SJ]p?[koa]{0,3}"
    accused = f"(?:{attacker}|{state})"
    drafts = _rules(hackers, attacker, accused) + _of_order(attacker, accused, options)
    drafts += _of_particles(hackers, attacker, accused, options)
    taken = "[145]" if "after" in options else "5"
    return Grammar(
        rules=tuple(_compiled(drafts)),
        attackers=re.compile(f"{_NAMED}(?=[79.e,]{{0,4}}[vsuVm])|{linked}|{groups}|{_FROM}"),
        speakers=re.compile(_speakers(options)),
        subject=re.compile(rf"(?P<c>{WHO})(?:2[.])?[79.8e{'nv' if 'passive first' in options else ''}]{{0,4}},?$"),
        object=re.compile(rf"9?2?[.]?(?P<v>{WHOM})"),
        robbed=re.compile(rf"(?<=s)[^,;z]{{0,5}}?{taken}[.]?(?P<v>{WHOM})|[^,;z]{{0,5}}?5[.]?(?P<v2>{WHOM})"),
        wronged=re.compile(_wronged(taken, options)),
        sufferer=re.compile(rf"(?P<v>{WHOM})[79]{{0,2}}8{{0,2}}[.9e]{{0,2}}$"),
    )


def _wronged(taken: str, options: frozenset[str]) -> str:
    found = rf"(?:n{{1,2}}[24]|[vVuw]2?|n(?=[.]?[HGDO])|[vsV][^,;z]{{0,6}}{taken})[.]?(?P<v>{WHOM})"
    if "no to" in options:
        found += rf"|n{{1,2}}[.]?(?P<v2>{WHOM})"
    if "on first" in options:
        found += rf"|2[.]?(?P<v3>{WHOM})(?=[.]{{0,2}}[nvV])"
    return found


def _speakers(options: frozenset[str]) -> str:
    found = [
        rf"6[t4.,]{{0,3}}(?P<c>{WHO})",
        rf"(?P<c2>{_SPEAKER})(?:,[^,yz;]{{1,6}},|(?:2[.])?[.]?[9e78]{{0,2}}o?)y",
        r"(?<![.34t25N])(?P<c8>N{1,3})9?y",
        rf"[rbB]1[.]?(?P<c3>{WHO})",
    ]
    if "verb last" in options:
        found += [rf"(?P<c4>{WHO})[.]?6", rf"^[.]{{0,2}}(?P<c5>{_ONE})(?=.*[yr][.,e8]{{0,3}}$)"]
    if "verb first" in options:
        found += [rf"y[.]?(?P<c6>{WHO})", r"[bB][.]?(?P<c7>[SHGDOPC])(?=[.]?[SJGCAh])"]
    return "|".join(found)


def _rules(hackers: str, attacker: str, accused: str) -> list[Draft]:
    """Patterns of all languages, in the order of how much they tell, after the tags each needs one of."""
    who, group = f"(?P<a>{accused})", f"(?P<a>{attacker})"
    free = "(?<![2u])"  # whom an attack is on is not who made it
    speaker = rf"(?P<a>{accused}(?:o?[PN]{{1,2}})?)(?:[35t][.]?[SH.N]{{1,2}})?"
    return [
        ("d", rf"{speaker}[79.e,]{{0,5}}d(?=[.e9478tSJh]{{0,4}}[jnVvwb])", Needs.DENIAL),
        ("r", rf"r[^zrbBwd;]{{0,8}}?t[.]{{0,2}}{who}", Needs.DEED | Needs.NARROW),
        ("l", rf"[nMAvu][^zrbBwd;i]{{0,6}}?lt[.]{{0,2}}{who}", Needs.NARROW),
        ("B", rf"B[.eN]{{0,3}}n[.e]{{0,2}}2[.]?{who}|B2[.]{{0,2}}(?P<a2>{accused})", Needs.DEED),
        ("bB", rf"{who}[79.e]{{0,3}}8[.9e]{{0,2}}[bB]", Needs.DEED),
        ("w", rf"{free}{group}{_LED}{{0,6}}w|{free}(?P<a2>{accused}){_LED_ON}{{0,6}}w", Needs.DEED),
        (
            "w",
            rf"w[.]{{0,2}}n[^,z;]{{0,4}}8[.]{{0,2}}{who}|w[.4]{{0,2}}n[.89e]{{1,3}}(?P<a2>{attacker})",
            Needs.NOTHING,
        ),
        ("1", rf"(?:n[.]?|[vsVcw][.e]{{0,2}})1[.]{{0,2}}{who}|u[.e]?1[.]{{0,2}}(?P<a2>{attacker})", Needs.NOTHING),
        ("vsum", rf"{free}{group}(?:p?M|,7[^,z]{{1,9}},)?[79.e,]{{0,4}}?(?:[vsm]|u(?!n))", Needs.PARTY),
        ("n", rf"{free}(?P<a>{hackers})n[.]?(?P<v>{WHOM})", Needs.NOTHING),  # "Chinese hackers breach ministry"
        ("vs", rf"{free}(?P<a>S[koa]{{0,2}}|J[koa]{{1,2}})[9.e]{{0,2}}[vs]", Needs.PARTY),
        ("V", rf"{free}(?P<a>{hackers})[79.e8,]{{0,4}}?V|(?P<a2>{accused})9?8[.9e]?V", Needs.PARTY),
        ("c", rf"{free}{group}{_LED}{{0,5}}c[^,z;]{{0,5}}[nvs]", Needs.NOTHING),
        ("c", rf"{free}{who}{_LED}{{0,5}}c[^,z;]{{0,5}}[nvs]", Needs.PARTY),
        ("nV", r"(?P<a>[SJ]p?[klae]{0,2})(?:n{1,2}[24]|V4)", Needs.PARTY),
    ]


def _of_particles(hackers: str, attacker: str, accused: str, options: frozenset[str]) -> list[Draft]:
    """Patterns that hang on which small words a language has."""
    who, group = f"(?P<a>{accused})", f"(?P<a>{attacker})"
    attributed = rf"r[.e]{{0,2}}n?[.e]{{0,2}}{who}|r[^zrbBwd;,]{{0,8}}?(?P<a2>{hackers})"
    of: dict[str, list[Draft]] = {
        "no to": [
            ("r", attributed, Needs.DEED | Needs.NARROW),
            ("w", rf"n[^,z;]{{0,3}}w[.]{{0,2}}{who}", Needs.NOTHING),
        ],
        "to on": [("r", rf"r[^zrbBwd;,]{{0,8}}[t2][.]{{0,2}}{who}", Needs.DEED | Needs.NARROW)],
        "no by": [("vsuV", rf"[vsuV][.]{{0,1}}{group}", Needs.PARTY)],
        "passive first": [("1", rf"1[.]{{0,2}}{who}[.]{{0,2}}[nvusV]", Needs.NOTHING)],
    }
    return [draft for option, drafts in of.items() if option in options for draft in drafts]


def _of_order(attacker: str, accused: str, options: frozenset[str]) -> list[Draft]:
    """Patterns that hang on where a language puts its verbs."""
    who, group, whom = f"(?P<a>{accused})", f"(?P<a>{attacker})", f"(?P<v>{WHOM})"
    to = "t" if "after" in options else ""
    of: dict[str, list[Draft]] = {
        "participle last": [
            ("r", rf"n[^,z;]{{0,5}}{who}[.]{{0,2}}r", Needs.NOTHING),
            ("w", rf"{who}[^,z;]{{0,7}}w", Needs.DEED),
            ("vsu", rf"{group}[.]{{0,2}}{whom}[.]{{0,2}}[vsu]", Needs.NOTHING),
        ],
        "verb first": [
            ("d", r"d[.]?(?P<a>[SGC])(?=[.j]{0,3}j)", Needs.DENIAL),
            ("bB", rf"[bB][.]?(?P<c>[SHGDOPC][ko]?)[.]?{who}", Needs.DEED),
            ("vsuV", rf"[vsuV][.]{{0,1}}{group}[.]?{whom}", Needs.NOTHING),
        ],
        "verb last": [
            ("d", rf"{who}[.]{{0,2}}[^,]{{0,8}}[jwn][.]{{0,2}}d", Needs.DENIAL),
            ("bBwr", rf"{who}[.]{{0,2}}[bBwr](?![.]{{0,2}}d)", Needs.DEED),
            ("1", rf"{who}1[.]{{0,3}}[nvusV]", Needs.NOTHING),
            ("nvusV", rf"{group}[.,]{{0,2}}{whom}[.,]{{0,2}}[nvusV]", Needs.NOTHING),
        ],
    }
    blame = [] if "verb first" in options else [("bB", rf"[bB][.{to}]{{0,2}}{who}", Needs.DEED)]
    return blame + [draft for option, drafts in of.items() if option in options for draft in drafts]


def _compiled(drafts: list[Draft]) -> list[Rule]:
    """The rules; denials first, since they hold what else would be an accusation."""
    rules = [Rule(frozenset(verbs), re.compile(pattern), needs) for verbs, pattern, needs in drafts]
    return sorted(rules, key=lambda rule: Needs.DENIAL not in rule.needs)
