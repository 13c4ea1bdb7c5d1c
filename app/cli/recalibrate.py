"""`miaohui recalibrate LOG`: what a shop's invitations teach about its chance of a good rating, from an event log."""

from __future__ import annotations

import click

from app.cli.measure_options import chosen_profile, logged_sessions
from app.cli.output import cannot, emit, format_option, say
from app.core.invitation_outcomes import outcome_of
from app.core.invites import InviteRules
from app.core.mood import MoodModel
from app.core.recalibration import Judgement, Scale, Verdict, fit, judge
from app.usecases.picture import mood_of

VERDICTS = {
    Verdict.BETTER: "用过去的评价检验，校准后更准，可以开",
    Verdict.UNCLEAR: "用过去的评价检验，看不出校准后更准，先不要开",
    Verdict.WORSE: "用过去的评价检验，校准后反而更不准，不要开",
    Verdict.TOO_FEW: "邀评后收到的评价还太少，学不出什么",
}


@click.command(
    epilog="每条评价都只用更早的评价来估，不偷看后面的。服务里的开关在 /quality/scale 页。"
    " / Every outcome is told by earlier ones alone."
)
@click.argument("log", metavar="LOG|-")
@click.option("--platform", required=True, help="按哪个平台的好评口径 / platform id whose labels count")
@format_option
def command(log: str, platform: str, output_format: str) -> None:
    """好评把握校准：邀评后的真实评价和当时的把握差多少 / chances of a good rating against what came."""
    profile = chosen_profile(platform)
    measure = profile.primary_rating
    if measure is None:
        cannot(f"平台 {platform} 没有评价指标，学不了 / the platform has no rating measure")
    moods = MoodModel.load()
    sessions = logged_sessions(log)
    try:
        outcomes = [
            outcome
            for events in sessions.values()
            if (
                outcome := outcome_of(
                    events,
                    measure.latest.definition,
                    lambda session: mood_of(session, moods).p_satisfied,
                )
            )
        ]
    except ValueError as error:
        cannot(f"{log} {error}")
    scale, judgement = fit(outcomes), judge(outcomes, InviteRules.of_profile(profile).target)
    if output_format == "jsonl":
        emit({"candidate": scale.to_json(), "judgement": judgement.to_json()})
    else:
        _tell(scale, judgement)


def _tell(scale: Scale, judgement: Judgement) -> None:
    say(f"邀评后的评价 {judgement.outcomes} 个，其中好评 {judgement.good} 个")
    say(VERDICTS[judgement.verdict])
    if judgement.given is None or judgement.scaled is None:
        return
    say()
    say(f"{'':10}{'现在':>8}{'校准后':>8}   （在 {judgement.judged} 个上比较，每个只用更早的评价）")
    for name, given, scaled in (
        ("平均偏差", judgement.given.calibration_error, judgement.scaled.calibration_error),
        ("对数损失", judgement.given.log_loss, judgement.scaled.log_loss),
        ("布里尔分", judgement.given.brier, judgement.scaled.brier),
    ):
        say(f"{name:6}{given:>12.3f}{scaled:>10.3f}")
    say(f"对数损失降低 {judgement.gain:.4f}，90% 区间 {judgement.gain_low:.4f} 到 {judgement.gain_high:.4f}")
    say(f"把握 80% 会变成 {scale.chance(0.8):.0%}，90% 会变成 {scale.chance(0.9):.0%}")
