"""What a browser without a script would send for a form."""

from __future__ import annotations

from live_markup import Element


def fields_of(page: Element, form_id: str) -> dict[str, list[str]]:
    """The fields of the form with this id, in the order of the page; disabled ones are left out."""
    form = page.one("form", id=form_id)
    fields: dict[str, list[str]] = {}
    for element in form.all():
        name = element.attributes.get("name")
        if name is None or element.tag == "button":
            continue
        value = _value(element)
        if value is not None:
            fields.setdefault(name, []).append(value)
    return fields


def _value(element: Element) -> str | None:
    if element.tag == "select":
        options = element.all("option")
        chosen = [option for option in options if "selected" in option.attributes]
        return (chosen or options)[0].attributes["value"]
    if element.tag == "textarea":
        return element.text.removeprefix("\n").replace("\n", "\r\n")
    if element.attributes.get("type") in {"checkbox", "radio"} and "checked" not in element.attributes:
        return None
    return element.attributes.get("value", "")
