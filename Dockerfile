# Every package is installed by its SHA-256: requirements.lock, and PyTorch either as pip's own index has it
# (requirements-torch.lock: for Linux with gigabytes of CUDA), or, with TORCH_INDEX, an index with CPU-only wheels, from
# there (requirements-torch-cpu.lock). Taken by name, not by digest: the base image, and the pip that it brings.
FROM python:3.11-slim AS build
ARG TORCH_INDEX=
WORKDIR /source
COPY requirements*.lock ./
# jieba has no wheel. It is built with the locked setuptools: what pip fetches to build in isolation has no hash.
RUN python -m venv /yinju \
    && pip="/yinju/bin/pip install --no-cache-dir --no-deps --no-build-isolation --require-hashes" \
    && sed -n '/^setuptools==/,/[^\\]$/p' requirements.lock | $pip -r /dev/stdin \
    && $pip -r requirements.lock \
    && if [ -z "$TORCH_INDEX" ]; then $pip -r requirements-torch.lock; \
        else $pip --index-url "$TORCH_INDEX" -r requirements-torch-cpu.lock; fi
COPY . .
RUN /yinju/bin/pip install --no-cache-dir --no-deps --no-build-isolation . && /yinju/bin/pip check

# What runs writes to /data and /tmp alone; all else is root's, and may be mounted read-only.
FROM python:3.11-slim
RUN useradd --uid 10001 yinju && mkdir /data && chown 10001:10001 /data
COPY --from=build /yinju /yinju
ENV PATH=/yinju/bin:$PATH HF_HOME=/data/hub YINJU_DATA=/data YINJU_HOST=0.0.0.0 YINJU_PORT=8000
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=3)"]
CMD ["yinju", "serve"]
