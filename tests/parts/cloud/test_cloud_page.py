"""The live page in a real browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.parts.mosquitto import Broker
from tests.servers.nap_cloud import NapCloud
from tests.servers.station import Station

CHROMIUM = "/usr/bin/chromium"
SCREENSHOTS = Path(__file__).parents[3] / "build" / "screenshots"
HOSTILE = b"<img src=x onerror=alert(1)>"


@pytest.fixture
def program(tmp_path: Path, broker: Broker) -> Iterator[NapCloud]:
    program = NapCloud(tmp_path, broker, f"sqlite:///{tmp_path}/cloud.db")
    program.start()
    yield program
    program.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said, such as a breach of the content policy."""
    return []


@pytest.fixture
def page(browser: Browser, program: NapCloud, complaints: list[str]) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
    page.goto(program.base_url)
    expect(page.locator("#link-text")).to_have_text("Live")
    yield page
    page.close()


def send(broker: Broker, number: int, nap_id: str = "NAP-1", **changes: object) -> None:
    """Deliver one uplink; in a thread, because Playwright keeps a loop in this one."""
    station = Station(broker, nap_id)
    station.put_uplink(number, **changes)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, station.deliver()).result()


def test_a_message_appears_without_reload_and_its_next_station_joins_it(
    broker: Broker, page: Page, complaints: list[str]
) -> None:
    expect(page.locator("#empty")).to_be_visible()
    send(broker, 7, payload=b"21.5 C".hex())
    row = page.locator("#rows tr")
    expect(row).to_have_count(1)
    for text in (
        "00000007",
        "32 31 2e 35 20 43",
        "21.5 C",
        "12.5 dB",
        "868.1300 MHz",
        "100 bit/s",
        "simulated",
        "1 station",
    ):
        expect(row).to_contain_text(text)
    send(broker, 7, "NAP-2", payload=b"21.5 C".hex())
    expect(row).to_contain_text("2 stations")
    expect(row).to_have_count(1)
    expect(page.locator("#stored")).to_have_text("1")
    assert complaints == []


def test_zone_and_lateness_are_shown(broker: Broker, page: Page, complaints: list[str]) -> None:
    send(broker, 1, zone="RC7")
    row = page.locator("#rows tr").filter(has_text="00000001")
    expect(row).to_contain_text("RC7, 100 bit/s")
    expect(row.locator(".late")).to_have_count(0)
    send(broker, 2, zone="RC1", late=True)
    row = page.locator("#rows tr").filter(has_text="00000002")
    expect(row).to_contain_text("RC1, 100 bit/s")
    expect(row.locator(".late")).to_have_text("late")
    assert complaints == []


def test_a_hostile_payload_is_text(broker: Broker, page: Page, complaints: list[str]) -> None:
    send(broker, 1, payload=HOSTILE.hex())
    expect(page.locator("#rows q")).to_have_text(HOSTILE.decode())
    assert page.locator("#rows img").count() == 0
    assert complaints == []


def test_it_fits_a_phone_and_a_dark_room(
    broker: Broker, browser: Browser, program: NapCloud, page: Page
) -> None:
    long = bytes(range(33, 45)).hex()
    for number in range(1, 6):
        send(broker, number, payload=long, packet=f"{number:064x}")
    expect(page.locator("#rows tr")).to_have_count(5)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "live.png")
    for name, width, scheme in [("phone", 360, "light"), ("dark", 1280, "dark")]:
        other = browser.new_page(viewport={"width": width, "height": 760}, color_scheme=scheme)
        for path in ("/", "/docs"):
            other.goto(program.base_url + path)
            expect(other.locator("#rows tr, .call").first).to_be_visible()
            wide = other.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (name, path)
            other.screenshot(path=SCREENSHOTS / f"{name}{path.replace('/', '-').rstrip('-')}.png")
        other.close()


def test_the_keyboard_reaches_filter_and_pause(broker: Broker, page: Page) -> None:
    send(broker, 1)
    send(broker, 2)
    expect(page.locator("#rows tr")).to_have_count(2)
    page.locator("#device").focus()
    page.keyboard.type("00000002")
    expect(page.locator("#rows tr")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    page.locator("#device").fill("")
    expect(page.locator("#rows tr")).to_have_count(2)
    send(broker, 3)
    expect(page.locator("#pause-text")).to_have_text("Resume (1)")
    expect(page.locator("#rows tr")).to_have_count(2)
    page.locator("#pause").press("Enter")
    expect(page.locator("#rows tr")).to_have_count(3)


def test_the_page_comes_back_with_the_server(broker: Broker, program: NapCloud, page: Page) -> None:
    program.kill()
    expect(page.locator("#link")).to_have_attribute("data-state", "lost")
    program.start()
    send(broker, 9)
    expect(page.locator("#link-text")).to_have_text("Live", timeout=15_000)
    expect(page.locator("#rows tr")).to_have_count(1)


def test_the_description_of_the_api_can_be_read(
    page: Page, program: NapCloud, complaints: list[str]
) -> None:
    page.goto(program.base_url + "/docs")
    page.locator(".call summary").first.click()
    page.get_by_role("button", name="Try it").first.click()
    expect(page.locator(".call pre").first).to_contain_text('"messages": []')
    assert complaints == []
