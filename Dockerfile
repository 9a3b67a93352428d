FROM python:3.11-slim
ARG TORCH_INDEX=
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home yinju && mkdir /data && chown yinju /data
WORKDIR /home/yinju/app
RUN chown yinju .
USER yinju
COPY --chown=yinju . .
RUN make install EXTRAS=html,pdf,docx,mcp,milvus TORCH_INDEX="$TORCH_INDEX"
ENV YINJU_DATA=/data YINJU_HOST=0.0.0.0 YINJU_PORT=8000
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=3)"]
CMD [".venv/bin/yinju", "serve"]
