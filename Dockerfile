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
        librdkafka1 libhiredis0.14 libjansson4 libconfuse2 libxxhash0 && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --system --no-create-home --shell /usr/sbin/nologin terkait
COPY --from=build /installed/ /
USER terkait
ENTRYPOINT ["terkait"]
CMD ["run"]
