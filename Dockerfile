FROM debian:bookworm-slim AS build
WORKDIR /terkait
COPY scripts/deps scripts/lib.sh scripts/versions scripts/
# cmocka is for the unit tests, but small.
RUN scripts/deps build && rm -rf /var/lib/apt/lists/*
COPY . .
RUN make -j2 && make install DESTDIR=/installed PREFIX=/usr

FROM debian:bookworm-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends \
        libconfuse2 libhiredis0.14 libjansson4 libmicrohttpd12 librdkafka1 && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --system --no-create-home --shell /usr/sbin/nologin terkait
COPY --from=build /installed/ /
COPY packaging/healthy /usr/local/bin/terkait-healthy
USER terkait
# The program is there and answers; whether it is ready, /readyz says.
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s \
    CMD ["terkait-healthy"]
ENTRYPOINT ["terkait"]
CMD ["run"]
