"""What a page is instead of an article, by name."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crawler.errors import NotAnArticleError, PageKind
from crawler.extract import extract
from crawler.page import Page

if TYPE_CHECKING:
    from storage.records import Article

NOW = datetime(2026, 6, 1, tzinfo=UTC)
URL = "https://www.example.org/town/the-lamps-of-the-harbour-are-lit-again"
TITLE = "The lamps of the harbour are lit again"
LEAD = "The lamps along the harbour burn again after nine years, and the pilots say that they are glad of it."
TEXT = f"<p>{LEAD}</p>" + "".join(
    f"<p>{text}</p>"
    for text in (
        "A foundation bought the glass in four countries, because no single works makes all the colours any more.",
        "The keeper, who is eighty, showed the apprentices how to trim a wick, and then went home for his supper.",
        "Whoever wants to see them lit should come at dusk, for the foundation pays for no more than two hours.",
        "The next harbour down the coast has asked for the plans, and the engineers have sent a copy of them.",
    )
)


def read(body: str, *, title: str = TITLE, head: str = "", url: str = URL) -> Article:
    source = f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    return extract(Page(url=url, body=source.encode(), fetched_at=NOW))


def kind_of(body: str, **about: str) -> PageKind:
    with pytest.raises(NotAnArticleError) as refused:
        read(body, **about)
    return refused.value.kind


@pytest.mark.parametrize(
    "wall",
    [
        "Subscribe to continue reading this story and a hundred others.",
        "This article is only for subscribers.",
        "Dieser Artikel ist nur für Abonnenten.",
        "La suite est réservée aux abonnés du journal.",
        "Contenido exclusivo para suscriptores.",
        "Статья доступна только для подписчиков.",
        "この記事は会員限定です。残り812文字",
        "이 기사는 구독자 전용입니다.",
        "订阅后继续阅读全文",
    ],
)
def test_what_stops_at_a_wall_is_a_paywall(wall: str) -> None:
    assert kind_of(f"<article><h1>{TITLE}</h1><p>{LEAD}</p><p>{wall}</p></article>") is PageKind.PAYWALL


def test_a_lead_that_breaks_off_beside_a_wall_is_a_paywall() -> None:
    lead = f"<article><h1>{TITLE}</h1><p>{LEAD[:-1]}…</p></article>"
    assert kind_of(f"{lead}<div class='c-paywall__box'>Offers</div>") is PageKind.PAYWALL


def test_a_paywall_goes_before_the_login_that_it_offers() -> None:
    login = '<form><input type="password"></form>'
    assert kind_of(f"<article><p>{LEAD}</p><p>Log in to continue reading.</p></article>{login}") is PageKind.PAYWALL


def test_a_whole_article_that_sells_subscriptions_is_an_article() -> None:
    box = '<div class="paywall-offer"><p>Subscribe to continue supporting this paper.</p></div>'
    assert read(f"<article><h1>{TITLE}</h1>{TEXT}</article>{box}").text.startswith(LEAD)


def test_a_short_notice_without_a_wall_is_an_article() -> None:
    assert read(f"<article><h1>{TITLE}</h1><p>{LEAD}</p></article>").text == LEAD


@pytest.mark.parametrize(
    ("kind", "title", "body"),
    [
        (PageKind.ERROR, "Seite nicht gefunden", "<p>Diese Seite gibt es nicht.</p>"),
        (PageKind.ERROR, "Harbour News", "<p>Please enable JavaScript and cookies to continue to the site.</p>"),
        (
            PageKind.ERROR,
            "example.org",
            "<p>Verify you are human by completing the action below.</p>",
        ),
        (PageKind.LOGIN, "Iniciar sesión", "<p>Escriba su correo y su contraseña para entrar en la página.</p>"),
        (PageKind.CONSENT, "Avant de continuer", "<p>Nous et nos partenaires enregistrons des cookies chez vous.</p>"),
        (PageKind.EMPTY, TITLE, "<div id='root'></div>"),
    ],
)
def test_what_says_something_of_itself_is_named(kind: PageKind, title: str, body: str) -> None:
    assert kind_of(body, title=title) is kind


def test_a_page_that_is_a_video_is_a_video() -> None:
    said = "<p>See the lamps in two minutes.</p>"
    assert kind_of(said, head='<meta property="og:type" content="video.other">') is PageKind.VIDEO
    assert kind_of(said, url="https://www.example.org/videos/lamps-of-the-harbour") is PageKind.VIDEO


SHELF = "".join(
    f"<div><a href='/lamp-{number}'>Harbour lamp number {number}, of brass</a><b>€{number}9.00</b></div>"
    for number in range(40)
)
GUIDE = f"<p>Which lamp is the right one for your harbour depends on the fog, the wind and your budget. {LEAD}</p>"


@pytest.mark.parametrize("asked", ["", "?utm_source=mail", "?srsltid=AfmBOoq1x2y3z4a5b6c7d8e9f0"])
def test_a_shelf_of_goods_is_a_listing_wherever_a_reader_comes_from(asked: str) -> None:
    url = f"https://shop.example.org/collections/lamps{asked}"
    assert kind_of(f"<main><h1>Lamps</h1>{GUIDE}{SHELF}</main>", url=url, title="Lamps") is PageKind.LISTING


def test_prices_make_no_listing_of_an_article() -> None:
    cost = "<p>The lamp of berth {0} cost €{0}12.50, and its glass took a week.</p>"
    prices = "".join(cost.format(number) for number in range(40))
    assert "€" in read(f"<article><h1>{TITLE}</h1>{TEXT}{prices}</article>").text


@pytest.mark.parametrize("kind", PageKind)
def test_the_reason_begins_with_the_kind_and_survives_the_way_from_a_worker(kind: PageKind) -> None:
    error = pickle.loads(pickle.dumps(NotAnArticleError(kind, "why")))
    assert (error.kind, str(error)) == (kind, f"{kind}: why")
