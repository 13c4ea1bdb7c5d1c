"""`miaohui mood`: how buyers feel, one text a line."""

from __future__ import annotations

import click

from app.cli.output import emit, format_option, read_lines, say
from app.core.mood import MoodModel


@click.command()
@click.argument("path", default="-", metavar="FILE|-")
@format_option
def command(path: str, output_format: str) -> None:
    """买家情绪：每行一句买家的话 / chances that a buyer's words are satisfied or dissatisfied, one text a line."""
    model = MoodModel.load()
    for text in read_lines(path):
        mood = model.turn(text)
        if output_format == "jsonl":
            emit({"text": text, "p_satisfied": mood.p_satisfied, "p_dissatisfied": mood.p_dissatisfied})
        else:
            words = f"  （{'、'.join(mood.words)}）" if mood.words else ""
            say(f"满意 {mood.p_satisfied:4.0%}  不满 {mood.p_dissatisfied:4.0%}  {text}{words}")
