# Two stages: build, then only the binary, the libraries it loads, and the CA certificates. Runs as a
# user without rights and needs nothing writable but the state folder it is given.
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc g++ libc6-dev make pkg-config \
    libwebsockets-dev libev-dev libcurl4-openssl-dev libcjson-dev libyaml-dev libre2-dev libsqlite3-dev libssl-dev zlib1g-dev
WORKDIR /src
COPY Makefile ./
COPY server server
COPY tools tools
COPY prompts prompts
COPY tests/setup/assets.sh tests/setup/
RUN make -j2 build && strip build/gcc/higress-ops

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libwebsockets17 \
    libwebsockets-evlib-ev libev4 libcurl4 libcjson1 libyaml-0-2 libsqlite3-0 libssl3 libfido2-1 zlib1g libedit2 ca-certificates tzdata \
    && rm -rf /var/lib/apt/lists/* && useradd --system --uid 847 --no-create-home higress-ops \
    && install -d -o higress-ops /var/lib/higress-ops
COPY --from=build /src/build/gcc/higress-ops /usr/bin/higress-ops
USER higress-ops
VOLUME /var/lib/higress-ops
ENTRYPOINT ["/usr/bin/higress-ops"]
CMD ["stdio", "--state", "/var/lib/higress-ops"]
