"""The composition root: settings in, a running service out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from fastapi import FastAPI
from sqlmodel import Session as Database

from app.core.rates import RateLimit
from app.db.engine import open_engine
from app.db.migrate import upgrade
from app.db.writer import Writer
from app.gateways import wall_clock
from app.gateways.alert_sender import AlertSender
from app.gateways.callbacks import CallbackSender
from app.gateways.consoles import Desk
from app.jobs.alerts import tell_people
from app.jobs.console_pulls import pull_consoles
from app.jobs.deadlines import keep_deadlines
from app.jobs.delivery import deliver_outbox
from app.jobs.invitations import keep_invitations
from app.jobs.lessons import teach_phrases
from app.jobs.retraining import retrain_banks
from app.settings import Settings
from app.usecases.encoders import strong_encoder
from app.usecases.knowledge import Knowledge
from app.usecases.meaning import Meaning
from app.usecases.measures import RateBoard
from app.usecases.service import Service
from app.usecases.shops import read_shop
from app.usecases.standing import make_sure_counted, stale_shops
from app.web import page_access, problems
from app.web.body_limit import BodyLimit
from app.web.examples import PROBLEMS
from app.web.plain_headers import PlainHeaders
from app.web.rendering import STATIC_DIR
from app.web.routes import (
    account,
    alert_pages,
    alerts,
    care,
    care_pages,
    conversations,
    events,
    feedback,
    first_run,
    health,
    hooks,
    hours_pages,
    import_pages,
    join,
    lint,
    lint_overrides,
    live,
    measures,
    past_pages,
    phrase_form,
    phrase_history,
    phrase_pages,
    phrase_proposals,
    phrases,
    policy,
    policy_pages,
    quality,
    quality_pages,
    rating_scale,
    rating_scale_pages,
    reading,
    replies,
    settings_audit,
    settings_consoles,
    settings_keys,
    settings_members,
    settings_shop,
    sign_in,
    staff,
    typists,
    whoami,
    words_pages,
)
from app.web.versioned_files import VersionedFiles

DESCRIPTION = "秒回：电商客服回复助手。事件进来，时限、推荐回复、自动回复、用语检查与邀评建议出去。"


def create_app(
    settings: Settings | None = None,
    *,
    clock: Callable[[], datetime] | None = None,
    knowledge: Knowledge | None = None,
    setup_code: str = "",
) -> FastAPI:
    """The ASGI app. `clock` and `knowledge` are handed in by tests; with a `setup_code` the first shop can be made on a page.

    Raises `EncodingError` if the encoder of the settings cannot be had.
    """
    settings = settings or Settings()
    encoder = strong_encoder(settings.encoder, settings)
    transport_clock = clock or wall_clock.now
    clock = clock or wall_clock.shifted(settings.clock_offset_s)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = open_engine(settings.resolved_database_url)
        await asyncio.to_thread(upgrade, engine)
        writer = Writer(engine, queue_limit=settings.writer_queue)
        service = Service(
            settings=settings,
            engine=engine,
            writer=writer,
            knowledge=knowledge or Knowledge.load(),
            clock=clock,
            transport_clock=transport_clock,
            board=RateBoard(clock),
            rates=RateLimit(settings.event_rate, settings.event_burst),
            alert_sender=AlertSender(settings.alert_allow, settings.alert_relays),
            setup_code=setup_code,
            meaning=None if encoder is None else Meaning(encoder, engine, writer, settings),
        )
        await _count_measures(service)
        app.state.service = service
        sender = CallbackSender(settings.callback_allow)
        desk = Desk(settings.callback_allow, transport_clock)
        jobs = []
        if settings.workers_run_jobs:
            jobs = [
                asyncio.create_task(keep_deadlines(service)),
                asyncio.create_task(keep_invitations(service)),
                asyncio.create_task(deliver_outbox(service, sender, desk)),
                asyncio.create_task(pull_consoles(service, desk)),
                asyncio.create_task(teach_phrases(service)),
                asyncio.create_task(tell_people(service)),
            ]
        if settings.retrain_banks:
            jobs.append(asyncio.create_task(retrain_banks(service)))
        try:
            yield
        finally:
            service.stopping.set()
            service.changes.tell_all()
            for job in jobs:
                with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                    await asyncio.wait_for(job, 3)
            await sender.close()
            await desk.close()
            service.alert_sender.close()
            if service.meaning is not None:
                await asyncio.to_thread(service.meaning.close)
            await asyncio.to_thread(writer.close)
            engine.dispose()

    app = FastAPI(
        title="Miaohui 秒回",
        description=DESCRIPTION,
        lifespan=lifespan,
        responses=PROBLEMS,
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    page_access.install(app)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(PlainHeaders)

    for module in (
        events,
        hooks,
        typists,
        whoami,
        lint,
        lint_overrides,
        care,
        conversations,
        phrases,
        phrase_history,
        feedback,
        reading,
        replies,
        measures,
        quality,
        alerts,
        policy,
        rating_scale,
        staff,
        health,
        live,
        sign_in,
        join,
        first_run,
    ):
        app.include_router(module.router)
    for pages in (
        phrase_pages,
        phrase_form,
        phrase_proposals,
        import_pages,
        care_pages,
        policy_pages,
        alert_pages,
        rating_scale_pages,
        past_pages,
        words_pages,
        quality_pages,
        hours_pages,
        account,
        settings_shop,
        settings_members,
        settings_keys,
        settings_consoles,
        settings_audit,
    ):
        app.include_router(pages.router)
    app.mount("/static", VersionedFiles(directory=STATIC_DIR), name="static")
    return app


async def _count_measures(service: Service) -> None:
    """Make the standing counts of the shops that have none by the definitions of this version."""
    for shop_id in await service.read(lambda db: stale_shops(db, service.knowledge.profiles)):

        def count(db: Database, shop_id: str = shop_id) -> None:
            make_sure_counted(db, read_shop(db, service.knowledge.profiles, shop_id), service.clock())

        await service.write(count)
