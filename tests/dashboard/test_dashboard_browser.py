"""The live page in a real Chromium, served by a small application with the routes that the service has."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from browser_site import AXE, MARKS, WATCH, listening
from live_views import HOSTILE, busy_view, empty_view, suggestion, waiting
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from app.usecases.live import LiveView, WaitingView
from app.web import dashboard
from app.web.rendering import SECURITY_HEADERS, STATIC_DIR
from app.web.sign_in_pages import sign_in_page

playwright_api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
Page = playwright_api.Page
expect = playwright_api.expect
expect.set_options(timeout=15_000)

pytestmark = MARKS


@dataclass
class Shop:
    """What the small application serves; tests change `view` and then `push`."""

    view: Callable[[datetime], LiveView] = busy_view
    up: bool = True
    signed_in: bool = True
    fetched: Counter[str] = field(default_factory=Counter)
    loop: asyncio.AbstractEventLoop | None = None
    listeners: set[asyncio.Queue[str | None]] = field(default_factory=set)
    address: str = ""

    def now(self) -> LiveView:
        return self.view(datetime.now(UTC))

    def push(self, *names: str) -> None:
        """Tell every open page that these parts changed."""
        self._send([f"event: {name}\ndata: changed\n\n" for name in names])

    def hang_up(self) -> None:
        """End every open stream, as a server does that stops."""
        self._send([None])

    def _send(self, lines: list[Any]) -> None:
        assert self.loop is not None

        def send() -> None:
            for queue in self.listeners:
                for line in lines:
                    queue.put_nowait(line)

        self.loop.call_soon_threadsafe(send)


def _application(shop: Shop) -> Starlette:
    def html(content: str, status: int = 200) -> Response:
        return HTMLResponse(content, status, headers=dict(SECURITY_HEADERS))

    async def index(request: Request) -> Response:
        shop.fetched["page"] += 1
        return html(dashboard.page(shop.now())) if shop.signed_in else RedirectResponse("/sign-in", 303)

    async def fragment(request: Request) -> Response:
        name = request.path_params["name"]
        shop.fetched[name] += 1
        if not shop.signed_in:
            return html(dashboard.error_page(401, "请先登录", "登录已过期。"), 401)
        if not shop.up:
            return PlainTextResponse("down", 503)
        return html(dashboard.fragment(name, shop.now()))

    async def stream(request: Request) -> Response:
        shop.fetched["stream"] += 1
        if not shop.up:
            return PlainTextResponse("down", 503)
        if not shop.signed_in:
            return PlainTextResponse("sign in", 401)
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        shop.loop = asyncio.get_running_loop()
        shop.listeners.add(queue)

        async def lines() -> AsyncIterator[str]:
            try:
                yield ": hello\n\n"
                while (line := await queue.get()) is not None:
                    yield line
            finally:
                shop.listeners.discard(queue)

        return StreamingResponse(
            lines(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def sign_in(request: Request) -> Response:
        return html(sign_in_page())

    async def error(request: Request) -> Response:
        return html(dashboard.error_page(404, "没有这一页", "地址可能写错了。"), 404)

    async def plain(request: Request) -> Response:
        return html('<!doctype html><title>x</title><textarea id="target"></textarea>')

    return Starlette(
        routes=[
            Route("/", index),
            Route("/live/stream", stream),
            Route("/live/{name}", fragment),
            Route("/sign-in", sign_in),
            Route("/error", error),
            Route("/plain", plain),
            Mount("/static", StaticFiles(directory=STATIC_DIR)),
        ]
    )


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    with listening(_application(shop), lifespan="off") as shop.address:
        yield shop


@pytest.fixture
def page(browser: Any, shop: Shop) -> Iterator[Any]:
    """A page that fails its test on any script error, dialog, foreign request or policy violation."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(15_000)
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (trouble.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((shop.address, "data:"))
            else trouble.append(f"foreign request: {request.url}")
        ),
    )
    page.on(
        "console",
        lambda message: trouble.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    violations = page.evaluate("() => window.violations")
    context.close()
    assert trouble == []
    assert violations == []


def open_live(page: Any, shop: Shop) -> None:
    """Open the page and wait until its stream stands and everything has been fetched anew once."""
    page.goto(shop.address)
    expect(page.locator("#link-state")).to_have_attribute("data-link", "live")
    deadline = time.monotonic() + 10
    while not shop.listeners or any(shop.fetched[name] < 1 for name in dashboard.FRAGMENTS):
        assert time.monotonic() < deadline, shop.fetched
        page.wait_for_timeout(20)


def buyers(*entries: WaitingView) -> Callable[[datetime], LiveView]:
    return lambda now: replace(empty_view(now), waiting=entries)


def one_buyer(left_s: float, **options: Any) -> Callable[[datetime], LiveView]:
    """A view with one buyer whose deadline is fixed `left_s` seconds from now."""
    return buyers(waiting(datetime.now(UTC), left_s=left_s, **options))


def test_the_countdown_ticks_down_and_changes_its_colour(page: Any, shop: Shop) -> None:
    shop.view = one_buyer(28, buyer="B1")
    open_live(page, shop)
    item = page.locator("li.buyer")
    expect(item).to_have_attribute("data-state", "amber")
    first = item.locator(".left").inner_text()
    expect(item.locator(".left")).not_to_have_text(first)
    assert item.locator(".left").inner_text() < first
    expect(item).to_have_attribute("data-state", "red")
    expect(item.locator(".left-name")).to_have_text("马上超时")


def test_a_buyer_who_is_missed_while_one_looks_moves_below_by_itself(page: Any, shop: Shop) -> None:
    shop.view = one_buyer(3)
    open_live(page, shop)
    expect(page.locator("#buyers-in-time li.buyer")).to_have_count(1)
    expect(page.locator("#buyers-missed li.buyer")).to_have_count(1)
    expect(page.locator("#buyers-missed .left-name")).to_have_text("已超时")


@pytest.mark.parametrize("skew_ms", [-600_000, 600_000])
def test_a_wrong_clock_of_the_computer_does_not_matter(page: Any, shop: Shop, skew_ms: int) -> None:
    page.add_init_script(
        f"""{{
          const real = Date.now.bind(Date), origin = performance.timeOrigin;
          Date.now = () => real() + {skew_ms};
          Object.defineProperty(performance, "timeOrigin", {{ get: () => origin + {skew_ms} }});
        }}"""
    )
    shop.view = one_buyer(70)
    open_live(page, shop)
    page.wait_for_timeout(1100)
    left = page.locator("li.buyer .left").inner_text()
    assert "00:45" < left < "01:10"


def test_a_part_is_drawn_anew_when_the_stream_says_so_and_the_page_is_not_loaded_again(
    page: Any, shop: Shop
) -> None:
    shop.view = one_buyer(120, buyer="先来的")
    open_live(page, shop)
    page.evaluate("() => { window.kept = true; }")
    before = shop.fetched.copy()
    first = waiting(datetime.now(UTC), left_s=100, buyer="先来的")
    shop.view = buyers(first, waiting(datetime.now(UTC), left_s=170, buyer="后到的"))
    shop.push("waiting")
    expect(page.locator("li.buyer")).to_have_count(2)
    expect(page.locator("#part-waiting .count")).to_have_text("2")
    expect(page.locator("li.buyer .who").last).to_contain_text("后到的")
    assert page.evaluate("() => window.kept")
    fetched = shop.fetched - before
    assert set(fetched) == {"waiting"}
    assert page.title().startswith("(2)")


def test_every_part_follows_the_stream(page: Any, shop: Shop) -> None:
    shop.view = empty_view
    open_live(page, shop)
    for name in dashboard.FRAGMENTS:
        expect(page.locator(f"#part-{name} .empty")).to_have_count(1)
    shop.view = busy_view
    shop.push(*dashboard.FRAGMENTS)
    for name in dashboard.FRAGMENTS:
        expect(page.locator(f"#part-{name} .empty")).to_have_count(0)
        expect(page.locator(f"#head-{name}")).to_be_visible()
    expect(page.locator(".plot canvas")).to_have_count(2)


def test_the_state_of_the_robot_follows_the_stream(page: Any, shop: Shop) -> None:
    shop.view = empty_view
    open_live(page, shop)
    expect(page.locator("#robot-state")).to_contain_text("已开")
    shop.view = lambda now: empty_view(now, robot_on=False)
    shop.push("acts")
    expect(page.locator("#robot-state")).to_contain_text("已停")
    expect(page.locator("#robot-state")).to_have_count(1)


def test_what_one_reads_and_where_one_stands_is_kept_when_a_part_is_drawn_anew(page: Any, shop: Shop) -> None:
    now = datetime.now(UTC)
    entry = waiting(now, left_s=100, buyer="B2", text="长" * 500, suggestions=(suggestion("好的，马上"),))
    shop.view = buyers(entry)
    open_live(page, shop)
    page.locator("details.long summary").click()
    page.locator("li.buyer button.copy").focus()
    shop.view = buyers(waiting(now, left_s=60, buyer="B1", text="插到前面"), entry)
    shop.push("waiting")
    expect(page.locator("li.buyer")).to_have_count(2)
    expect(page.locator("details.long")).to_have_attribute("open", "")
    assert page.evaluate("() => document.activeElement.dataset.copy") == "好的，马上"


def test_markup_of_a_buyer_stays_text(page: Any, shop: Shop) -> None:
    shop.view = one_buyer(100, buyer=HOSTILE, text=HOSTILE)
    open_live(page, shop)
    shop.view = one_buyer(99, buyer=HOSTILE, text=HOSTILE + "又来", note=HOSTILE)
    shop.push("waiting")
    expect(page.locator(".said")).to_contain_text("又来")
    assert HOSTILE in page.locator(".said").text_content()
    assert page.locator("main img, main script, main a, main iframe").count() == 0
    assert "owned" not in page.title()


def test_the_watch_for_policy_violations_sees_one(browser: Any, shop: Shop) -> None:
    """The other tests rely on it."""
    context = browser.new_context()
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(f"{shop.address}/sign-in")
    page.evaluate(
        "() => document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\" onclick=\"x()\">')"
    )
    page.wait_for_function("() => window.violations.length > 0")
    context.close()


def test_a_lost_stream_is_shown_and_what_was_missed_is_fetched_afterwards(page: Any, shop: Shop) -> None:
    shop.view = empty_view
    open_live(page, shop)
    expect(page.locator("#banner")).to_be_hidden()
    shop.up = False
    shop.hang_up()
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator("#banner")).to_contain_text("连接中断，正在重连…")
    expect(page.locator("#link-state")).to_have_attribute("data-link", "lost")
    shop.view = busy_view
    shop.up = True
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#link-state")).to_have_attribute("data-link", "live")
    expect(page.locator("li.buyer")).to_have_count(6)


def test_a_stream_that_never_opened_is_tried_again(page: Any, shop: Shop) -> None:
    shop.up = False
    page.goto(shop.address)
    expect(page.locator("#banner")).to_be_visible()
    shop.up = True
    expect(page.locator("#link-state")).to_have_attribute("data-link", "live")
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("li.buyer")).to_have_count(6)


def test_a_stream_that_fell_silent_is_opened_anew(page: Any, shop: Shop) -> None:
    """As after a laptop slept: the connection looks open and nothing comes any more."""
    open_live(page, shop)
    assert shop.fetched["stream"] == 1
    page.evaluate("() => { const real = Date.now; Date.now = () => real() + 46_000; }")
    deadline = time.monotonic() + 15
    while shop.fetched["stream"] < 2:
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
    expect(page.locator("#link-state")).to_have_attribute("data-link", "live")


def test_a_part_that_cannot_be_fetched_keeps_what_it_showed(page: Any, shop: Shop) -> None:
    open_live(page, shop)
    before = shop.fetched["waiting"]
    shop.up = False
    shop.push("waiting")
    deadline = time.monotonic() + 10
    while shop.fetched["waiting"] == before:
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)
    page.wait_for_timeout(200)
    assert page.locator("li.buyer").count() == 6


def test_one_whose_sign_in_ran_out_is_led_to_the_sign_in_page(page: Any, shop: Shop) -> None:
    open_live(page, shop)
    shop.signed_in = False
    shop.push("waiting")
    page.wait_for_url(f"{shop.address}/sign-in")
    expect(page.locator("#login")).to_be_focused()


def test_a_reply_is_copied_and_the_button_says_so(page: Any, shop: Shop) -> None:
    text = "第一行\n「引号」 & <尖括号>"
    shop.view = one_buyer(100, suggestions=(suggestion(text),))
    open_live(page, shop)
    button = page.locator("li.buyer button.copy")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("已复制")
    assert page.evaluate("() => navigator.clipboard.readText()") == text
    expect(button).to_have_text("复制")


def test_a_reply_is_copied_where_the_browser_keeps_its_clipboard_shut(page: Any, shop: Shop) -> None:
    """Over plain HTTP from another machine there is no `navigator.clipboard`."""
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined });")
    shop.view = one_buyer(100, suggestions=(suggestion("老办法\n也行"),))
    open_live(page, shop)
    page.locator("li.buyer button.copy").click()
    expect(page.locator("li.buyer button.copy")).to_have_text("已复制")
    page.goto(f"{shop.address}/plain")
    page.locator("#target").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#target")).to_have_value("老办法\n也行")


def test_the_page_can_be_used_without_a_mouse(page: Any, shop: Shop) -> None:
    open_live(page, shop)
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#part-waiting")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("li.buyer button.copy").first).to_be_focused()


def test_the_plot_is_drawn_once_and_again_when_its_numbers_change(page: Any, shop: Shop) -> None:
    open_live(page, shop)
    readout = page.locator(".plot .readout").first
    expect(readout).to_have_text("到 13：94.3%（312 / 331）")

    def one_hour_later(now: datetime) -> LiveView:
        view = busy_view(now)
        reply = replace(view.rates[0], curve=(*view.rates[0].curve, ("14", 350, 370)))
        return replace(view, rates=(reply, *view.rates[1:]))

    shop.view = one_hour_later
    shop.push("rates")
    expect(readout).to_have_text("到 14：94.6%（350 / 370）")
    expect(page.locator(".plot").first.locator("canvas")).to_have_count(1)


@pytest.mark.parametrize("width", [320, 390, 1024, 1440])
def test_nothing_runs_off_the_side_of_the_screen(page: Any, shop: Shop, width: int) -> None:
    endless = "W" * 170
    shop.view = lambda now: replace(
        busy_view(now),
        shop_name=endless,
        waiting=(
            waiting(
                now, left_s=60, text=endless, buyer=endless, agent=endless, suggestions=(suggestion(endless),)
            ),
        ),
    )
    page.set_viewport_size({"width": width, "height": 800})
    open_live(page, shop)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "view", "width"),
    [
        ("/", busy_view, 1440),
        ("/", busy_view, 390),
        ("/", empty_view, 1440),
        ("/sign-in", empty_view, 1024),
        ("/error", empty_view, 390),
    ],
    ids=["busy", "busy on a phone", "empty", "sign in", "error"],
)
def test_axe_finds_no_violation(
    page: Any, shop: Shop, path: str, view: Callable[[datetime], LiveView], width: int, scheme: str
) -> None:
    shop.view = view
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    if path == "/":
        open_live(page, shop)
    else:
        page.goto(shop.address + path)
    assert axe_violations(page) == []


def test_axe_finds_no_violation_while_the_stream_is_lost(page: Any, shop: Shop) -> None:
    open_live(page, shop)
    shop.up = False
    shop.hang_up()
    expect(page.locator("#banner")).to_be_visible()
    assert axe_violations(page) == []


def axe_violations(page: Any) -> list[str]:
    """What axe-core finds, best practices included, one line each."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run()")
    assert found["passes"]
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
