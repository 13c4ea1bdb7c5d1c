"""The one command, `miaohui`. Each subcommand is a module of its own, imported only when it is called."""

from __future__ import annotations

import importlib
import os
from typing import Final

import click

# Before numpy is loaded: its matrices here are small, and threads that wait for each other cost more than they bring.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

SUBCOMMANDS: Final[dict[str, str]] = {
    "serve": "启动服务 / start the service",
    "demo": "演示：一家店的一天 / a demo shop's day",
    "db": "数据库升级 / database migrations",
    "shop": "店铺管理 / add and list shops",
    "member": "成员管理：谁能登录看板 / who may sign in",
    "key": "密钥管理 / API keys",
    "replies": "没有送达的自动回复 / replies that were not delivered",
    "alert": "提醒渠道 / who is told when a buyer waits",
    "lint": "检查话术用语 / lint service texts",
    "phrases": "话术库：查找、导入、导出、检查 / the phrase bank",
    "metrics": "按平台口径计算回复率等 / measures over an event log",
    "report": "服务周报：好评率、差评原因、要看的会话 / the week of service quality, from an event log",
    "forecast": "预测周期末的指标与处罚 / where a period will end, from an event log",
    "calibrate": "与平台导出表对数，找出口径差别 / calibrate against a platform's export",
    "invite": "邀评建议 / rating advice over an event log",
    "recalibrate": "好评把握校准 / chances of a good rating against what came",
    "mood": "买家情绪 / mood of buyer texts",
    "cluster": "咨询聚类 / cluster enquiries",
    "simulate": "模拟一天 / simulate a shop day",
}


class _Commands(click.Group):
    """Looks a subcommand up in `app.cli.<name>` as `command`, so that `miaohui lint` never loads a web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        command = importlib.import_module(f"app.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands / 命令"):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="miaohui")
def main() -> None:
    """秒回 Miaohui: replies in time, words without fines, ratings at the right moment."""
