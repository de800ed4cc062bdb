# The image of Weft. docs/deploying.md shows how to run it.
#
# Python 3.11 is the version that all tests run on. Its patch release is the newest at each build.
FROM python:3.11-slim-bookworm AS build

WORKDIR /source
COPY . .
RUN python -m venv --without-pip /opt/weft \
    && pip wheel --no-cache-dir --no-deps --wheel-dir /wheel . \
    && pip --python /opt/weft/bin/python install --no-cache-dir --constraint constraints.txt \
        "weft[postgres] @ file://$(echo /wheel/weft-*.whl)"


FROM python:3.11-slim-bookworm

# The ids are fixed, so that the files of a volume keep their owner in each build.
RUN groupadd --system --gid 10001 weft \
    && useradd --system --uid 10001 --gid weft --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin weft \
    && install --directory --owner weft --group weft --mode 0700 /data
COPY --from=build /opt/weft /opt/weft

# Weft writes only below /data. With PostgreSQL these are some small files; see "Quarantine" in
# docs/operations.md.
ENV PATH=/opt/weft/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TMPDIR=/data \
    WEFT_HOST=0.0.0.0 \
    WEFT_DATABASE=sqlite+aiosqlite:////data/weft.db
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; server = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('WEFT_PORT') or 8080), timeout=4); server.request('GET', '/healthz'); sys.exit(server.getresponse().status != 200)"]
ENTRYPOINT ["weft"]
CMD ["serve"]
