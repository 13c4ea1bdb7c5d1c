"""`--encoder`: by which encoder a command tells nearness of meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, get_args

import click

from app.cli.operator_settings import read_settings
from app.cli.output import cannot
from app.settings import EncoderKind
from phrasebank.encoders.builtin import BUILTIN
from phrasebank.encoders.remembering import Nowhere, RememberingEncoder
from phrasebank.encoding import Encoder, EncodingError

ENCODED: Final = "已编码 {} 句 / texts encoded"

encoder_option = click.option(
    "--encoder",
    "kind",
    type=click.Choice(get_args(EncoderKind)),
    default="builtin",
    show_default=True,
    help="怎样认意思：builtin 自带；semantic 更准，要先装 miaohui[semantic]；endpoint 用自己的向量接口（设置 "
    "MIAOHUI_EMBEDDINGS_*）；none 只看字面 / how nearness of meaning is told",
)


@contextmanager
def encoder_of(kind: EncoderKind) -> Iterator[Encoder | None]:
    """The encoder of this kind, None for letters alone. Inside, one that fails ends the program with exit 2."""
    if kind in {"builtin", "none"}:
        yield BUILTIN if kind == "builtin" else None
        return
    # Imported here, since it brings the network along, and most commands need none.
    from app.usecases.encoders import strong_encoder

    try:
        encoder = strong_encoder(kind, read_settings())
        yield None if encoder is None else RememberingEncoder(encoder)
    except EncodingError as error:
        cannot(str(error))


def telling(encoder: Encoder | None, on_texts: Callable[[int, str], None]) -> AbstractContextManager[None]:
    """Inside, `on_texts` is told how many texts of a bank or a file are encoded, and the words to say it in.

    The built-in encoder is done before anybody could read it, and tells nothing.
    """
    if not isinstance(encoder, RememberingEncoder):
        return nullcontext()
    return encoder.keeping(Nowhere(), lambda done, _: on_texts(done, ENCODED))
