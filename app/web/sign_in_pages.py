"""The pages before anybody is signed in: sign-in, a link that works once, the first run. Values in, HTML out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.core.passwords import MIN_LENGTH, password_fault
from app.core.roles import ROLE_NAMES
from app.usecases.administration import AdministrationError
from app.usecases.members import Link
from app.web.asked_forms import Form
from app.web.rendering import ENVIRONMENT, render


def sign_in_page(message: str | None = None, login: str = "", *, by_key: bool = False) -> str:
    """The form that posts `login` and `password`, or `key`, to `/sign-in`. `message` says what went wrong last time."""
    return render("sign_in.html", message=message, login=login, by_key=by_key)


def join_page(token: str, link: Link, form: Form) -> str:
    """What a link leads to: joining a shop as somebody new or known, or a new password."""
    return render("join.html", token=token, link=link, form=form)


def first_run_page(form: Form, platforms: Mapping[str, str], *, has_code: bool) -> str:
    """The form that makes the first shop and its owner. Without a code in the terminal it says how to get one."""
    return render("first_run.html", form=form, platforms=platforms, has_code=has_code)


def new_password_of(given: Mapping[str, Sequence[str]], *, known: Collection[str]) -> str:
    """The new password of a form that has it twice. Raises `AdministrationError` with the field that is wrong.

    `known` are words that others know of its owner.
    """
    password, again = (next(iter(given.get(name, ())), "") for name in ("password", "again"))
    if (fault := password_fault(password, known)) is not None:
        raise AdministrationError(fault, "password")
    if password != again:
        raise AdministrationError("两次输入的不一样 / the two differ", "again")
    return password


ENVIRONMENT.globals.update(role_names=ROLE_NAMES, min_password=MIN_LENGTH)
