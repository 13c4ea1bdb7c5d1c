"""`miaohui cluster`: enquiries that ask the same, put together."""

from __future__ import annotations

import click

from app.cli.output import emit, format_option, read_lines, say
from app.cli.phrases import bank_of
from phrasebank import Bank
from phrasebank.clustering import cluster, clusters_of

NEAREST_SHOWN = 0.05
"""A phrase less likely than this to answer the cluster is not named."""


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
@format_option
def command(path: str, summary: bool, bank_path: str | None, output_format: str) -> None:
    """咨询聚类：每行一句咨询 / put enquiries that ask the same together, one enquiry a line."""
    texts = list(read_lines(path))
    if summary:
        _summary(texts, bank_of(bank_path), output_format)
        return
    for text, number in zip(texts, cluster(texts), strict=True):
        if output_format == "jsonl":
            emit({"text": text, "cluster": number})
        else:
            say(f"{'-' if number is None else number}\t{text}")


def _summary(texts: list[str], bank: Bank, output_format: str) -> None:
    for found in clusters_of(texts):
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
