"""Take the pictures of the first screen, a street's dashboard and its inbox for the documents.

    DEMO_PASSWORD=… python -m benchmarks.dashboard_pictures http://127.0.0.1:5000 street-d05

from a demo that is being served: in both languages, at a desk and on a phone.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
# The desk's are cut where a reader has seen enough of a page.
SIZES = {"desktop": (1280, 1500), "phone": (360, 1500)}
LOCALES = {"zh": "zh-CN", "en": "en"}
COLOURS = 64


def main(base: str, username: str, chromium: str = "/usr/bin/chromium") -> None:
    """Sign in as the street's account and save twelve pictures."""
    pages = {
        "first-screen": "/office/",
        "dashboard": f"/office/street/{username.split('-')[-1]}",
        "inbox": "/office/inbox",
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        # Signed in once: at every further sign-in nothing would be new.
        first = browser.new_context(base_url=base)
        sign_in(first.new_page(), username)
        state = first.storage_state()
        for language, locale in LOCALES.items():
            for size, (width, height) in SIZES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    locale=locale,
                    base_url=base,
                    storage_state=state,
                )
                page = context.new_page()
                for name, path in pages.items():
                    page.goto(path)
                    save(page.screenshot(), FOLDER / f"{name}-{size}-{language}.png")
                context.close()
        browser.close()


def sign_in(page: Page, username: str) -> None:
    """Fill in the form and wait for the first screen."""
    page.goto("/office/sign-in")
    page.fill("[name=username]", username)
    page.fill("[name=password]", os.environ["DEMO_PASSWORD"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def save(picture: bytes, path: Path) -> None:
    """With few colours: the pages have few."""
    with Image.open(io.BytesIO(picture)) as image:
        small = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
        small.save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
