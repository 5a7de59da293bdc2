"""Pages that are well and are no article. Conservative: where it is not plain, the page passes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.errors import NotAnArticleError
from crawler.extract.dates import date_in_url
from crawler.extract.markup import text_length
from crawler.extract.residue import weight
from storage.records import DateSource

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from crawler.extract.jsonld import Schema
    from crawler.extract.metadata import Metadata
    from crawler.page import Page

EMPTY = 60  # weight of a text that is none
STUB = 350  # of the lead that a paywall or a video leaves
SHORT = 1_000  # of the text of a page that only says something about itself
PARAGRAPH = 120
LITTLE, MUCH = 400, 2_500  # of prose on the whole page
LOGIN_WORDS = 6
COOKIES = 5  # mentions in a short text that make it a consent wall
CARDS, TEASERS = 10, 6
SLUG = 4  # hyphens in the last part of an address: a headline
SHALLOW = 2
LINKED = (0.25, 0.4, 0.6)  # a point for each share of text in links that is reached
LISTING = 4  # score from which a page is a list of others

_CODE = r"(?:40[0134]|410|429|50[0234])"
_ERROR = re.compile(
    rf"^\W*(?:error\s*)?{_CODE}\W*$|"
    rf"\b{_CODE}\b.{{0,40}}(?:error|not found|forbidden|fehler|erreur|errore?|gone|unavailable|too many requests)|"
    rf"(?:error|fehler|erreur|errore?)\W{{0,3}}{_CODE}|"
    r"(?:page|article|story|content|seite|artikel|página|pagina|site|url)\b.{0,30}"
    r"(?:not found|nicht gefunden|niet gevonden|introuvable|no (?:se )?encontrad[ao]|não encontrad[ao]|non trovata|"
    r"can(?:no|')t be found|could not be found|doesn't exist|does not exist|no longer (?:available|exists)|"
    r"unavailable)|"
    r"^\W*(?:not found|page introuvable|access(?: to this page has been)? denied|forbidden|just a moment|"
    r"attention required|are you a (?:robot|human)|robot or human|security check|verify(?:ing)? you are human|"
    r"pardon our interruption|service unavailable|bad gateway|site not found|request blocked|"
    r"sorry, you have been blocked|страница не найдена|сторінку не знайдено|strony nie znaleziono|stránka nenalezena|"
    r"sayfa bulunamadı|الصفحة غير موجودة|"
    r"页面不存在|页面未找到|找不到页面|找不到網頁|ページが見つかりません|お探しのページ|"
    r"페이지를 찾을 수 없)",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"^\W*(?:log[- ]?in|sign[- ]?in|sign[- ]?up|register|create (?:an |your )?account|subscriber login|anmelden|"
    r"anmeldung|einloggen|registrieren|connexion|se connecter|identifiez-vous|iniciar sesión|inicia sesión|acceso|"
    r"entrar|"
    r"fazer login|accedi|inloggen|aanmelden|logga in|logg inn|log ind|kirjaudu|zaloguj|logowanie|přihlášení|вход|войти|"
    r"увійти|вхід|giriş yap|تسجيل الدخول|登录|登錄|登入|ログイン|로그인)\b",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue|your privacy choices|we value your privacy|cookie consent|privacy preference|"
    r"manage (?:your )?(?:privacy|consent|cookies)|datenschutz-?einstellungen|zustimmung erforderlich|"
    r"mit werbung weiterlesen|"
    r"avant de continuer|gérer (?:vos|mes) cookies|antes de continuar|prima di continuare|voordat je verdergaat",
    re.IGNORECASE,
)
_CONSENT_HOST = re.compile(r"^(?:consent|guce|cmp|privacy-?(?:mgmt|gate)|myprivacy|cookie-?consent)\.", re.IGNORECASE)
_PASSWORD = re.compile(r"""<input[^<>]{0,300}type\s*=\s*["']?password""", re.IGNORECASE)
_COOKIES = re.compile(r"cookie|consent|datenschutz|einwilligung|confidentialité|privacidad|privacy", re.IGNORECASE)

_SECTION = re.compile(
    r"(?:categor(?:y|ies)|kategorien?|categori[ae]s?|catégories?|tags?|topics?|themen?|temas?|sections?|secci[oó]n|"
    r"rubri(?:k|que)s?|rubriken|archives?|authors?|autor(?:en)?|collections?|product-category|products?|catalogs?|c|shop|store|market|search|"
    r"suche|buscar|issues|jobs|remote-jobs|subjects?|newest|latest|schedule|standings|coupons|page)"
)
_INDEX = re.compile(
    r"(?:news|nachrichten|aktuelles|actualites|noticias|noticie|blog|press|presse|articles|artikel|stories|resources|latest|"
    r"newest|jobs|issues|archives?|index|default|home|in-the-news|media|events|insights|schedule|standings|coupons|citations|"
    r"trails|reviews|category|shop|publications|advisories|alerts|bulletins)(?:\.\w{3,5})?"
)
_NUMBERED = re.compile(r"\d{4,}|[a-f0-9]{8,}|(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{10,}", re.IGNORECASE)
_DEFAULT = re.compile(r"(?:index|default|home)\.\w{2,5}")
_MONTHLY = re.compile(r"/(?:19|20)\d\d/?[01]\d/[^/]+")
_LISTING_TYPES = {"collectionpage", "itemlist", "searchresultspage", "profilepage"}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a page looks: a list of others is made of links and cards."""

    linked: float = 0.0  # share of the text that is in links, once the surroundings are cut
    cards: int = 0  # headings that are links, on the whole page
    articles: int = 0


def shape_of(tree: HtmlElement) -> Shape:
    """The shape of a whole page; what is linked is for `with_links` to say."""
    return Shape(
        cards=sum(1 for heading in tree.iter("h2", "h3", "h4") if _is_card(heading)),
        articles=sum(1 for _ in tree.iter("article")),
    )


def with_links(shape: Shape, tree: HtmlElement) -> Shape:
    """The shape with the links of what is left after the surroundings were cut."""
    return replace(shape, linked=sum(map(text_length, tree.iter("a"))) / max(1, text_length(tree)))


def refuse(page: Page, *, source: str, metadata: Metadata, schema: Schema, shape: Shape, text: str) -> None:
    """Raise `NotAnArticleError` when the page is an error, a login, a consent wall, a stub or a list of other pages."""
    said = weight(text.replace("\n", " "))
    if said < SHORT:
        _refuse_notice(page, source, metadata, text)
    if said < STUB:
        _refuse_stub(page, metadata, schema, text)
    score = listing_score(page, metadata, schema, shape, text)
    if score >= LISTING:
        raise NotAnArticleError("listing", f"score {score}")
    if said < EMPTY:
        raise NotAnArticleError("empty", f"{said} characters of text")


def _refuse_notice(page: Page, source: str, metadata: Metadata, text: str) -> None:
    host = urlsplit(page.url).hostname or ""
    title = metadata.title or ""
    if _ERROR.search(title):
        raise NotAnArticleError("error", title)
    if _CONSENT_HOST.match(host) or _CONSENT.search(title) or len(_COOKIES.findall(text)) >= COOKIES:
        raise NotAnArticleError("consent", title or host)
    if (_LOGIN.match(title) and len(title.split()) <= LOGIN_WORDS) or (
        weight(text) < STUB and _PASSWORD.search(source) and not metadata.published
    ):
        raise NotAnArticleError("login", title)


def _refuse_stub(page: Page, metadata: Metadata, schema: Schema, text: str) -> None:
    if schema.free is False:
        raise NotAnArticleError("paywall", f"{len(text)} characters are free")
    video = "videoobject" in schema.types and not schema.is_article
    if video or re.search(r"/videos?/", urlsplit(page.url).path):
        raise NotAnArticleError("video", metadata.title or "")


def listing_score(page: Page, metadata: Metadata, schema: Schema, shape: Shape, text: str) -> int:
    """How much speaks for a list of other pages: its address, what it declares, how much of it is links."""
    prose = sum(size for line in text.split("\n") if (size := weight(line)) >= PARAGRAPH)
    return _by_url(page.url) + _by_claims(page, metadata, schema) + _by_shape(shape, prose)


def _by_url(url: str) -> int:
    parts = urlsplit(url)
    names = [name for name in parts.path.lower().split("/") if name and not _DEFAULT.fullmatch(name)]
    if not names:
        return 5 if not _NUMBERED.search(parts.query) else 0
    last = names[-1]
    if date_in_url(url) or _MONTHLY.search(parts.path) or _NUMBERED.search(last) or _NUMBERED.search(parts.query):
        return -3
    score = 2 * any(_SECTION.fullmatch(name) for name in names) + 2 * bool(_INDEX.fullmatch(last))
    if len(names) <= SHALLOW and "-" not in last:
        score += 1
    return score - 2 * (last.count("-") >= SLUG)


def _by_claims(page: Page, metadata: Metadata, schema: Schema) -> int:
    at_root = not urlsplit(page.url).path.strip("/")
    if at_root:
        return 0
    declared = metadata.date_source in {DateSource.FEED, DateSource.JSON_LD, DateSource.META}
    score = -3 if schema.is_article else -2 if declared else 1
    if page.link and page.link.title:  # a feed lists articles
        score -= 3
    if schema.types & _LISTING_TYPES and not schema.is_article:
        score += 2
    if metadata.page_type == "article":
        score -= 1
    return score + (metadata.page_type in {"website", "product"} and not schema.is_article)


def _by_shape(shape: Shape, prose: int) -> int:
    score = sum(shape.linked >= share for share in LINKED)
    score += (shape.cards >= CARDS) + (shape.articles >= TEASERS) + (prose < LITTLE) + (prose == 0)
    return score - 2 * (prose >= MUCH and shape.linked < LINKED[0])


def _is_card(heading: HtmlElement) -> bool:
    parent = heading.getparent()
    return heading.find(".//a") is not None or (parent is not None and parent.tag == "a")
