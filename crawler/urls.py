"""The identity of a URL, and what may be fetched at all.

A link has two spellings. It is fetched as its publisher wrote it (`absolute_url`), because servers may care about what
looks redundant; the ledger knows it by `url_key`, which is the same for every spelling of one page. The key is itself a
URL, so that a person can read it, and needs no network: it knows spellings, not redirects.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import quote, urljoin

MAX_URL_LENGTH = 2083  # the limit that browsers and proxies once agreed on; longer ones are traps or tracking

# Parameters that say where a reader came from, in lower case.
_TRACKERS = frozenset(
    """
    _ga _gl _hsenc _hsmi __hsfp __hssc __hstc __twitter_impression __tn__ _branch_match_id _branch_referrer
    cmp cmpid campaign_id dclid dicbo ef_id epik fb_action_ids fb_action_types fb_ref fb_source fbclid feature_id
    ftag fspartner gad_source gbraid gclid gclsrc guccounter guce_referrer guce_referrer_sig hsctatracking icid igsh
    igshid intcid int_cid internalsource ito kxconfid li_fat_id maca mc_cid mc_eid mkt_tok mkcid msclkid msockid ncid
    ocid oly_anon_id oly_enc_id partnerref rb_clickid recip_id ref_src ref_url referer referrer referringsource rss
    rsscount s_cid s_kwcid sc_cid sfmc_id sh_kit sharesource smid smtyp spm sr_share srnd srsltid syn-25a6b1a6 taid
    tduid traffic_source trk trkcampaign trkinfo ttclid twclid twitter_impression vero_conv vero_id wbraid wickedid
    wickedsource wprov wt_mc wt_zmc xtor yclid ysclid zanpid
    jsessionid phpsessid aspsessionid cfid cftoken
    """.split()
)
_TRACKER_PREFIX = re.compile(
    r"(?:utm|at|ns|itm|mtm|pk|piwik|matomo|hss|hsa|ga|stm|sfmc|wt)_|dm_i$|cm_mmc$", re.IGNORECASE
)
_KEPT = frozenset({"at_id", "ga_id", "ns_id", "pk_id", "wt_id"})  # look like trackers, name a page
# Parameters that mean a page in one place and a referrer in another: the value decides.
_REFERRERS = frozenset({"cid", "from", "feed", "partner", "ref", "share", "source", "src", "via"})
_REFERRER_VALUE = re.compile(
    r"(?:.*[-_.])?(?:rss|feeds?|atom|twitter|x|t\.co|facebook|fb|linkedin|reddit|telegram|whatsapp|mastodon|email|mail|"
    r"e-?mail|newsletter|google|googlenews|hp|home|homepage|pocket|flipboard|jetpack-whatsapp|mobile|app|share)\d?",
    re.IGNORECASE,
)
# Parameters that ask for another dress of the same page: `?outputType=amp`, `?print=1`, Blogger's `?m=1`.
_VIEWS = {
    "amp": re.compile(r"|1|true|yes|amp", re.IGNORECASE),
    "format": re.compile(r"amp|print", re.IGNORECASE),
    "m": re.compile(r"0|1"),
    "mobile": re.compile(r"|0|1|true|false|yes|no", re.IGNORECASE),
    "output": re.compile(r"amp|print", re.IGNORECASE),
    "outputtype": re.compile(r"amp", re.IGNORECASE),
    "print": re.compile(r"|1|true|yes|y|print|pdf", re.IGNORECASE),
    "printable": re.compile(r"|1|true|yes|y", re.IGNORECASE),
    "view": re.compile(r"print|amp|mobile", re.IGNORECASE),
}

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # and lone surrogates, which no encoding takes
_PARTS = re.compile(r"https?:/*([^/?#\\]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_PORT = re.compile(r":(\d*)$")
_DNS_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*")
# What most links look like. Several times cheaper than taking them apart, because the links of one feed begin alike.
_PLAIN_START = re.compile(
    r"https?://(?=[^/]{4,253}(?:/|\Z))([a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9][a-z0-9-]{0,62})+)"
    r"((?:/(?!(?i:amp|print))[A-Za-z0-9_~-]+)*)"
)
_PLAIN_END = re.compile(r"(?!(?i:amp|print|(?:index|default)\.))[A-Za-z0-9_~-]+(?<!(?i:amp))(?:\.s?html?)?")
_LONGEST_PLAIN = MAX_URL_LENGTH // 3  # what an escape makes of a character
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_.~%+=&-]*")

_TWIN_HOST = re.compile(r"(?:www\d?|m|mobile|amp)\.(?=(?:[^.]+\.)+[^.]{2,}$)")
_SECOND_LEVEL = re.compile(r"(?:com?|org|net|gov|gob|gouv|edu|ac|or|ne|go)\.[a-z]{2}")
_INDEX = re.compile(r"/(?:index|default)\.(?:s?html?|php|aspx?|jsp)$", re.IGNORECASE)
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/]*", re.IGNORECASE)
_TWIN_END = re.compile(
    r"(?:/(?:amp|print)|\.amp|(?<=\d)-amp|\.amp(?=\.html$)|(?<=\d)-amp(?=\.html$))(\.html)?$", re.IGNORECASE
)
_FILE = re.compile(r"\.s?html?$", re.IGNORECASE)
_DIGIT = re.compile(r"\d")

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_BARE = re.compile(r"[A-Za-z0-9._~/-]*")  # reads the same in host, path and query
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_IN_PATH = "/%:@!$'()*+,;=~&"
_IN_QUERY = "/%:@!$'()*,;~?"


class _Parts(NamedTuple):
    authority: str
    path: str
    query: str
    fragment: str


def url_key(url: str) -> str:
    """The canonical identity of `url`: equal for all spellings of one page, and a key's key is itself.

    Scheme, `www.`, default port, user, tracking parameters, order of parameters, needless escapes, dot segments,
    doubled and trailing slashes, index files and fragments make no difference. A fragment that is a route (`#!/x`,
    `#/x`) does. AMP, print and mobile twins share the key of the page where the spelling alone proves the twin; a
    section called "amp" keeps its own.

    A key has at most `MAX_URL_LENGTH` characters of ASCII; the end of a longer one is replaced by its SHA-256.

    ValueError for anything that is not http(s); nothing else is raised, however odd the URL.
    """
    return _plain_key(url) or _key(url)


def _plain_key(url: str) -> str | None:
    """The key of a URL that is fetched as it stands; None if it has to be taken apart, which gives the same, slower."""
    address, _, query = url.partition("?")
    start, _, end = address.rstrip("/").rpartition("/")
    if len(url) > _LONGEST_PLAIN or not _PLAIN_END.fullmatch(end):
        return None
    known, asked = _plain_start(start), _plain_query(query) if query else ""
    return None if known is None or asked is None else f"{known}{end}{asked}"


@lru_cache(maxsize=256)
def _plain_start(url: str) -> str | None:
    plain = _PLAIN_START.fullmatch(url)
    return f"https://{_twinless_host(plain[1])}{plain[2]}/" if plain else None


@lru_cache(maxsize=256)
def _plain_query(query: str) -> str | None:
    key = _query_key(query) if _PLAIN_QUERY.fullmatch(query) else None
    return f"?{key}" if key else key


def _key(url: str) -> str:
    parts = _split(_CONTROLS.sub("", url).strip())
    query = _query_key(parts.query)
    path = _path_key(parts.path, queried=bool(query))
    route = _escaped(parts.fragment, _IN_QUERY + "&=+") if parts.fragment[:1] in {"!", "/"} else ""
    key = f"https://{_authority_key(parts.authority)}{path}{'?' * bool(query)}{query}{'#' * bool(route)}{route}"
    return key if len(key) <= MAX_URL_LENGTH else _shortened(key)


def _shortened(key: str) -> str:
    path = re.split(r"[?#]", key, maxsplit=1)[0][: MAX_URL_LENGTH // 2]
    kept = re.sub(r"(?:%[0-9A-F]?|[^\w])+$", "", path)
    return f"{kept}/~{sha256(key.encode()).hexdigest()}"


def absolute_url(base: str, href: str) -> str | None:
    """`href` as found in a document at `base`, ready to be fetched; None for what is not ours to fetch.

    That is: http or https, a host that DNS can be asked for, no user or password, at most `MAX_URL_LENGTH` characters.
    Whitespace at the ends and control characters go; for the rest the publisher's spelling is kept.
    """
    return href if _plain_key(href) else _absolute(base, href)


def url_and_key(base: str, href: str) -> tuple[str, str] | None:
    """`absolute_url` and the `url_key` of what it gives; None for what is not ours to fetch."""
    if key := _plain_key(href):
        return href, key
    url = _absolute(base, href)
    return (url, url_key(url)) if url else None


def _absolute(base: str, href: str) -> str | None:
    href = _CONTROLS.sub("", href).strip()
    try:
        url = href if href[:8].lower().startswith(("http://", "https://")) else urljoin(base, href)
    except ValueError:  # brackets that are no IPv6 address
        return None
    if len(url) > MAX_URL_LENGTH or not url[:8].lower().startswith(("http://", "https://")):
        return None
    authority = _split(url).authority
    return url if "@" not in authority and _fetchable(authority) else None


def host_of(url: str) -> str:
    """The host of `url` in the form DNS is asked: lower case, punycode, no port. ValueError unless http(s)."""
    return _host(_split(url).authority)


def _split(url: str) -> _Parts:
    match = _PARTS.match(url)
    if match is None:
        raise ValueError(f"not an http(s) URL: {url[:200]!r}")
    authority, path, query, fragment = match.groups("")
    return _Parts(authority, path, query, fragment)


def _host(authority: str) -> str:
    host = _PORT.sub("", authority.rpartition("@")[2]).lower().strip(".")
    if _DNS_NAME.fullmatch(host) or host.startswith("["):
        return host
    try:
        ascii_host = host.encode("idna").decode("ascii").lower().strip(".")
    except UnicodeError:
        ascii_host = ""
    return ascii_host if _DNS_NAME.fullmatch(ascii_host) else _escaped(host, "%").lower()


def _fetchable(authority: str) -> bool:
    port = _PORT.search(authority)
    if port and port[1] and not 0 < int(port[1][:6]) < 2**16:
        return False
    host = _host(authority)
    if not host.startswith("["):
        return bool(_DNS_NAME.fullmatch(host))
    try:
        IPv6Address(host[1:-1])
    except ValueError:
        return False
    return True


def _authority_key(authority: str) -> str:
    host = _host(authority) or "invalid"  # RFC 2606 keeps that name for what has none
    if host.startswith("["):
        host = _escaped(host, "[]:%")
    port = _PORT.search(authority.rpartition("@")[2])
    number = port[1].lstrip("0") if port else ""
    return _twinless_host(host) + (f":{number}" if number not in {"", "80", "443"} else "")


def _twinless_host(host: str) -> str:
    """`host` without `www.`, `m.`, `amp.`: unless a public suffix is all that would be left."""
    while (twin := _TWIN_HOST.match(host)) and not _SECOND_LEVEL.fullmatch(host, twin.end()):
        host = host[twin.end() :]
    return host


def _path_key(path: str, *, queried: bool) -> str:
    path = _without_dots(_escaped(_SESSION.sub("", path.replace("\\", "/")), _IN_PATH))
    while (shorter := _shorter(path, queried=queried)) != path:
        path = shorter
    return path


def _shorter(path: str, *, queried: bool) -> str:
    path = path.rstrip("/")
    if not queried:
        path = _INDEX.sub("", path)
    if (end := _TWIN_END.search(path)) and _names_a_page(path[: end.start()]):
        path = path[: end.start()] + (end[1] or "")
    if path[:5].lower() == "/amp/" and _names_a_page(path):
        path = path[4:]
    return path or "/"


def _names_a_page(path: str) -> bool:
    """The last segment has a number, three words or a file's ending: an article's, not a section's."""
    last = path.rpartition("/")[2]
    return bool(_DIGIT.search(last)) or last.count("-") > 1 or bool(_FILE.search(last))


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4, and no empty segments: servers take `//` for `/`."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    return "/" + "/".join(kept)


def _query_key(query: str) -> str:
    if not query:
        return ""
    pairs = (_pair(piece) for piece in query.split("&") if piece)
    return "&".join(sorted({f"{name}={value}" for name, value in pairs if name and not _needless(name, value)}))


def _pair(piece: str) -> tuple[str, str]:
    name, _, value = piece.removeprefix("amp;").replace("+", "%20").partition("=")
    return _escaped(name, _IN_QUERY), _escaped(value, _IN_QUERY + "=")


def _needless(name: str, value: str) -> bool:
    name = name.lower()
    if name in _TRACKERS or (_TRACKER_PREFIX.match(name) and name not in _KEPT):
        return True
    if name in _REFERRERS:
        return bool(_REFERRER_VALUE.fullmatch(value))
    view = _VIEWS.get(name)
    return view is not None and bool(view.fullmatch(value))


def _escaped(text: str, safe: str) -> str:
    """One spelling of percent-escapes: upper case, unreserved characters bare, everything odd escaped."""
    if _BARE.fullmatch(text):
        return text
    if "%" in text:
        text = _ESCAPE.sub(_one_escape, text)
    return quote(text, safe=safe, errors="replace")


def _one_escape(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
