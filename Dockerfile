# One image for every Airflow component: the locked packages with their bytecode, the project, a browser. Runs as `airflow`.
FROM python:3.12-slim-bookworm AS packages
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --extra postgres --extra celery --no-install-project
COPY include include
COPY dags dags
COPY plugins plugins
RUN uv sync --frozen --no-dev --extra postgres --extra celery && .venv/bin/python -m compileall -q include dags plugins

FROM python:3.12-slim-bookworm
# libatomic1 is what Playwright's driver needs; the fonts are for screenshots in every script.
RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium-headless-shell libatomic1 fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 50000 airflow \
    && install -d -o airflow /app/airflow /app/airflow/logs /app/airflow/state /app/batches
WORKDIR /app
COPY --from=packages /app /app
ENV PATH=/app/.venv/bin:$PATH AIRFLOW_HOME=/app/airflow PYTHONUNBUFFERED=1
USER 50000
ENTRYPOINT ["airflow"]
