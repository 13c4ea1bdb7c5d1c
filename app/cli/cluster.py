"""`miaohui cluster`: enquiries that ask the same, put together."""

from __future__ import annotations

import click

from app.cli.encoders import encoder_of, encoder_option, telling
from app.cli.output import emit, format_option, read_lines, say
from app.cli.phrases import bank_of
from app.settings import EncoderKind
from phrasebank import Bank
from phrasebank.clustering import cluster, clusters_of
from phrasebank.encoding import Encoder

NEAREST_SHOWN = 0.05
"""A phrase less likely than this to answer the cluster is not named."""
TOLD_EVERY = 512
"""Texts between two lines of progress."""


@click.command()
@click.argument("path", default="-", metavar="FILE|-")
@click.option(
    "--summary", is_flag=True, help="每类一行：条数、名称、例句、最接近的话术 / one object per cluster"
)
@click.option(
    "--bank",
    "bank_path",
    metavar="FILE",
    help="--summary 里最接近的话术从哪个话术库找，缺省用自带的 / the bank of the nearest phrases",
)
@encoder_option
@format_option
def command(path: str, summary: bool, bank_path: str | None, kind: EncoderKind, output_format: str) -> None:
    """咨询聚类：每行一句咨询 / put enquiries that ask the same together, one enquiry a line."""
    texts = list(read_lines(path))
    with encoder_of(kind) as encoder, telling(encoder, _tell):
        if summary:
            _summary(texts, bank_of(bank_path, encoder), encoder, output_format)
            return
        numbers = cluster(texts, encoder)
    for text, number in zip(texts, numbers, strict=True):
        if output_format == "jsonl":
            emit({"text": text, "cluster": number})
        else:
            say(f"{'-' if number is None else number}\t{text}")


def _tell(done: int, what: str) -> None:
    if done % TOLD_EVERY == 0:
        click.echo(what.format(done), err=True)


def _summary(texts: list[str], bank: Bank, encoder: Encoder | None, output_format: str) -> None:
    for found in clusters_of(texts, encoder=encoder):
        hits = bank.search(found.name, top=1).hits
        nearest = hits[0] if hits and hits[0].score >= NEAREST_SHOWN else None
        if output_format == "jsonl":
            emit(
                {
                    "cluster": found.number,
                    "size": found.size,
                    "name": found.name,
                    "examples": list(found.examples),
                    "nearest": {"id": nearest.phrase.id, "score": nearest.score} if nearest else None,
                }
            )
        else:
            phrase = f"  -> {nearest.phrase.id}（{nearest.score:.0%}）" if nearest else "  -> 还没有话术"
            say(f"{found.size:5d}  {found.name}{phrase}")
