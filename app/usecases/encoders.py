"""The encoder that the settings, or a command, ask for."""

from __future__ import annotations

from app.gateways.embeddings import Endpoint, EndpointEncoder
from app.settings import EncoderKind, Settings
from phrasebank.encoders.semantic import SemanticEncoder
from phrasebank.encoding import Encoder, EncodingError


def strong_encoder(kind: EncoderKind, settings: Settings) -> Encoder | None:
    """The encoder of this kind; None for the two kinds that are no stronger ones.

    Raises `EncodingError` if it is not installed or not set up.
    """
    if kind == "semantic":
        return SemanticEncoder()
    if kind == "endpoint":
        return EndpointEncoder(_endpoint(settings))
    return None


def _endpoint(settings: Settings) -> Endpoint:
    if not (settings.embeddings_url and settings.embeddings_model):
        raise EncodingError(
            "endpoint 还要设置 MIAOHUI_EMBEDDINGS_URL 和 MIAOHUI_EMBEDDINGS_MODEL / address and model are not set"
        )
    return Endpoint(
        url=settings.embeddings_url,
        model=settings.embeddings_model,
        key=settings.embeddings_key.get_secret_value(),
        dimensions=settings.embeddings_dimensions,
        prefix=settings.embeddings_prefix,
        batch=settings.embeddings_batch,
        timeout_s=settings.embeddings_timeout_s,
        allow=settings.embeddings_allow,
    )
