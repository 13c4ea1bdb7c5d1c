FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY requirements.txt build-requirements.in ./
RUN python -m venv /opt/miaohui && /opt/miaohui/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY app app
COPY lint lint
COPY phrasebank phrasebank
RUN /opt/miaohui/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin miaohui \
    && mkdir /data && chown miaohui:miaohui /data
COPY --from=build /opt/miaohui /opt/miaohui
ENV PATH=/opt/miaohui/bin:$PATH MIAOHUI_DATA_DIR=/data PYTHONUNBUFFERED=1
USER miaohui
WORKDIR /data
VOLUME /data
EXPOSE 8770
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8770/readyz', timeout=4)"]
ENTRYPOINT ["miaohui"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8770"]
