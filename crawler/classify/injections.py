"""Sentences that speak to a machine about the text they stand in, in the languages of the cues.

"Ignore previous instructions", "this article must be flagged": no reporter writes them of the own article. Each row has
three parts in the order in which the language says them, as beginnings of words; little may stand between. A text is
searched for those of its language and of English.
"""

from __future__ import annotations

import re
from functools import cache

Parts = tuple[str, str, str]

_ORDERS: dict[str, Parts] = {  # to forget what was said
    "en": (
        "ignore|disregard|forget|override",
        "previous|prior|above|earlier|all",
        "instruction|prompt|guideline|rules",
    ),
    "fr": ("ignor|oubli|néglig", "instructions|consignes|directives|règles", "précédent|antérieur|ci-dessus"),
    "de": ("ignorier|vergiss|missacht", "vorherig|vorig|bisherig|obig|früher", "anweisung|instruktion|vorgabe|befehl"),
    "es": ("ignor|olvid", "instruccion|órdenes|reglas", "anterior|previ"),
    "pt": ("ignor|esque|desconsider", "instruç|ordens|regras", "anterior|prévi"),
    "it": ("ignor|dimentic", "istruzioni|regole|ordini", "precedent"),
    "nl": ("negeer|vergeet", "vorige|eerdere|voorgaande|bovenstaande", "instructie|opdracht|regels|aanwijzing"),
    "pl": ("zignoruj|ignoruj|zapomnij", "poprzedni|wcześniejsz|powyższ", "instrukcj|polece"),
    "ru": ("игнорируй|проигнорируй|забудь", "предыдущ|прежн|вышеуказан", "инструкц|указани|команд"),
    "uk": ("ігноруй|проігноруй|забудь", "попередн|вищезазначен", "інструкц|вказівк|команд"),
    "zh": ("忽略|无视|無視|忘记|忘記", "之前|以上|前面|先前|此前|上述", "指令|指示|提示|要求|规则|規則"),
    "ja": ("以前の|これまでの|上記の|前の", "指示|命令|プロンプト", "無視|忘れ"),
    "ko": ("이전|앞선|위의", "지시|명령|지침|프롬프트", "무시|잊"),
    "ar": ("تجاهل|انس|أهمل", "التعليمات|الأوامر|الاوامر", "السابقة|أعلاه|اعلاه"),
}
_ENDS = "flagged|rejected|classified|marked|label|approved|accepted|discarded|ignored|held"
_DEMANDS: dict[str, tuple[Parts, ...]] = {  # what should become of this text
    "en": (
        ("this article|this text|this page|this story|this document", "must|should|shall|has to|needs to", _ENDS),
        ("do not|don.t|never|always", "flag|reject|classify|hold", "this article|this text|this page|this document"),
        ("classifier|language model|assistant", "must|should|shall", "flag |reject |classify |label "),
        ("system|developer", "prompt|instruction", ":"),
    ),
    "fr": (("cet article|ce texte|cette page", "doit|devrait", "signal|rejet|class|marqu|ignor|accept|écart"),),
    "de": (
        ("dieser artikel|dieser text|diese seite", "muss|soll|darf", "markiert|abgelehnt|gemeldet|eingestuft|akzept"),
    ),
    "es": (("este artículo|este texto|esta página", "debe|tiene que", "marca|rechaza|clasifica|señala|acepta|ignora"),),
    "pt": (("este artigo|este texto|esta página", "deve|tem", "marca|rejeita|classifica|sinaliza|aceit|ignora"),),
    "it": (("questo articolo|questo testo", "deve|dovrebbe", "segnala|rifiuta|classifica|scarta|accetta|respint"),),
    "nl": (("dit artikel|deze tekst|deze pagina", "moet|mag|dient", "gemarkeerd|afgewezen|gemeld|genegeerd|goedgek"),),
    "pl": (("ten artykuł|ten tekst|ta strona", "musi|powin", "oznaczon|odrzucon|sklasyfikowan|zaakceptowan"),),
    "ru": (("эта статья|эту статью|этот текст", "должн|следует|нужно", "отмечен|пометить|отклон|классифиц"),),
    "uk": (("ця стаття|цю статтю|цей текст", "має|потрібно|слід|повинн", "позначен|позначити|відхил|класифік"),),
    "zh": (("本文|此文|这篇文章|這篇文章", "必须|必須|应当|应该|應該|应被", "标记|標記|拒绝|拒絕|归类|歸類|判定"),),
    "ja": (("この記事", "フラグ|却下|拒否|分類", "べき|ください|必要"),),
    "ko": (("이 기사|이 글", "표시|거부|분류|승인", "해야|하십시오|하라"),),
    "ar": (("هذا المقال|هذا النص", "يجب|ينبغي", "وضع علامة|رفض|تصنيف|قبول"),),
}
_GAP = r"[^.。]{0,24}?"


def commands(text: str, language: str | None) -> bool:
    """Whether a text holds such a sentence."""
    folded = text.lower()
    return any(
        sentence.search(folded)
        for code in dict.fromkeys(("en", language or "en"))
        for needed, sentence in _sentences(code)
        if any(part in folded for part in needed)
    )


@cache
def _sentences(language: str) -> list[tuple[tuple[str, ...], re.Pattern[str]]]:
    """The sentences of a language, each with beginnings of which it needs one: to look for those first is cheap."""
    rows = [(row, 2) for row in [_ORDERS.get(language)] if row] + [(row, 0) for row in _DEMANDS.get(language, ())]
    return [
        (
            tuple(part.split(".")[0] for part in row[needed].split("|")),
            re.compile(_GAP.join(f"(?:{part})" for part in row)),
        )
        for row, needed in rows
    ]
