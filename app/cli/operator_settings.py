"""The operator's settings, or one clear line about what is wrong with them."""

from __future__ import annotations

from pydantic import ValidationError

from app.cli.output import cannot
from app.settings import Settings


def read_settings() -> Settings:
    """The settings from environment and `.env`. Ends the program with exit 2 if one cannot be used; its value is not shown."""
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = "MIAOHUI_" + "_".join(str(part) for part in fault["loc"]).upper()
        cannot(f"设置 {name} 不对：{fault['msg']} / a setting is wrong")
