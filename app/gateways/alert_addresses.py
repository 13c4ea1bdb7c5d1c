"""Addresses of alert channels: what is supported, what is refused, and how much of one is shown.

An address is an apprise URL, or a robot's webhook address as DingTalk, WeCom or Feishu give it. Only the services of
`_SERVICES` are supported, and only the settings named there: what reads files, runs programs, follows redirects or skips
certificates cannot be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from apprise.plugins.bark import NotifyBark
from apprise.plugins.base import NotifyBase
from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.email import NotifyEmail
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.lark import NotifyLark
from apprise.plugins.ntfy import NotifyNtfy
from apprise.plugins.twilio import NotifyTwilio
from apprise.plugins.vonage import NotifyVonage
from apprise.plugins.wecombot import NotifyWeComBot

from app.core.alerts import Kind

MAX_ADDRESS: Final = 1000


class AddressError(ValueError):
    """An address that cannot be used; the message says why and what to write, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that alerts may go to. `settings` may stand behind the `?`; a name that ends in `*` is a prefix."""

    kind: Kind
    plugin: type[NotifyBase]
    settings: tuple[str, ...] = ()


class _DingTalk(NotifyDingTalk):  # type: ignore[no-untyped-call]
    """apprise 2.2 encodes the signature for an address twice, which DingTalk answers with "sign not match"."""

    def get_signature(self) -> tuple[str, str]:
        stamp, signature = super().get_signature()  # type: ignore[no-untyped-call]
        return stamp, unquote(signature)


_MAIL: Final = Service(Kind.MAIL, NotifyEmail, ("smtp", "from", "to", "cc", "name", "user", "pass", "mode"))
_BARK: Final = Service(Kind.BARK, NotifyBark, ("sound", "level", "group"))
_NTFY: Final = Service(Kind.NTFY, NotifyNtfy, ("priority", "mode", "auth", "token"))
_JSON: Final = Service(Kind.WEBHOOK, NotifyJSON, ("+*", "-*", ":*"))
_SERVICES: Final[Mapping[str, Service]] = MappingProxyType(
    {
        "dingtalk": Service(Kind.DINGTALK, _DingTalk),
        "wecombot": Service(Kind.WECOM, NotifyWeComBot),
        "feishu": Service(Kind.FEISHU, NotifyFeishu),
        "lark": Service(Kind.LARK, NotifyLark),
        "bark": _BARK,
        "barks": _BARK,
        "ntfy": _NTFY,
        "ntfys": _NTFY,
        "mailto": _MAIL,
        "mailtos": _MAIL,
        "json": _JSON,
        "jsons": _JSON,
        "twilio": Service(Kind.SMS, NotifyTwilio),
        "vonage": Service(Kind.SMS, NotifyVonage),
    }
)
_OF_THE_MACHINE: Final = frozenset(
    {"syslog", "rsyslog", "dbus", "kde", "qt", "glib", "gnome", "macosx", "windows", "file", "blink1"}
)
_ROBOT_HOSTS: Final = frozenset(
    {"oapi.dingtalk.com", "qyapi.weixin.qq.com", "open.feishu.cn", "open.larksuite.com"}
)
_TOKEN: Final = r"(?P<token>[A-Za-z0-9_-]+)"  # noqa: S105
_WEBHOOKS: Final[tuple[tuple[re.Pattern[str], Callable[[str, str], str]], ...]] = tuple(
    (re.compile(pattern), made)
    for pattern, made in (
        (
            rf"https://oapi\.dingtalk\.com/robot/send\?access_token={_TOKEN}",
            lambda token, secret: f"dingtalk://{secret}@{token}/" if secret else f"dingtalk://{token}/",
        ),
        (
            rf"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key={_TOKEN}",
            lambda token, _: f"wecombot://{token}/",
        ),
        (
            rf"https://open\.feishu\.cn/open-apis/bot/v2/hook/{_TOKEN}/?",
            lambda token, _: f"feishu://{token}/",
        ),
        (
            rf"https://open\.larksuite\.com/open-apis/bot/v2/hook/{_TOKEN}/?",
            lambda token, _: f"lark://{token}/",
        ),
    )
)


def read_address(text: str, secret: str = "") -> tuple[str, Kind]:
    """The apprise address for what somebody pasted, and what kind of channel it is.

    `secret`: what a DingTalk robot signs with (加签), if it does. Raises `AddressError`.
    """
    text, secret = text.strip(), secret.strip()
    if not text or len(text) > MAX_ADDRESS or not text.isprintable() or " " in text:
        raise AddressError(
            "地址不能为空，不能有空格，最多 1000 字 / the address is empty, too long or has spaces"
        )
    if secret and not re.fullmatch(r"[A-Za-z0-9]{8,128}", secret):
        raise AddressError("secret 是钉钉“加签”给出的 SEC… 一串 / the secret is what DingTalk shows")
    address = _from_webhook(text, secret)
    schema = _schema(address)
    if secret and schema != "dingtalk":
        raise AddressError(
            "只有钉钉机器人用 secret；飞书请改用“自定义关键词”秒回 / only DingTalk takes a secret"
        )
    _check_settings(address, _SERVICES[schema])
    plugin_of(address)
    return address, _SERVICES[schema].kind


def plugin_of(address: str) -> NotifyBase:
    """The plugin that speaks to an address. Raises `AddressError`."""
    service = _SERVICES[_schema(address)]
    try:
        parsed = service.plugin.parse_url(address)
        if parsed is None:
            raise ValueError(service.kind)  # noqa: TRY301  (told below, as the plugin's own refusals)
        if service.kind is Kind.MAIL:
            parsed["format"] = "text"
        return service.plugin(**parsed)
    except (TypeError, ValueError):
        # The plugin's own words repeat the token.
        raise AddressError(
            f"{service.kind} 的地址不完整或写错了，请从原处重新复制 / the address is incomplete"
        ) from None


def masked(address: str) -> str:
    """As much of an address as tells its owner which one it is."""
    parts = urlsplit(address)
    if _names_a_host(address):
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"
    token = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://…{token[-4:] if len(token) >= 16 else ''}"


def secrets_in(address: str) -> frozenset[str]:
    """The parts of an address that no message to a person may repeat."""
    parts = urlsplit(address)
    user, _, host = parts.netloc.rpartition("@")
    values = [user, *user.split(":"), *parts.path.split("/")]
    values += [value for _, value in parse_qsl(parts.query)]
    if not _names_a_host(address):
        values.append(host)
    return frozenset(value for value in values if len(value) >= 6)


def _names_a_host(address: str) -> bool:
    """Does a host stand behind the `://`, and not a token?"""
    parts = urlsplit(address)
    if parts.scheme in {"ntfy", "ntfys"}:
        return bool(parts.path.strip("/"))
    return _SERVICES[parts.scheme].kind in {Kind.WEBHOOK, Kind.MAIL, Kind.BARK}


def _from_webhook(text: str, secret: str) -> str:
    for pattern, made in _WEBHOOKS:
        if found := pattern.fullmatch(text):
            return made(found["token"], secret)
    parts = urlsplit(text)
    if parts.hostname in _ROBOT_HOSTS:
        raise AddressError(
            "机器人的 Webhook 地址不完整，请从群设置里重新复制 / copy the robot's address again"
        )
    if parts.scheme in {"http", "https"}:
        # Of a webhook that we do not know, what stands behind the `?` goes along with every request.
        query = urlencode([("-" + name, value) for name, value in parse_qsl(parts.query)])
        schema = "jsons" if parts.scheme == "https" else "json"
        return f"{schema}://{parts.netloc}{parts.path or '/'}" + (f"?{query}" if query else "")
    if parts.scheme == "dingtalk" and secret and "@" not in parts.netloc:
        return text.replace("dingtalk://", f"dingtalk://{quote(secret, safe='')}@", 1)
    return text


def _schema(address: str) -> str:
    schema = address.partition("://")[0].lower()
    if schema in _SERVICES:
        return schema
    if schema in _OF_THE_MACHINE:
        raise AddressError(
            f"{schema}:// 会动用服务器本机，不支持 / this would touch the server itself, not supported"
        )
    if schema in {"wecom", "wechat"}:
        raise AddressError(
            "企业微信请用群机器人：wecombot://KEY，或直接粘贴它的 Webhook 地址 / use a WeCom group robot"
        )
    raise AddressError(
        f"不支持这种地址；可用：{'、'.join(_SERVICES)}，或钉钉、企业微信、飞书机器人的 Webhook 地址 / not supported"
    )


def _check_settings(address: str, service: Service) -> None:
    # A `+` is no space here: it marks a header that goes along.
    for name, _ in parse_qsl(urlsplit(address).query.replace("+", "%2B"), keep_blank_values=True):
        known = any(
            name.startswith(allowed[:-1]) and len(name) > 1 if allowed.endswith("*") else name == allowed
            for allowed in service.settings
        )
        if not known:
            can = "、".join(service.settings) or "没有"
            raise AddressError(
                f"地址里 ? 后面的设置有不能用的；可用：{can} / a setting behind the ? is refused"
            )
