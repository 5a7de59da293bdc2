"""The demo newsroom over the wire, and what its outlets print."""

from __future__ import annotations

import gzip
import json
import re
import socket
import tomllib
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from http.client import HTTPConnection, HTTPResponse
from itertools import combinations
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from jobs.demo.newsroom import HOST, Newsroom, NewsroomBusyError
from jobs.demo.outlets import Outlet, Story, outlets, story
from jobs.demo.press import Resource, expectations, printed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORIGIN = "http://127.0.0.1:8700"
OUTLETS = {outlet.slug: outlet for outlet in outlets()}
STORIES = [pytest.param(outlet, each, id=each.slug) for outlet in OUTLETS.values() for each in outlet.stories]
WHOLE = [
    pytest.param(outlet, each, id=each.slug)
    for outlet in OUTLETS.values()
    for each in outlet.stories
    if each.template == "page.html"
]


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(port=0, at=AT) as running:
        yield running


def get(url: str, *, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=5)) as connection:
        target = parts._replace(scheme="", netloc="").geturl()
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read()


def sources(newsroom: Newsroom) -> dict[str, Any]:
    return tomllib.loads(newsroom.sources())


def page(outlet: Outlet, each: Story) -> str:
    return body(outlet, printed_page(outlet, each))


def printed_page(outlet: Outlet, each: Story) -> Resource:
    answers = printed(outlet, at=AT, origin=ORIGIN)
    return next(answer for path, answer in answers.items() if each.slug in path or path == each.path)


def body(outlet: Outlet, resource: Resource) -> str:
    return resource.body.decode(outlet.encoding)


def strings(markup: str | bytes, path: str) -> list[str]:
    """What an XPath that names texts or attributes finds."""
    found = html.fromstring(markup).xpath(path)
    assert isinstance(found, list)
    return [str(each) for each in found]


def links(outlet: Outlet) -> list[str]:
    """What the outlet's source offers, read the way its format is read."""
    resource = printed(outlet, at=AT, origin=ORIGIN)[outlet.source.path]
    match outlet.source.format:
        case "section.html":
            return [ORIGIN + href for href in strings(resource.body, "//article/a/@href")]
        case "news-sitemap.xml":
            return [element.text or "" for element in etree.fromstring(resource.body).iter("{*}loc")]
        case "feed.json":
            return [item["url"] for item in json.loads(resource.body)["items"]]
        case _:
            return [entry.link for entry in feedparser.parse(resource.body).entries]


# --- the server


def test_every_outlet_is_an_origin_of_its_own(newsroom: Newsroom) -> None:
    assert len(set(newsroom.ports)) == len(OUTLETS)
    assert all(table["url"].startswith(f"http://{HOST}:") for table in sources(newsroom).values())


def test_ports_follow_the_first_one() -> None:
    first = free_ports(len(OUTLETS))
    with Newsroom(port=first, at=AT) as newsroom:
        assert newsroom.ports == tuple(range(first, first + len(OUTLETS)))


def free_ports(count: int) -> int:
    """The first of so many neighbours that are all free."""
    for first in range(20000, 30000, count):
        try:
            for port in range(first, first + count):
                with socket.create_server((HOST, port)):
                    pass
        except OSError:
            continue
        return first
    pytest.skip("no run of free ports")


def test_a_taken_port_is_named_with_its_cure_and_nothing_is_left_listening() -> None:
    first = free_ports(len(OUTLETS))
    with (
        socket.create_server((HOST, first + 2)),
        pytest.raises(NewsroomBusyError, match=f"port {first + 2} .*choose another") as busy,
    ):
        Newsroom(port=first, at=AT).__enter__()
    assert busy.value.port == first + 2
    with socket.create_server((HOST, first)):
        pass


def test_every_expected_url_is_answered_with_the_status_it_stands_for(newsroom: Newsroom) -> None:
    broken = {"gone": 404, "failed": 500}
    for url, expect in newsroom.expectations().items():
        assert get(url)[0].status == broken.get(expect, 200), url


def test_a_page_that_has_not_changed_is_answered_with_304(newsroom: Newsroom) -> None:
    for table in sources(newsroom).values():
        first, _ = get(table["url"])
        for validator in (
            {"If_None_Match": first.headers["ETag"]},
            {"If_Modified_Since": first.headers["Last-Modified"]},
        ):
            again, nothing = get(table["url"], **validator)
            assert (again.status, nothing) == (304, b"")


def test_a_stale_or_meaningless_validator_gets_the_page(newsroom: Newsroom) -> None:
    url = next(iter(newsroom.expectations()))
    for validator in (
        {"If_None_Match": 'W/"another"'},
        {"If_Modified_Since": "Thu, 01 Jan 2026 00:00:00 GMT"},
        {"If_Modified_Since": "yesterday"},
    ):
        assert get(url, **validator)[0].status == 200


def test_gzip_is_sent_to_those_who_accept_it(newsroom: Newsroom) -> None:
    url = next(iter(newsroom.expectations()))
    plain, text = get(url)
    packed, data = get(url, Accept_Encoding="gzip, deflate")
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(data) == text


def test_head_has_the_headers_and_no_body(newsroom: Newsroom) -> None:
    url = next(iter(newsroom.expectations()))
    head, nothing = get(url, method="HEAD")
    assert nothing == b""
    assert head.headers["Content-Length"] == get(url)[0].headers["Content-Length"]


def test_an_unknown_path_is_not_found(newsroom: Newsroom) -> None:
    response, _ = get(f"http://{HOST}:{newsroom.ports[0]}/no-such-page")
    assert response.status == 404
    assert response.headers["ETag"] is None


def test_tracking_parameters_lead_to_the_same_page(newsroom: Newsroom) -> None:
    url = next(iter(newsroom.expectations()))
    assert get(url + "?utm_source=rss")[1] == get(url)[1]


def test_one_connection_carries_many_requests(newsroom: Newsroom) -> None:
    with closing(HTTPConnection(HOST, newsroom.ports[0], timeout=5)) as connection:
        for _ in range(3):
            connection.request("GET", "/robots.txt")
            with connection.getresponse() as response:
                assert response.read()
                assert not response.will_close


def test_every_request_is_on_record() -> None:
    with Newsroom(port=0, at=AT) as newsroom:
        host = f"{HOST}:{newsroom.ports[0]}"
        get(f"http://{host}/robots.txt?again", User_Agent="reader/1.0")
        get(f"http://{host}/nothing", method="HEAD")
        assert newsroom.requests == [
            ("GET", host, "/robots.txt?again", 200, "reader/1.0"),
            ("HEAD", host, "/nothing", 404, ""),
        ]


def test_leaving_hangs_up_on_kept_alive_connections() -> None:
    with closing(HTTPConnection(HOST, timeout=5)) as connection:
        with Newsroom(port=0, at=AT) as newsroom:
            connection.port = newsroom.ports[0]
            connection.request("GET", "/robots.txt")
            with connection.getresponse() as response:
                response.read()
            wire = connection.sock
        assert wire.recv(1) == b""


def test_the_newsroom_is_silent(newsroom: Newsroom, capfd: pytest.CaptureFixture[str]) -> None:
    get(f"http://{HOST}:{newsroom.ports[0]}/robots.txt")
    get(f"http://{HOST}:{newsroom.ports[0]}/nothing")
    assert capfd.readouterr() == ("", "")


def test_any_zone_may_tell_the_time() -> None:
    east = timezone(timedelta(hours=9))
    with Newsroom(port=0, at=AT.astimezone(east)) as newsroom:
        response, _ = get(sources(newsroom)["meridian-wire"]["url"])
        assert (response.headers["Last-Modified"] or "").endswith("GMT")


# --- what the outlets print


def test_every_kind_of_source_occurs() -> None:
    assert {outlet.source.format for outlet in OUTLETS.values()} == {
        "rss.xml",
        "atom.xml",
        "rdf.xml",
        "feed.json",
        "news-sitemap.xml",
        "section.html",
    }


@pytest.mark.parametrize("slug", OUTLETS)
def test_a_source_offers_every_article_and_nothing_else(slug: str) -> None:
    outlet = OUTLETS[slug]
    offered = links(outlet)
    assert len(offered) == len(set(offered))
    assert {link.partition("?utm")[0] for link in offered} == set(expectations(outlet, origin=ORIGIN))


def test_one_article_is_offered_under_two_tracking_urls() -> None:
    counts = Counter(link.partition("?utm")[0] for outlet in OUTLETS.values() for link in links(outlet))
    assert [count for count in counts.values() if count > 1] == [2]


@pytest.mark.parametrize("slug", OUTLETS)
def test_robots_forbid_exactly_what_is_expected_to_be_blocked(slug: str) -> None:
    outlet = OUTLETS[slug]
    robots = RobotFileParser()
    robots.parse(outlet.robots.splitlines())
    for url, expect in expectations(outlet, origin=ORIGIN).items():
        assert robots.can_fetch("spywire", url) is (expect != "blocked")


@pytest.mark.parametrize(("outlet", "each"), WHOLE)
def test_a_page_carries_its_headline_and_every_paragraph(outlet: Outlet, each: Story) -> None:
    markup = page(outlet, each)
    printed_text = " ".join("".join(strings(markup, "//body//text()")).split())
    assert next(heading.strip() for heading in strings(markup, "//h1//text()") if heading.strip()) == each.title
    assert each.title in "".join(strings(markup, "//title/text()"))
    assert all(" ".join(block.text.split()) in printed_text for block in each.blocks)


@pytest.mark.parametrize(("outlet", "each"), WHOLE)
def test_linked_data_is_json_and_dates_the_article(outlet: Outlet, each: Story) -> None:
    published = (AT - timedelta(hours=each.age_hours)).replace(second=0)
    for script in strings(page(outlet, each), "//script[@type='application/ld+json']/text()"):
        assert json.loads(script)
        assert published.isoformat() in script


@pytest.mark.parametrize(("outlet", "each"), STORIES)
def test_no_page_refers_to_another_machine(outlet: Outlet, each: Story) -> None:
    references = strings(page_as_sent(outlet, each), "//@href | //@src | //@action | //@srcset")
    assert all(reference.startswith(("/", "#", "?", ORIGIN)) for reference in references)
    assert not [reference for reference in references if reference.startswith("//")]


def page_as_sent(outlet: Outlet, each: Story) -> str:
    return printed_page(outlet, each).body.decode(each.encoding or outlet.encoding)


def test_some_outlets_name_their_charset_and_some_do_not() -> None:
    named = {
        outlet.slug: "charset=" in printed(outlet, at=AT, origin=ORIGIN)["/"].content_type
        for outlet in OUTLETS.values()
    }
    assert Counter(named.values())[False] == 2
    assert not named["phare-du-soir"]


def test_the_broken_page_is_not_in_the_charset_that_it_claims() -> None:
    outlet = OUTLETS["elbtaler-bote"]
    broken = next(each for each in outlet.stories if each.template == "broken.html")
    resource = printed_page(outlet, broken)
    assert resource.content_type == "text/html; charset=utf-8"
    with pytest.raises(UnicodeDecodeError):
        resource.body.decode("utf-8")
    assert not resource.body.rstrip().endswith(b"</html>")


def test_the_spun_page_has_neither_author_nor_date_and_has_lost_its_days() -> None:
    outlet = OUTLETS["trend-hive"]
    spun = next(each for each in outlet.stories if each.shares_text_with)
    markup = page(outlet, spun)
    assert spun.author is None
    assert AT.strftime("%Y-%m-%d") not in markup
    assert re.findall(r"in September ,", markup)


def test_espionage_stands_beside_stories_that_have_none_of_it() -> None:
    outlet = OUTLETS["harbour-post"]
    football = next(each for each in outlet.stories if each.slug == "rovers-hold-united")
    assert "GRU cyber unit" in page(outlet, football)
    assert "GRU" not in "".join(block.text for block in football.blocks)


def test_edition_two_changes_exactly_one_article() -> None:
    changed = {
        path
        for first, second in zip(outlets(edition=1), outlets(edition=2), strict=True)
        for path in differing(printed(first, at=AT, origin=ORIGIN), printed(second, at=AT, origin=ORIGIN))
    }
    assert changed == {"/saltmarsh-implant-in-ministry-gateways/", "/atom.xml"}


def differing(first: Mapping[str, Resource], second: Mapping[str, Resource]) -> set[str]:
    assert first.keys() == second.keys()
    return {path for path in first if first[path].body != second[path].body}


def test_edition_two_has_a_newer_date_in_page_feed_and_header() -> None:
    first, second = (printed(outlets(edition=edition)[0], at=AT, origin=ORIGIN) for edition in (1, 2))
    for path in ("/saltmarsh-implant-in-ministry-gateways/", "/atom.xml"):
        earlier, later = first[path].modified, second[path].modified
        assert earlier is not None
        assert later is not None
        assert earlier < later < AT
        assert later.isoformat().encode() in second[path].body


def test_unrelated_articles_share_no_sentence() -> None:
    stories = [each for edition in (1, 2) for outlet in outlets(edition=edition) for each in outlet.stories]
    for one, other in combinations(stories, 2):
        if one.slug != other.slug and other.slug not in one.shares_text_with:
            assert not sentences(one) & sentences(other)


def sentences(each: Story) -> set[str]:
    """Those of four words or more; a Chinese character counts as a word."""
    text = "\n".join(block.text for block in each.blocks)
    parts = (part.strip().casefold() for part in re.split(r"[.!?。！？\n]+", text))
    return {part for part in parts if len(re.findall(r"[一-鿿]|\w+", part)) >= 4}


def test_reprints_name_each_other() -> None:
    by_slug = {each.slug: each for outlet in OUTLETS.values() for each in outlet.stories}
    for each in by_slug.values():
        assert all(each.slug in by_slug[other].shares_text_with for other in each.shares_text_with)


def test_every_story_is_fresh() -> None:
    ages = [each.age_hours for outlet in OUTLETS.values() for each in outlet.stories]
    assert min(ages) >= 0.5
    assert max(ages) <= 40


@settings(max_examples=20, deadline=None)
@given(at=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - made aware
def test_addresses_stay_the_same_whatever_the_day(at: datetime) -> None:
    outlet = OUTLETS["yunting"]
    assert printed(outlet, at=at, origin=ORIGIN).keys() == printed(outlet, at=AT, origin=ORIGIN).keys()


def test_every_page_has_an_address_of_its_own() -> None:
    for outlet in OUTLETS.values():
        assert len(expectations(outlet, origin=ORIGIN)) == len(outlet.stories) + len(outlet.offers)


def test_a_story_without_front_matter_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="lost-page: no front matter"):
        story("lost-page", "Only prose.")
