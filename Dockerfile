# The edge as an image: canaryd and canaryctl, run by a user of their own. `make image` makes what it begins with here,
# where no registry can be asked.
ARG RUST_IMAGE=rust:1.95-bookworm
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY config config
COPY proxy proxy
COPY controller controller
COPY benches benches
RUN cargo build --release --locked --package canary-controller

FROM ${DEBIAN_IMAGE}
# The numbers are fixed: docker-compose.yml names them, and a volume keeps them.
RUN groupadd --system --gid 999 canaryd \
    && useradd --system --uid 999 --gid canaryd --home-dir /var/lib/canaryd canaryd \
    && install --directory --owner canaryd --group canaryd --mode 0750 /run/canaryd /var/lib/canaryd
# Whom webhooks over https trust. Installing them here would need the network twice.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/target/release/canaryd /src/target/release/canaryctl /usr/local/bin/
USER canaryd
VOLUME /var/lib/canaryd
EXPOSE 8080 9901
# Whether canaryd decides, not whether backends are ready: to start it again would help them nothing.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["canaryctl", "status"]
# To be given longer than `proxy.drain_timeout`, so that requests in flight can end: `docker stop -t 40`.
STOPSIGNAL SIGTERM
ENTRYPOINT ["canaryd", "--config", "/etc/canaryd/canaryd.toml"]
