# gridmap without a database: docker-compose.yml puts PostGIS beside it.

FROM python:3.11-slim-bookworm AS build
# Node makes the browser code and stays behind in this stage
RUN apt-get update \
    && apt-get install --yes --no-install-recommends nodejs npm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/gridmap \
    && /opt/gridmap/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY package.json package-lock.json ./
COPY pyproject.toml README.md ./
COPY data/geo data/geo
COPY gridmap gridmap
# from the source folder first, so that the browser code and the catalogues are in place when the wheel is made
RUN PYTHONPATH=/src /opt/gridmap/bin/python -c "from gridmap.commands import main; main()" assets \
    && /opt/gridmap/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
# pg_dump and psql for backup and restore
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-15 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent gridmap \
    && install --directory --owner=gridmap --group=gridmap --mode=0700 /var/lib/gridmap
COPY --from=build /opt/gridmap /opt/gridmap
ENV PATH=/opt/gridmap/bin:$PATH \
    GRIDMAP_HOME=/var/lib/gridmap \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/gridmap
VOLUME /var/lib/gridmap
EXPOSE 8000
CMD ["gridmap", "serve"]
