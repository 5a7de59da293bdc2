"""Pages that are well and are no article. Conservative: where it is not plain, the page passes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.errors import NotAnArticleError, PageKind
from crawler.extract.listing import is_listing
from crawler.extract.residue import weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.extract.jsonld import Schema
    from crawler.extract.listing import Shape
    from crawler.extract.metadata import Metadata
    from crawler.page import Page

EMPTY = 60  # weight of a text that is none
STUB = 350  # of the lead that a paywall or a video leaves
SHORT = 1_000  # of the text of a page that only says something about itself
LOGIN_WORDS = 6
COOKIES = 5  # mentions in a short text that make it a consent wall

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

_CHALLENGE = re.compile(
    r"enable javascript and cookies|javascript is (?:disabled|required|not enabled)|"
    r"please (?:enable|turn on) javascript|checking your browser|verify (?:that )?you are (?:a )?human|unusual traffic|"
    r"cloudflare ray id|(?:complete|solve) the captcha",
    re.IGNORECASE,
)
_WALL = re.compile(
    r"(?:subscribe|register|log ?in|sign ?in|sign ?up|join) (?:now |today |here )?"
    r"(?:to|and) (?:continue|keep|read|unlock|view)|to (?:continue|keep) reading|to read the (?:full|whole|rest)|"
    r"(?:only|exclusive(?:ly)?|reserved) (?:for|to) (?:our )?(?:paying |premium )?(?:subscribers|members)|"
    r"(?:subscriber|member|premium)s?[- ](?:only|exclusive)|already a (?:subscriber|member)|für abonnenten|"
    r"mit (?:einem )?abo(?:nnement)? (?:weiter)?lesen|jetzt (?:weiterlesen|freischalten)|"
    r"réservé(?:e)? (?:aux|à nos) abonnés|la suite est réservée|il vous reste \d+|"
    r"(?:solo|exclusivo) para (?:suscriptores|assinantes)|contenido exclusivo|riservat[oa] agli abbonati|"
    r"(?:alleen|exclusief) voor abonnees|(?:enbart|endast) för prenumeranter|for abonnenter|vain tilaajille|"
    r"tylko dla (?:subskrybentów|prenumeratorów)|для подписчиков|для передплатників|abonelere özel|للمشتركين|会員限定|"
    r"有料会員|この記事は有料|残り\d+文字|구독자 전용|유료 회원|订阅后|付费阅读|订户专享|訂戶",
    re.IGNORECASE,
)
_WALL_CLASS = re.compile(
    r"""class\s*=\s*["'][^"'<>]{0,200}(?:paywall|regwall|subscriber-only|premium-content)""", re.IGNORECASE
)
_VIDEO_PATH = re.compile(r"/(?:videos?|watch|mediathek|player)/", re.IGNORECASE)


def refuse(
    page: Page, *, source: str, metadata: Metadata, schema: Schema, shape: Shape, read: Sequence[str], text: str
) -> None:
    """Raise `NotAnArticleError` when the page is an error, a login, a consent wall, a stub or a list of other pages.

    `read` are the lines that were found, `text` what is left of them without residue.
    """
    said = weight(text.replace("\n", " "))
    if said < STUB:
        _refuse_paywall(source, schema, "\n".join(read), text)
    if said < SHORT:
        _refuse_notice(page, source, metadata, text)
    if said < STUB:
        _refuse_video(page, metadata, schema)
    listing, score = is_listing(page, source=source, metadata=metadata, schema=schema, shape=shape, text=text)
    if listing:
        raise NotAnArticleError(PageKind.LISTING, f"score {score}")
    if said < EMPTY:
        raise NotAnArticleError(PageKind.EMPTY, f"{said} characters of text")


def _refuse_paywall(source: str, schema: Schema, read: str, text: str) -> None:
    cut = text.rstrip().endswith(("…", "...", "[…]", "[...]"))
    if schema.free is False or _WALL.search(read) or (cut and _WALL_CLASS.search(source)):
        raise NotAnArticleError(PageKind.PAYWALL, f"{len(text)} characters are free")


def _refuse_notice(page: Page, source: str, metadata: Metadata, text: str) -> None:
    host = urlsplit(page.url).hostname or ""
    title = metadata.title or ""
    if _ERROR.search(title) or (weight(text) < STUB and _CHALLENGE.search(text)):
        raise NotAnArticleError(PageKind.ERROR, title)
    if _CONSENT_HOST.match(host) or _CONSENT.search(title) or len(_COOKIES.findall(text)) >= COOKIES:
        raise NotAnArticleError(PageKind.CONSENT, title or host)
    if (_LOGIN.match(title) and len(title.split()) <= LOGIN_WORDS) or (
        weight(text) < STUB and _PASSWORD.search(source) and not metadata.published
    ):
        raise NotAnArticleError(PageKind.LOGIN, title)


def _refuse_video(page: Page, metadata: Metadata, schema: Schema) -> None:
    declared = "videoobject" in schema.types or metadata.page_type.startswith("video")
    if (declared and not schema.is_article) or _VIDEO_PATH.search(urlsplit(page.url).path):
        raise NotAnArticleError(PageKind.VIDEO, metadata.title or "")
