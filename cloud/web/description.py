"""The API's description, for programs and for people; nothing is loaded from elsewhere."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.openapi.plugins import OpenAPIRenderPlugin

from cloud.web.pages import read_page


class DocsPage(OpenAPIRenderPlugin):
    """The page that shows the description; those of the framework load scripts from outside."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page; it fetches the description itself."""
        del request, openapi_schema
        return read_page("docs.html")


@get("/openapi.json", include_in_schema=False)
async def openapi_document(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """The OpenAPI 3.1 document of this program."""
    return Response(request.app.openapi_schema.to_schema(), media_type="application/json")
