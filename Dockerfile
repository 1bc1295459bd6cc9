# The suite without its tests, as nobody in particular:
#   docker build -t conformance .
#   docker run --rm -e OPENAI_API_KEY -v "$PWD:/work" conformance run https://host/v1 --model m
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY conformance conformance
COPY schemas schemas
COPY cases cases
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.12-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links=/wheels /wheels/conformance-*.whl \
    && useradd --create-home --uid 10001 conformance
USER conformance
WORKDIR /work
ENTRYPOINT ["conformance"]
CMD ["--help"]
