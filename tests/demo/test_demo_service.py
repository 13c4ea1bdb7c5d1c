from __future__ import annotations

import asyncio
from typing import Any

import httpx2 as httpx
import pytest
from contract_server import API_KEY, WEBHOOK_SECRET, Contract

from app.demo.service import Service

NO_WAITS = (0.0, 0.0, 0.0)


def message(event_id: str, text: str = "在吗") -> dict[str, Any]:
    return {
        "id": event_id,
        "type": "message",
        "at": "2026-11-18T12:00:00+08:00",
        "session": "s",
        "buyer": "b",
        "sender": "buyer",
        "text": text,
    }


@pytest.fixture
def service(client: httpx.AsyncClient, told: list[str]) -> Service:
    return Service(
        client,
        shop_id="demo",
        webhook_secret=WEBHOOK_SECRET,
        api_key=API_KEY,
        tell=told.append,
        retry_waits_s=NO_WAITS,
    )


async def test_a_delivery_is_signed_as_standard_webhooks_say(service: Service, contract: Contract) -> None:
    results = await service.send([message("e1"), message("e2", "有货吗？")])
    assert [result["status"] for result in results] == ["accepted", "accepted"]
    assert contract.refused == []
    assert [ids for _, _, ids in contract.deliveries] == [["e1", "e2"]]


async def test_a_wrong_secret_is_told_and_not_tried_again(
    client: httpx.AsyncClient, contract: Contract, told: list[str]
) -> None:
    other = WEBHOOK_SECRET.replace("QUJD", "QUJE")
    service = Service(
        client,
        shop_id="demo",
        webhook_secret=other,
        api_key=API_KEY,
        tell=told.append,
        retry_waits_s=NO_WAITS,
    )
    assert await service.send([message("e1")]) == []
    assert len(contract.refused) == 1
    assert "401" in told[0]


@pytest.mark.parametrize("fault", [500, 502, 503, 429, "lost"])
async def test_a_failed_delivery_comes_again_under_the_same_id(
    service: Service, contract: Contract, fault: int | str
) -> None:
    contract.faults = [fault, fault]
    (result,) = await service.send([message("e1")])
    assert result["status"] == ("duplicate" if fault == "lost" else "accepted")
    assert len(contract.deliveries) == 3
    assert len({delivery for delivery, _, _ in contract.deliveries}) == 1
    assert list(contract.events) == ["e1"]


async def test_two_deliveries_have_two_ids(service: Service, contract: Contract) -> None:
    await service.send([message("e1")])
    await service.send([message("e2")])
    assert len({delivery for delivery, _, _ in contract.deliveries}) == 2


@pytest.mark.parametrize("status", [400, 401, 409, 413, 422])
async def test_what_the_service_refuses_is_told_once_and_left(
    service: Service, contract: Contract, told: list[str], status: int
) -> None:
    contract.faults = [status]
    assert await service.send([message("e1")]) == []
    assert len(contract.deliveries) == 1
    assert len(told) == 1
    assert str(status) in told[0]


async def test_it_gives_up_after_its_last_retry(
    service: Service, contract: Contract, told: list[str]
) -> None:
    contract.faults = [503] * 10
    assert await service.send([message("e1")]) == []
    assert len(contract.deliveries) == 1 + len(NO_WAITS)
    assert "放弃" in told[-1]


async def test_an_unreachable_service_is_tried_again_and_nothing_is_raised(told: list[str]) -> None:
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9", trust_env=False) as nowhere:
        service = Service(
            nowhere,
            shop_id="demo",
            webhook_secret=WEBHOOK_SECRET,
            api_key=API_KEY,
            tell=told.append,
            retry_waits_s=NO_WAITS,
        )
        assert await service.send([message("e1")]) == []
        assert await service.lint("您好") == []
    assert len(told) == 1 + len(NO_WAITS)


async def test_a_rejected_event_is_told_and_the_rest_stand(
    service: Service, contract: Contract, told: list[str]
) -> None:
    await service.send([message("e1")])
    results = await service.send([message("e1", "别的话"), message("e2")])
    assert [result["status"] for result in results] == ["rejected", "accepted"]
    assert any("conflict" in line for line in told)


async def test_more_events_than_a_request_may_carry_go_in_several(
    service: Service, contract: Contract
) -> None:
    results = await service.send([message(f"e{number}") for number in range(1001)])
    assert len(results) == 1001
    assert [len(ids) for _, _, ids in contract.deliveries] == [500, 500, 1]


async def test_lint_asks_on_the_live_channel_with_the_key(service: Service, contract: Contract) -> None:
    contract.forbidden = ("最便宜",)
    findings = await service.lint("这是最便宜的", earlier=["您好"])
    assert [finding["severity"] for finding in findings] == ["error"]
    assert contract.linted == [{"text": "这是最便宜的", "channel": "live", "earlier": ["您好"]}]
    assert await service.lint("您好") == []


@pytest.mark.parametrize(
    "answer",
    [
        {"findings": [{"severity": "error"}]},
        {"results": [{"findings": [{"severity": "error"}]}]},
        [{"findings": [{"severity": "error"}]}],
    ],
)
async def test_lint_reads_one_answer_or_a_list_of_them(answer: Any) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    async with httpx.AsyncClient(base_url="http://miaohui", transport=transport) as client:
        service = Service(
            client, shop_id="demo", webhook_secret=WEBHOOK_SECRET, api_key=API_KEY, tell=lambda line: None
        )
        assert await service.lint("x") == [{"severity": "error"}]


async def test_a_request_under_way_is_finished_although_its_sender_is_cancelled(
    service: Service, contract: Contract
) -> None:
    sending = asyncio.ensure_future(service.send([message("e1")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await service.settle()
    assert list(contract.events) == ["e1"]
