"""Teaches phrases what verdicts say of them, some seconds after they were given."""

from __future__ import annotations

from app.jobs.due_loop import run_when_due
from app.usecases.learning import next_lesson_at, teach_due
from app.usecases.service import Service


async def teach_phrases(service: Service) -> None:
    """Run until the service stops."""

    async def work() -> int:
        taught = await service.write(lambda db: teach_due(db, service.knowledge, service.clock()))
        service.changes.tell(taught.shops)
        return taught.handled

    await run_when_due(service, "lessons", next_lesson_at, work)
