"""What answers mean for a delivery: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.delivery.outcome import (
    LONGEST_WAIT,
    WAITS,
    Ending,
    deferred,
    of_exit,
    of_reply,
    of_status,
    retry_after,
    settlement,
    shown,
)
from storage.records import Address, Delivery, DeliveryState

AT = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
CLAIMED = [DeliveryState.PENDING, DeliveryState.DEFERRED, DeliveryState.UNCERTAIN]
ENDED = [DeliveryState.SENT, DeliveryState.DEFERRED, DeliveryState.UNCERTAIN, DeliveryState.FAILED]


def delivery(state: DeliveryState = DeliveryState.PENDING, *, attempts: int = 0) -> Delivery:
    return Delivery(
        id=1,
        edition=1,
        address=Address(channel="mail", recipient="ada@example.org"),
        state=state,
        attempts=attempts,
        next_at=AT,
        message_id="<1@example.org>",
        resent=False,
        detail="",
        sent_at=None,
    )


@given(
    st.sampled_from(CLAIMED),
    st.integers(0, 50),
    st.sampled_from(ENDED),
    st.none() | st.integers(0, 10**8).map(lambda seconds: timedelta(seconds=seconds)),
    st.text(max_size=20) | st.just("x" * 400),
)
def test_every_attempt_leads_somewhere_and_never_further_than_a_day(
    state: DeliveryState, attempts: int, ended: DeliveryState, wait: timedelta | None, words: str
) -> None:
    found = settlement(delivery(state, attempts=attempts), Ending(state=ended, words=shown(words), wait=wait), at=AT)
    assert found.state.owed == (found.next_at is not None)
    assert found.state is not DeliveryState.SENDING
    assert found.next_at is None or AT + WAITS[0] <= found.next_at <= AT + LONGEST_WAIT
    assert len(found.detail) <= 300
    assert shown(found.detail) == found.detail


@given(st.sampled_from(ENDED))
def test_what_may_have_arrived_is_sent_at_most_once_more(ended: DeliveryState) -> None:
    found = settlement(delivery(DeliveryState.UNCERTAIN), Ending(state=ended, words=""), at=AT)
    assert found.state is not DeliveryState.DEFERRED, "a doubt is not forgotten"
    assert (found.state is DeliveryState.UNCERTAIN) == (ended is DeliveryState.DEFERRED)


def test_the_waits_grow_from_five_minutes_to_a_day_and_end_after_five() -> None:
    at, attempts = AT, 0
    while (found := settlement(delivery(attempts=attempts), deferred("no"), at=at)).next_at:
        at, attempts = found.next_at, attempts + 1
    assert timedelta(days=4) < at - AT < timedelta(days=5.5)
    assert (found.state, found.detail) == (DeliveryState.FAILED, "given up after 12 attempts: no")


@given(st.integers(200, 599), st.text(), st.booleans())
def test_a_mail_is_sent_only_where_the_server_says_so_at_the_end(
    code: int,
    words: str,
    after: bool,  # noqa: FBT001 - hypothesis names it
) -> None:
    ending = of_reply(code, words, after_data=after)
    assert (ending.state is DeliveryState.SENT) == (after and code < 300)
    assert (ending.state is DeliveryState.FAILED) == (code >= 500)
    assert (ending.state is DeliveryState.UNCERTAIN) == (after and 300 <= code < 400)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *[(status, "sent") for status in (200, 202)],
        *[(status, "failed") for status in (301, 400, 404)],
        *[(status, "deferred") for status in (100, 408, 425, 429, 500, 503, 999)],
    ],
)
def test_a_web_answer_is_done_later_or_never(status: int, state: str) -> None:
    assert of_status(status).state == state


@pytest.mark.parametrize(("code", "state"), [(0, "sent"), (75, "deferred"), (1, "failed"), (-9, "uncertain")])
def test_an_exit_code_is_done_later_never_or_nobody_knows(code: int, state: str) -> None:
    assert of_exit(code, "").state == state


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Sun, 22 Nov 2026 07:10:00 GMT", timedelta(minutes=10)),
        ("Sun, 22 Nov 2026 06:10:00 GMT", timedelta()),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("9" * 400, None),
        ("١٢", None),
    ],
)
def test_a_date_to_come_back_at_is_read_in_both_its_forms(header: str | None, wait: timedelta | None) -> None:
    assert retry_after(header, at=AT) == wait
