"""Pages, API and live stream as one ASGI application."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import version
from typing import cast

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig

from cloud.api import health, problems, routes
from cloud.api.health import Vitals
from cloud.store.reader import Reader
from cloud.web.description import DocsPage, openapi_document
from cloud.web.event_stream import follow
from cloud.web.live import LiveFeed
from cloud.web.pages import live_page, static_file
from cloud.web.security import App, secured


def build_application(
    reader: Reader, feed: LiveFeed, vitals: Vitals, hosts: Collection[str]
) -> App:
    """Assemble the application.

    Args:
        reader: Where the API reads.
        feed: What live pages follow.
        vitals: What the program knows about itself.
        hosts: Names under which it may be asked.
    """
    app = Litestar(
        [routes.ROUTER, follow, openapi_document, health.ROUTER, live_page, static_file],
        dependencies={
            "reader": Provide(lambda: reader, sync_to_thread=False),
            "feed": Provide(lambda: feed, sync_to_thread=False),
            "vitals": Provide(lambda: vitals, sync_to_thread=False),
        },
        exception_handlers=problems.HANDLERS,
        openapi_config=OpenAPIConfig(
            title="Nano Access Point cloud",
            version=version("open-nap"),
            summary="Messages of devices and the stations that heard them",
            path="/docs",
            render_plugins=[DocsPage(path="/")],
        ),
        request_max_body_size=64 * 1024,
        logging_config=None,
        pdb_on_exception=False,
    )
    return secured(cast("App", app), hosts)
